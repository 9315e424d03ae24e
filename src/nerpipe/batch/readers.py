"""Records to predict, as a stream: lines of text, whole files, JSON lines, CoNLL or Parquet."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from nerpipe.corpus.lines import DOCSTART
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from collections.abc import Iterable

STDIN = "-"
LONGEST = 1 << 24  # bytes of a record: 16 MiB
TEXT = "text"  # the field, or column, that holds the text


class Record(NamedTuple):
    """One record: a text, or words that are already found, with what the input says of it besides."""

    position: str  # FILE:LINE, FILE, or FILE:row N, as people count
    text: str  # of words: joined by spaces
    words: list[str] | None
    fields: dict[str, Any]  # of a JSON line, but for its text; of a whole file its name


class Rejected(NamedTuple):
    """A record that cannot be predicted, and why."""

    position: str
    problem: str
    raw: str  # the record as it stands there, bytes that are no UTF-8 written as \\xNN


Read = Callable[[int], object]  # is told how many bytes were read on


def input_files(inputs: Sequence[str], kind: str) -> list[str]:
    """List the files that are named, those of a folder in the order of their names.

    Raises:
        NerpipeError: if one is missing, a folder is empty, or standard input cannot be of this kind.
    """
    files: list[str] = []
    for name in inputs:
        path = Path(name)
        if name == STDIN:
            if kind in ("files", "parquet"):
                raise NerpipeError(f"--from {kind} needs --input: standard input is no file")
            files.append(name)
        elif path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
            if not inside:
                raise NerpipeError(f"{name}: an empty folder; expected files to predict")
            files += map(str, inside)
        elif path.exists():
            files.append(name)
        else:
            raise NerpipeError(f"{name}: not there; expected a file or folder to predict, or - for standard input")
    return files


def read_records(files: "Iterable[str]", kind: str, stdin: BinaryIO, read: Read) -> Iterator[Record | Rejected]:
    """Read files, one after the other.

    Args:
        files: from `input_files`.
        kind: one of READERS.
        stdin: what the name `-` stands for.
        read: is told of every byte, for a progress bar.

    Raises:
        NerpipeError: if a file cannot be read at all.
    """
    for name in files:
        try:
            if name == STDIN:
                yield from READERS[kind](stdin, "standard input", read)
            else:
                with Path(name).open("rb") as file:
                    yield from READERS[kind](file, name, read)
        except OSError as error:
            raise NerpipeError(f"{name}: cannot be read ({error.strerror or error})") from None


def _lines(file: BinaryIO, read: Read) -> Iterator[tuple[int, bytes, bool]]:
    """Yield number, content without its end (LF or CRLF), and whether it is longer than allowed (and cut)."""
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
        return Rejected(position, f"over {LONGEST:,} bytes in one record", raw[:1000])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        return Rejected(position, f"byte {error.start + 1} of the record is no UTF-8", raw)


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
        return Rejected(position, f"no valid JSON: {error}", line)
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
        return Rejected(position, "half of a surrogate pair, which is no character", raw)
    except ValueError:
        return Rejected(position, "NaN or an infinity, which JSON does not have", raw)
    return Record(position, text, None, fields)


def _conll(file: BinaryIO, name: str, read: Read) -> Iterator[Record | Rejected]:
    sentence: list[tuple[int, bytes, bool]] = []
    for line in _lines(file, read):
        if line[1].strip():
            sentence.append(line)
        elif sentence:
            yield from _conll_sentence(name, sentence)
            sentence = []
    if sentence:
        yield from _conll_sentence(name, sentence)


def _conll_sentence(name: str, lines: list[tuple[int, bytes, bool]]) -> Iterator[Record | Rejected]:
    first = f"{name}:{lines[0][0]}"
    words = []
    for number, content, too_long in lines:
        line = _decoded(f"{name}:{number}", content, too_long=too_long)
        if isinstance(line, Rejected):
            raw = b"\n".join(content for _, content, _ in lines).decode("utf-8", errors="backslashreplace")
            yield line._replace(raw=raw)
            return
        word = line.split("\t")[0] if "\t" in line else line.split()[0]
        if not word.strip():
            raw = "\n".join(content.decode("utf-8", errors="backslashreplace") for _, content, _ in lines)
            yield Rejected(f"{name}:{number}", "no word before the tab", raw)
            return
        words.append(word)
    if words[0] != DOCSTART:
        yield Record(first, " ".join(words), words, {})


def _parquet(file: BinaryIO, name: str, read: Read) -> Iterator[Record | Rejected]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise NerpipeError("--from parquet needs the package pyarrow: pip install pyarrow") from None

    try:
        table = pq.ParquetFile(file)
    except pa.ArrowException as error:
        raise NerpipeError(f"{name}: no readable Parquet ({error})") from None
    if TEXT not in table.schema_arrow.names:
        raise NerpipeError(f'{name}: no column "{TEXT}"; there are: {", ".join(table.schema_arrow.names)}')
    size, rows = os.fstat(file.fileno()).st_size, table.metadata.num_rows
    number = 0
    for batch in table.iter_batches(batch_size=1024):
        for fields in batch.to_pylist():
            number += 1
            position = f"{name}:row {number}"
            try:
                yield _checked(position, fields, repr(fields))
            except TypeError as error:  # a date, say
                yield Rejected(position, f"a column that JSON cannot hold: {error}", repr(fields))
        read(size * batch.num_rows // rows)


READERS: dict[str, Callable[[BinaryIO, str, Read], Iterator[Record | Rejected]]] = {
    "lines": _text_lines,
    "files": _whole_file,
    "jsonl": _json_lines,
    "conll": _conll,
    "parquet": _parquet,
}
