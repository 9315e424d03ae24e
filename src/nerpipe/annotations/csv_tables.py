"""CSV of three layouts: a word a row, an annotation a row, or a text with a list of annotations in a cell."""

import csv
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from nerpipe.annotations.documents import Annotation, Broken, Document, TaggedSentence, shown
from nerpipe.annotations.json_records import JsonRecord, parse_record, text_of, without_surrogates
from nerpipe.annotations.tool_records import DOCCANO, read_tool_record, tool_of
from nerpipe.errors import NerpipeError

_SEPARATORS = ",;\t"
_WORDS, _TAGS = ("word", "token"), ("tag", "ner_tag", "ner_tags", "label", "entity")
_SENTENCES = ("sentence #", "sentence", "sentence_id", "sent_id")
_TYPES = ("label", "type", "tag", "entity")
_LISTS = ("label", "labels", "entities", "spans", "annotations")
_DOCUMENTS = ("document_id", "doc_id", "document", "id")
_LONGEST_FIELD = 1 << 30
_WHOLE_NUMBER = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?\d{1,18}\.\d{1,18}", re.ASCII)


class TableRow(NamedTuple):
    """One row of a CSV file: its cells by the name of their column, in lower case."""

    place: str
    cells: dict[str, str]
    raw: str


def csv_layout(path: Path) -> str:
    """Name the layout of a CSV file by its header: words, annotations, lists, or the empty string if it is none.

    Raises:
        NerpipeError: If the header cannot be read.
    """
    names = set(_header(path, csv.reader([_first_line(path)], delimiter=_separator(path))))
    if names & set(_WORDS) and names & set(_TAGS) and names & set(_SENTENCES):
        return "words"
    if {"text", "start", "end"} <= names and names & set(_TYPES):
        return "annotations"
    return "lists" if "text" in names and names & set(_LISTS) else ""


def csv_documents(path: Path) -> Iterator[Document | Broken | TaggedSentence]:
    """Read a CSV file of any of the three layouts.

    Raises:
        NerpipeError: If the file cannot be read.
    """
    layout = csv_layout(path)
    rows = _rows(path)
    if layout == "words":
        yield from _word_rows(rows)
    elif layout == "annotations":
        yield from _annotation_rows(rows)
    else:
        for row in rows:
            yield row if isinstance(row, Broken) else _list_row(row)


def _first_line(path: Path) -> str:
    with path.open("rb") as file:
        return file.readline(1 << 16).removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def _separator(path: Path) -> str:
    return max(_SEPARATORS, key=_first_line(path).count)


def _rows(path: Path) -> Iterator[TableRow | Broken]:
    """Read the rows behind the header. White space and line breaks inside quotes stay as they are."""
    csv.field_size_limit(_LONGEST_FIELD)
    taken: list[str] = []  # The lines of the current row.
    reader = csv.reader(_remembered(text_of(path), taken), delimiter=_separator(path), strict=True)
    header = _header(path, reader)
    while True:
        line = reader.line_num + 1
        taken.clear()
        try:
            cells = next(reader, None)
        except csv.Error:
            yield Broken(f"{path}:{line}", "bad_row", without_surrogates("".join(taken)))
            continue
        if cells is None:
            return
        raw = shown(cells)
        if any("\ud800" <= character <= "\udfff" for character in raw):
            yield Broken(f"{path}:{line}", "invalid_utf8", without_surrogates(raw))
        elif len(cells) != len(header):
            if cells:
                yield Broken(f"{path}:{line}", "bad_row", raw)
        else:
            yield TableRow(f"{path}:{line}", dict(zip(header, cells, strict=True)), raw)


def _header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    """Read the names of the columns, in lower case."""
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


def _cell(row: TableRow, names: Sequence[str]) -> str:
    return next((row.cells[name] for name in names if name in row.cells), "")


def _word_rows(rows: Iterator[TableRow | Broken]) -> Iterator[TaggedSentence | Broken]:
    """Read a word a row. A sentence goes on while its cell is the same or empty."""
    sentence: list[TableRow] = []
    current = ""
    for row in rows:
        if isinstance(row, Broken):
            yield row
            continue
        name = _cell(row, _SENTENCES).strip()
        if sentence and name and name != current:
            yield _word_sentence(sentence)
            sentence = []
        current = name or current
        sentence.append(row)
    if sentence:
        yield _word_sentence(sentence)


def _word_sentence(rows: Sequence[TableRow]) -> TaggedSentence:
    tokens, tags = ([_cell(row, names) for row in rows] for names in (_WORDS, _TAGS))
    document = _cell(rows[0], _DOCUMENTS[:-1])
    return TaggedSentence(
        rows[0].place, document, tokens, [tag.strip() for tag in tags], shown([row.raw for row in rows])
    )


def _annotation_rows(rows: Iterator[TableRow | Broken]) -> Iterator[Document | Broken]:
    """Read an annotation a row. Rows one after the other with the same id and text are one document."""
    for _, group in groupby(
        rows, key=lambda row: row if isinstance(row, Broken) else (_cell(row, _DOCUMENTS), row.cells["text"])
    ):
        rows_of_document = list(group)
        first = rows_of_document[0]
        if isinstance(first, Broken):
            yield from (row for row in rows_of_document if isinstance(row, Broken))
            continue
        annotations = [
            _row_annotation(row) for row in rows_of_document if isinstance(row, TableRow) and _is_annotation(row)
        ]
        yield Document(first.place, _cell(first, _DOCUMENTS).strip(), first.cells["text"], annotations, first.raw)


def _is_annotation(row: TableRow) -> bool:
    """Return whether a row holds an annotation. A text without any has a row with empty cells."""
    return any(cell.strip() for cell in (row.cells["start"], row.cells["end"], _cell(row, _TYPES)))


def _row_annotation(row: TableRow) -> Annotation:
    offsets = (_number(row.cells["start"]), _number(row.cells["end"]))
    return Annotation(row.cells, _cell(row, _TYPES), (offsets,))


def _number(cell: str) -> object:
    cell = cell.strip()
    if _WHOLE_NUMBER.fullmatch(cell):
        return int(cell)
    return float(cell) if _FLOAT.fullmatch(cell) else cell


def _list_row(row: TableRow) -> Document | Broken:
    """Read a text whose annotations are JSON in a cell, as Label Studio's CSV has them, or doccano's triples."""
    name = next(name for name in _LISTS if name in row.cells)
    cell = row.cells[name].strip()
    parsed = parse_record(row.place, cell or "[]")
    if isinstance(parsed, Broken):
        return parsed._replace(raw=row.raw)
    keyed = isinstance(parsed.value, list) and any(isinstance(item, dict) and "label" in item for item in parsed.value)
    value = {"text": row.cells["text"], "id": _cell(row, _DOCUMENTS), "spans" if keyed else "label": parsed.value}
    return read_tool_record(JsonRecord(row.place, value, row.raw), tool_of(value) or DOCCANO)


def check_csv(path: Path) -> None:
    """Check that the header of a CSV file is known.

    Raises:
        NerpipeError: If it is not.
    """
    if not csv_layout(path):
        raise NerpipeError(
            f"{path}: the header is {_first_line(path).strip()!r}. A CSV file needs the columns text, start, end and "
            "label (one annotation a row), or text and label (a JSON list in the cell), or sentence, word and tag (one "
            "word a row)"
        )
