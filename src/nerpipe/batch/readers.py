"""Readers that give the records to predict as a stream, from lines, whole files, JSON lines, CoNLL or Parquet."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from nerpipe.corpus.lines import show_line
from nerpipe.corpus.reading import LONGEST_SENTENCE
from nerpipe.corpus.rows import PROBLEMS, TAG_PROBLEMS, Word
from nerpipe.corpus.single_file import read_words
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from collections.abc import Iterable

STDIN = "-"
LONGEST = 1 << 24  # Largest number of bytes in a record: 16 MiB.
SHOWN_WORDS = 20  # Number of words of a sentence that is too long that the rejects file shows.
TEXT = "text"  # Name of the field or column that holds the text.


class Record(NamedTuple):
    """One record: a text, or words that are already known, with the other fields of the input."""

    position: str  # FILE:LINE, FILE or FILE:row N. Numbers begin at 1.
    # If the input gives words, this is the words joined by blanks. Prediction joins them as the model says.
    text: str
    words: list[str] | None  # None if the input gives no words.
    fields: dict[str, Any]  # Other fields of a JSON line, other columns of a Parquet row, or the name of a whole file.


class Rejected(NamedTuple):
    """A record that cannot be predicted, and the reason."""

    position: str
    problem: str
    raw: str  # The record as the input holds it. Bytes that are not UTF-8 are written as \xNN.


Read = Callable[[int], object]  # Function that receives the number of bytes of each read.


def input_files(inputs: Sequence[str], kind: str) -> list[str]:
    """List the files that are named. The files of a folder are in the order of their names.

    Raises:
        NerpipeError: If one is missing, a folder is empty, or standard input cannot have this format.
    """
    files: list[str] = []
    for name in inputs:
        path = Path(name)
        if name == STDIN:
            if kind in ("files", "parquet"):
                raise NerpipeError(f"--from {kind} needs --input, because standard input is not a file")
            files.append(name)
        elif path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
            if not inside:
                raise NerpipeError(f"{name}: the folder is empty; give a folder with files to predict")
            files += map(str, inside)
        elif path.exists():
            files.append(name)
        else:
            raise NerpipeError(
                f"{name}: no such file or folder; give a file or folder to predict, or - for standard input"
            )
    return files


def read_records(files: "Iterable[str]", kind: str, stdin: BinaryIO, read: Read) -> Iterator[Record | Rejected]:
    """Read the files one after the other.

    Args:
        files: Names that `input_files` returns.
        kind: One of READERS.
        stdin: Stream that the name `-` stands for.
        read: Function that receives the number of bytes of each read, for a progress bar.

    Raises:
        NerpipeError: If a file cannot be read at all.
    """
    for name in files:
        try:
            if name == STDIN:
                yield from READERS[kind](stdin, "standard input", read)
            else:
                with Path(name).open("rb") as file:
                    yield from READERS[kind](file, name, read)
        except OSError as error:
            raise NerpipeError(f"{name}: the file cannot be read ({error.strerror or error})") from None


def _lines(file: BinaryIO, read: Read) -> Iterator[tuple[int, bytes, bool]]:
    """Yield for each line its number, its content without LF or CRLF, and whether it was too long and is cut."""
    number = 0
    while line := file.readline(LONGEST + 2):
        number += 1
        read(len(line))
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        too_long = not line.endswith(b"\n") and len(line) > LONGEST
        while too_long and (rest := file.readline(LONGEST)):
            read(len(rest))
            if rest.endswith(b"\n"):
                break
        yield number, line.removesuffix(b"\n").removesuffix(b"\r"), too_long


def _decoded(position: str, content: bytes, *, too_long: bool) -> str | Rejected:
    raw = content.decode("utf-8", errors="backslashreplace")
    if too_long:
        return Rejected(position, f"the record is longer than {LONGEST:,} bytes", raw[:1000])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        return Rejected(position, f"byte {error.start + 1} of the record is not UTF-8", raw)


def _text_lines(file: BinaryIO, name: str, read: Read) -> Iterator[Record | Rejected]:
    for number, content, too_long in _lines(file, read):
        position = f"{name}:{number}"
        text = _decoded(position, content, too_long=too_long)
        yield Record(position, text, None, {}) if isinstance(text, str) else text


def _whole_file(file: BinaryIO, name: str, read: Read) -> Iterator[Record | Rejected]:
    content = file.read(LONGEST + 1)
    read(len(content))
    text = _decoded(name, content.removeprefix(b"\xef\xbb\xbf"), too_long=len(content) > LONGEST)
    yield Record(name, text, None, {"file": name}) if isinstance(text, str) else text


def _json_lines(file: BinaryIO, name: str, read: Read) -> Iterator[Record | Rejected]:
    for number, content, too_long in _lines(file, read):
        position = f"{name}:{number}"
        line = _decoded(position, content, too_long=too_long)
        if isinstance(line, Rejected):
            yield line
        elif line.strip():
            yield _json_record(position, line)


def _json_record(position: str, line: str) -> Record | Rejected:
    try:
        fields = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        return Rejected(position, f"the line is not valid JSON: {error}", line)
    if not isinstance(fields, dict) or TEXT not in fields:
        return Rejected(position, f'an object with the field "{TEXT}" was expected', line)
    return _checked(position, fields, line)


def _checked(position: str, fields: dict[str, Any], raw: str) -> Record | Rejected:
    text = fields.pop(TEXT)
    if not isinstance(text, str):
        return Rejected(position, f'"{TEXT}" is {type(text).__name__}, not text', raw)
    try:
        json.dumps([text, fields], ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError:
        return Rejected(position, "the record holds half of a surrogate pair, which is not a character", raw)
    except ValueError:
        return Rejected(position, "the record holds NaN or an infinity, which JSON does not have", raw)
    return Record(position, text, None, fields)


class _Told:
    """Takes the bytes of a stream, and says how many they are."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def update(self, data: bytes, /) -> None:
        self._read(len(data))


