"""Parts that the records of several annotation tools share: lists, objects with offsets, and the document itself."""

from collections.abc import Iterable
from typing import Any

from nerpipe.annotations.documents import Annotation, Broken, Document, id_of
from nerpipe.annotations.json_records import JsonRecord


def items_of(value: object) -> list[Any]:
    """Give a value that is a list, or an empty list for any other value."""
    return value if isinstance(value, list) else []


def document_of(
    record: JsonRecord,
    text: object,
    annotations: list[Annotation] | None,
    ids: Iterable[object],
    *,
    problem: str = "",
    left_out: int = 0,
) -> Document | Broken:
    """Make a document. `annotations` is None if the record has no field for them."""
    if not isinstance(text, str):
        return Broken(record.place, "no_text", record.raw)
    problem = problem or ("not_annotated" if annotations is None else "")
    return Document(record.place, id_of(*ids), text, annotations or [], record.raw, problem, left_out)


def keyed_annotation(item: object, start: str, end: str, label: str) -> Annotation:
    """Read an object with a start, an end and a type."""
    if isinstance(item, dict) and start in item and end in item:
        text = item.get("text")
        return Annotation(item, item.get(label), ((item[start], item[end]),), text if isinstance(text, str) else "")
    return Annotation(item)
