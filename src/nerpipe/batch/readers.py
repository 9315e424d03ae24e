"""Readers that give the records to predict as a stream, from lines, whole files, JSON lines, CoNLL or Parquet."""

import os
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from nerpipe.batch.parquet_records import read_parquet
from nerpipe.batch.records import LONGEST, Record, Rejected, Told, decoded, json_record
from nerpipe.batch.short_lines import LONGEST_LINE, ShortLines
from nerpipe.corpus.lines import NoDigest, show_line
from nerpipe.corpus.reading import LONGEST_SENTENCE
from nerpipe.corpus.rows import PROBLEMS, TAG_PROBLEMS, Word
from nerpipe.corpus.single_file import read_words
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from collections.abc import Iterable

STDIN = "-"
SHOWN_WORDS = 20  # Number of words of a sentence that is too long that the rejects file shows.


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


def read_records(files: "Iterable[str]", kind: str, stdin: BinaryIO, read: Told) -> Iterator[Record | Rejected]:
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
        yield from read_input(name, kind, read, stdin=stdin)


def read_input(
    name: str, kind: str, read: Told, *, stdin: BinaryIO | None = None, folder: Path | None = None
) -> Iterator[Record | Rejected]:
    """Read one file.

    Args:
        name: Name as the user gave it.
        kind: One of READERS.
        read: Function that receives the number of bytes of each read.
        stdin: Stream that the name `-` stands for.
        folder: Folder in which the name holds, if it is not the working directory.

    Raises:
        NerpipeError: If the file cannot be read at all.
    """
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")  # A name need not be UTF-8.
    try:
        if name == STDIN and stdin is not None:
            yield from READERS[kind](stdin, "standard input", read)
        else:
            with (folder or Path()).joinpath(name).open("rb") as file:
                yield from READERS[kind](file, shown, read)
    except OSError as error:
        raise NerpipeError(f"{shown}: the file cannot be read ({error.strerror or error})") from None


def _lines(file: BinaryIO, read: Told) -> Iterator[tuple[int, bytes, bool]]:
    """Yield for each line its number, its content without LF or CRLF, and whether it was too long and is cut."""
    number = 0
    most = LONGEST + len(BOM_UTF8 + b"\r\n")
    while line := file.readline(most):
        number += 1
        read(len(line))
        whole = line.endswith(b"\n") or len(line) < most
        if number == 1:
            line = line.removeprefix(BOM_UTF8)
        content = line.removesuffix(b"\n").removesuffix(b"\r")
        while not whole and (rest := file.readline(most)):
            read(len(rest))
            whole = rest.endswith(b"\n")
        yield number, content, len(content) > LONGEST


def _text_lines(file: BinaryIO, name: str, read: Told) -> Iterator[Record | Rejected]:
    for number, content, too_long in _lines(file, read):
        position = f"{name}:{number}"
        text = decoded(position, content, too_long=too_long)
        yield Record(position, text, None, {}) if isinstance(text, str) else text


def _whole_file(file: BinaryIO, name: str, read: Told) -> Iterator[Record | Rejected]:
    content = file.read(LONGEST + len(BOM_UTF8) + 1)
    read(len(content))
    content = content.removeprefix(BOM_UTF8)
    text = decoded(name, content, too_long=len(content) > LONGEST)
    yield Record(name, text, None, {"file": name}) if isinstance(text, str) else text


def _json_lines(file: BinaryIO, name: str, read: Told) -> Iterator[Record | Rejected]:
    for number, content, too_long in _lines(file, read):
        position = f"{name}:{number}"
        line = decoded(position, content, too_long=too_long)
        if isinstance(line, Rejected):
            yield line
        elif line.strip(" \t\r\n"):  # What JSON takes for white space. A line of U+00A0 is not empty.
            yield json_record(position, line)


def _conll(file: BinaryIO, name: str, read: Told) -> Iterator[Record | Rejected]:
    opened = getattr(file, "name", None)  # Standard input has a number.
    folder = Path(opened).parent if isinstance(opened, str) and Path(opened).is_file() else None
    lines = ShortLines(file, read)
    for sentence in read_words(cast("BinaryIO", lines), name, NoDigest(), folder=folder):
        numbers = sentence.line_numbers()
        position = f"{name}:{numbers[0]}"
        long = next((number for number in numbers if number in lines.cut), None) if lines.cut else None
        lines.cut = {number for number in lines.cut if number > numbers[-1]}
        bad = [word.problem not in ("", *TAG_PROBLEMS) for word in sentence.words]
        text = " ".join(word.token for word in sentence.words)
        if sentence.cut or len(bad) > LONGEST_SENTENCE or len(text) > LONGEST:
            most = f"{LONGEST:,} characters" if len(text) > LONGEST else f"{LONGEST_SENTENCE:,} words"
            problem = f"a sentence of over {most} begins here; put a blank line after each sentence"
            yield Rejected(position, problem, _shown(sentence.words[:SHOWN_WORDS]))
        elif long is not None:
            problem = f"the line is longer than {LONGEST_LINE:,} bytes"
            yield Rejected(f"{name}:{long}", problem, _shown(sentence.words[:SHOWN_WORDS]))
        elif any(bad):
            first = bad.index(True)
            problem = PROBLEMS[sentence.words[first].problem]
            yield Rejected(f"{name}:{numbers[first]}", problem, _shown(sentence.words))
        else:
            yield Record(position, text, [word.token for word in sentence.words], {})


def _shown(words: list[Word]) -> str:
    return "\n".join(show_line(word.line)[0] for word in words)


READERS: dict[str, Callable[[BinaryIO, str, Told], Iterator[Record | Rejected]]] = {
    "lines": _text_lines,
    "files": _whole_file,
    "jsonl": _json_lines,
    "conll": _conll,
    "parquet": read_parquet,
}