def _conll(file: BinaryIO, name: str, read: Read) -> Iterator[Record | Rejected]:
    folder = Path(name).parent if Path(name).is_file() else None
    for sentence in read_words(file, name, _Told(read), folder=folder):
        numbers = sentence.line_numbers()
        position = f"{name}:{numbers[0]}"
        bad = [word.problem not in ("", *TAG_PROBLEMS) for word in sentence.words]
        if sentence.cut or len(bad) > LONGEST_SENTENCE:
            problem = f"a sentence of over {LONGEST_SENTENCE:,} words begins here; put a blank line after each sentence"
            yield Rejected(position, problem, _shown(sentence.words[:SHOWN_WORDS]))
        elif any(bad):
            first = bad.index(True)
            problem = PROBLEMS[sentence.words[first].problem]
            yield Rejected(f"{name}:{numbers[first]}", problem, _shown(sentence.words))
        else:
            words = [word.token for word in sentence.words]
            yield Record(position, " ".join(words), words, {})


def _shown(words: list[Word]) -> str:
    return "\n".join(show_line(word.line)[0] for word in words)


def _parquet(file: BinaryIO, name: str, read: Read) -> Iterator[Record | Rejected]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise NerpipeError("--from parquet needs the package pyarrow; run `pip install pyarrow`") from None

    try:
        table = pq.ParquetFile(file)
    except pa.ArrowException as error:
        raise NerpipeError(f"{name}: the file is not readable Parquet ({error})") from None
    if TEXT not in table.schema_arrow.names:
        raise NerpipeError(
            f'{name}: there is no column "{TEXT}"; the columns are {", ".join(table.schema_arrow.names)}'
        )
    size, rows = os.fstat(file.fileno()).st_size, table.metadata.num_rows
    number = 0
    for batch in table.iter_batches(batch_size=1024):
        for fields in batch.to_pylist():
            number += 1
            position = f"{name}:row {number}"
            try:
                yield _checked(position, fields, repr(fields))
            except TypeError as error:  # For example, a date.
                yield Rejected(position, f"a column holds a value that JSON cannot hold: {error}", repr(fields))
        read(size * batch.num_rows // rows)


READERS: dict[str, Callable[[BinaryIO, str, Read], Iterator[Record | Rejected]]] = {
    "lines": _text_lines,
    "files": _whole_file,
    "jsonl": _json_lines,
    "conll": _conll,
    "parquet": _parquet,
}
