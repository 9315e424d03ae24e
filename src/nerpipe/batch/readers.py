"""Readers that give the records to predict as a stream, from lines, whole files, JSON lines, CoNLL or Parquet."""

import os
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from nerpipe.batch.input_files import STDIN, kind_of
from nerpipe.batch.parquet_records import read_parquet
from nerpipe.batch.records import LONGEST, TEXT, Record, Rejected, Told, decoded, json_record
from nerpipe.batch.short_lines import LONGEST_LINE, ShortLines
from nerpipe.corpus.lines import NoDigest, show_line
from nerpipe.corpus.reading import LONGEST_SENTENCE
from nerpipe.corpus.rows import PROBLEMS, TAG_PROBLEMS, Word
from nerpipe.corpus.single_file import read_words
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from collections.abc import Iterable

Reader = Callable[[BinaryIO, str, Told], Iterator[Record | Rejected]]
SHOWN_WORDS = 20  # Number of words of a sentence that is too long that the rejects file shows.


def read_records(
    files: "Iterable[str]", kind: str | None, stdin: BinaryIO, read: Told, *, text_field: str = TEXT
) -> Iterator[Record | Rejected]:
    """Read the files one after the other.

    Args:
        files: Names that `input_files` returns.
        kind: Format of all files, one of KINDS. None: the suffix of each file says its format.
        stdin: Stream that the name `-` stands for.
        read: Function that receives the number of bytes of each read, for a progress bar.
        text_field: Name of the field or column that holds the text, in formats that have fields.

    Raises:
        NerpipeError: If a file cannot be read at all.
    """
    for name in files:
        yield from read_input(name, kind, read, text_field=text_field, stdin=stdin)


def read_input(
    name: str,
    kind: str | None,
    read: Told,
    *,
    text_field: str = TEXT,
    stdin: BinaryIO | None = None,
    folder: Path | None = None,
) -> Iterator[Record | Rejected]:
    """Read one file.

    Args:
        name: Name as the user gave it.
        kind: Format of the file, one of KINDS. None: the suffix says it.
        read: Function that receives the number of bytes of each read.
        text_field: Name of the field or column that holds the text.
        stdin: Stream that the name `-` stands for.
        folder: Folder in which the name holds, if it is not the working directory.

    Raises:
        NerpipeError: If the file cannot be read at all.
    """
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")  # A name need not be UTF-8.
    reader = _reader(kind_of(name, kind, folder), text_field)
    try:
        if name == STDIN and stdin is not None:
            yield from reader(stdin, "standard input", read)
        else:
            with (folder or Path()).joinpath(name).open("rb") as file:
                yield from reader(file, shown, read)
    except OSError as error:
        raise NerpipeError(f"{shown}: the file cannot be read ({error.strerror or error})") from None


def _reader(kind: str, text_field: str) -> Reader:
    """Return the function that reads a file of this format."""
    if kind == "jsonl":
        return partial(_json_lines, text_field=text_field)
    if kind == "parquet":
        return partial(read_parquet, text_field=text_field)
    return {"lines": _text_lines, "files": _whole_file, "conll": _conll}[kind]


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


def _json_lines(file: BinaryIO, name: str, read: Told, *, text_field: str) -> Iterator[Record | Rejected]:
    for number, content, too_long in _lines(file, read):
        position = f"{name}:{number}"
        line = decoded(position, content, too_long=too_long)
        if isinstance(line, Rejected):
            yield line
        elif line.strip(" \t\r\n"):  # What JSON takes for white space. A line of U+00A0 is not empty.
            yield json_record(position, line, text_field)


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
