"""The rows of a CSV file, whatever its separator. A broken row does not end the reading."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from nerpipe.annotations.documents import shown
from nerpipe.annotations.json_records import text_of, without_surrogates
from nerpipe.errors import NerpipeError

_SEPARATORS = ",;\t"
_LONGEST_FIELD = 1 << 30


class TableRow(NamedTuple):
    """One row of a CSV file."""

    place: str
    cells: dict[str, str]  # By the name of their column, in lower case. It is empty if the row does not fit the header.
    raw: str
    problem: str = ""  # A key of RECORD_PROBLEMS, if the row is broken.


def first_line(path: Path) -> str:
    """Read the line of the header."""
    with path.open("rb") as file:
        return file.readline(1 << 16).removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def separator_of(path: Path) -> str:
    """Give the separator, which is the most frequent one of the header."""
    return max(_SEPARATORS, key=first_line(path).count)


def table_rows(path: Path) -> Iterator[TableRow]:
    """Read the rows behind the header. White space and line breaks inside quotes stay as they are.

    Raises:
        NerpipeError: If the file or its header cannot be read.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    taken: list[str] = []  # The lines of the current row.
    reader = csv.reader(_remembered(text_of(path), taken), delimiter=separator_of(path), strict=True)
    header = header_of(path, reader)
    while True:
        line = reader.line_num + 1
        taken.clear()
        try:
            cells = next(reader, None)
        except csv.Error:
            yield TableRow(f"{path}:{line}", {}, without_surrogates("".join(taken)), "bad_row")
            continue
        if cells is None:
            return
        if cells:
            yield _row(f"{path}:{line}", header, cells)


def _row(place: str, header: Sequence[str], cells: Sequence[str]) -> TableRow:
    raw = shown(cells)
    fits = len(cells) == len(header)
    problem = "" if fits else "bad_row"
    if any("\ud800" <= character <= "\udfff" for character in raw):
        problem = "invalid_utf8"
    named = dict(zip(header, cells, strict=True)) if fits else {}
    return TableRow(place, named, without_surrogates(raw) if problem == "invalid_utf8" else raw, problem)


def header_of(path: Path, reader: Iterator[list[str]]) -> list[str]:
    """Read the names of the columns, in lower case.

    Raises:
        NerpipeError: If the header cannot be read.
    """
    try:
        return [name.strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        raise NerpipeError(
            f"{path}:1: the header of this CSV file cannot be read ({error}); save it again as CSV with one line for "
            "the header"
        ) from None


def _remembered(text: str, taken: list[str]) -> Iterator[str]:
    """Yield the lines of a text, and append each to a list."""
    for line in StringIO(text, newline=""):
        taken.append(line)
        yield line


def cell_of(row: TableRow, names: Sequence[str]) -> str:
    """Give the cell of the first of these columns that the row has, or the empty string."""
    return next((row.cells[name] for name in names if name in row.cells), "")
