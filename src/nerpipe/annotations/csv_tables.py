"""CSV of three layouts: a word a row, an annotation a row, or a text with a list of annotations in a cell."""

import csv
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from nerpipe.annotations.csv_rows import TableRow, cell_of, first_line, header_of, separator_of, table_rows
from nerpipe.annotations.csv_words import SENTENCE_NAMES, TAG_NAMES, WORD_NAMES, word_sentences
from nerpipe.annotations.documents import Annotation, Broken, Document, TaggedSentence
from nerpipe.annotations.json_records import JsonRecord, parse_record
from nerpipe.annotations.tagged_rows import DOCUMENT_COLUMNS
from nerpipe.annotations.tool_records import DOCCANO, read_tool_record, tool_of

_TYPES = ("label", "type", "tag", "entity")
_LISTS = ("label", "labels", "entities", "spans", "annotations")
_DOCUMENTS = (*DOCUMENT_COLUMNS, "id")
_WHOLE_NUMBER = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?\d{1,18}\.\d{1,18}", re.ASCII)


def csv_layout(path: Path) -> str:
    """Name the layout of a CSV file by its header: words, annotations, lists, or the empty string if it is none.

    Raises:
        NerpipeError: If the header cannot be read.
    """
    names = set(header_of(path, csv.reader([first_line(path)], delimiter=separator_of(path))))
    if names & set(WORD_NAMES) and names & set(TAG_NAMES) and names & set(SENTENCE_NAMES):
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
    if layout == "words":
        yield from word_sentences(table_rows(path))
        return
    rows = (Broken(row.place, row.problem, row.raw) if row.problem else row for row in table_rows(path))
    if layout == "annotations":
        yield from _annotation_rows(rows)
    else:
        for row in rows:
            yield row if isinstance(row, Broken) else _list_row(row)


def _annotation_rows(rows: Iterator[TableRow | Broken]) -> Iterator[Document | Broken]:
    """Read an annotation a row. Rows one after the other with the same id and text are one document."""
    for _, group in groupby(
        rows, key=lambda row: row if isinstance(row, Broken) else (cell_of(row, _DOCUMENTS), row.cells["text"])
    ):
        rows_of_document = list(group)
        first = rows_of_document[0]
        if isinstance(first, Broken):
            yield from (row for row in rows_of_document if isinstance(row, Broken))
            continue
        annotations = [
            _row_annotation(row) for row in rows_of_document if isinstance(row, TableRow) and _is_annotation(row)
        ]
        yield Document(first.place, cell_of(first, _DOCUMENTS).strip(), first.cells["text"], annotations, first.raw)


def _is_annotation(row: TableRow) -> bool:
    """Return whether a row holds an annotation. A text without any has a row with empty cells."""
    return any(cell.strip() for cell in (row.cells["start"], row.cells["end"], cell_of(row, _TYPES)))


def _row_annotation(row: TableRow) -> Annotation:
    offsets = (_number(row.cells["start"]), _number(row.cells["end"]))
    return Annotation(row.cells, cell_of(row, _TYPES), (offsets,))


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
    value = {"text": row.cells["text"], "id": cell_of(row, _DOCUMENTS), "spans" if keyed else "label": parsed.value}
    return read_tool_record(JsonRecord(row.place, value, row.raw), tool_of(value) or DOCCANO)


def csv_header_message(path: Path) -> str:
    """Say which columns a CSV file has, and which ones it may have."""
    words, tags, sentences, types, lists = (
        " or ".join(names) for names in (WORD_NAMES, TAG_NAMES, SENTENCE_NAMES, _TYPES, _LISTS)
    )
    return (
        f"the header is {first_line(path).strip()!r}. A CSV file needs the columns text, start, end and a type "
        f"({types}), with one annotation a row; or text and a JSON list in a cell ({lists}); or a sentence "
        f"({sentences}), a word ({words}) and a tag ({tags}), with one word a row. Rename the columns, or add the one "
        "that is missing"
    )
