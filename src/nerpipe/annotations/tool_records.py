"""The JSON layouts of annotation tools: which tool wrote a record, and the record as a document."""

from collections.abc import Callable
from typing import Any

from nerpipe.annotations.documents import Annotation, Broken, Document
from nerpipe.annotations.json_records import JsonRecord
from nerpipe.annotations.label_studio import is_region, label_studio_document, minimal_document
from nerpipe.annotations.record_parts import document_of, items_of, keyed_annotation

DOCCANO, LABEL_STUDIO, MINIMAL = "doccano", "Label Studio JSON", "Label Studio JSON-MIN"
PRODIGY, SPACY, HUGGING_FACE = "Prodigy", "spaCy", "Hugging Face"
TOKEN_COLUMNS = ("tokens", "words")
TAG_COLUMNS = ("ner_tags", "ner", "labels", "tags")  # Where there are several, `tags` are of speech.


def tool_of(value: object) -> str:
    """Name the tool whose layout a JSON value has, or give the empty string if it fits none or several."""
    if isinstance(value, list):
        return SPACY if _is_pair(value) else ""
    if not isinstance(value, dict):
        return ""
    entities, keys = items_of(value.get("entities")), set(value)
    has_words = any(_strings(value.get(name)) for name in TOKEN_COLUMNS)
    shapes = {
        LABEL_STUDIO: isinstance(value.get("data"), dict),
        HUGGING_FACE: has_words and any(isinstance(value.get(name), list) for name in TAG_COLUMNS),
        MINIMAL: any(is_region(item) for items in value.values() for item in items_of(items)),
        PRODIGY: bool(keys & {"spans", "answer"}),
        SPACY: "ents" in keys or any(isinstance(item, list) for item in entities),
        DOCCANO: "relations" in keys
        or any(items_of(value.get(name)) for name in ("label", "labels"))
        or any(isinstance(item, dict) and "start_offset" in item for item in entities),
    }
    return next((tool for tool, fits in shapes.items() if fits), "")


def is_doccano_without_spans(value: object) -> bool:
    """Return whether a value may be a record of doccano to which nobody gave a span, if no other record says more."""
    return isinstance(value, dict) and any(value.get(name) == [] for name in ("label", "labels"))


def _is_pair(value: list[Any]) -> bool:
    """Return whether a list is a text with an object of annotations, as spaCy's training data are written."""
    return len(value) == len(("text", "annotations")) and isinstance(value[0], str) and isinstance(value[1], dict)


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _triple(item: object) -> Annotation:
    """Read [start, end, type]."""
    if isinstance(item, list) and len(item) >= 3:  # noqa: PLR2004 - start, end and type
        return Annotation(item, item[2], ((item[0], item[1]),))
    return Annotation(item)


def doccano_document(record: JsonRecord) -> Document | Broken:
    """Read a record of doccano: lists of [start, end, type], or objects with start_offset and end_offset."""
    value = record.value
    if not isinstance(value, dict):
        return Broken(record.place, "not_a_record", record.raw)
    found = [value[key] for key in ("label", "labels", "entities") if isinstance(value.get(key), list)]
    annotations = [
        keyed_annotation(item, "start_offset", "end_offset", "label") if isinstance(item, dict) else _triple(item)
        for items in found
        for item in items
    ]
    text = value["text"] if "text" in value else value.get("data")
    relations = len(items_of(value.get("relations")))
    return document_of(record, text, annotations if found else None, [value.get("id")], left_out=relations)


def span_document(record: JsonRecord) -> Document | Broken:
    """Read a record of Prodigy or spaCy: spans with start, end and label, or a text with a list of entities."""
    value = record.value
    if isinstance(value, list) and _is_pair(value):
        value = {**value[1], "text": value[0]}
    if not isinstance(value, dict):
        return Broken(record.place, "not_a_record", record.raw)
    found = [value[key] for key in ("spans", "ents", "entities") if isinstance(value.get(key), list)]
    annotations = [
        keyed_annotation(item, "start", "end", "label") if isinstance(item, dict) else _triple(item)
        for items in found
        for item in items
    ]
    meta = value.get("meta")
    ids = [value.get("id"), meta.get("id") if isinstance(meta, dict) else None]
    answer = value.get("answer", "accept")
    return document_of(
        record,
        value.get("text"),
        annotations if found or "answer" in value else None,
        ids,
        problem="" if answer == "accept" else "answer",
        left_out=len(items_of(value.get("relations"))),
    )


TOOL_READERS: dict[str, Callable[[JsonRecord], Document | Broken]] = {
    DOCCANO: doccano_document,
    PRODIGY: span_document,
    SPACY: span_document,
}
TASK_READERS = {LABEL_STUDIO: label_studio_document, MINIMAL: minimal_document}


def read_tool_record(record: JsonRecord, tool: str, text_field: str = "") -> Document | Broken:
    """Read a record of a file of this tool. A record with the layout of another tool is broken.

    Args:
        record: The record.
        tool: A key of TOOL_READERS or TASK_READERS.
        text_field: The field that the other tasks of Label Studio show to be the text.
    """
    other = tool_of(record.value)
    if other and other != tool:
        return Broken(record.place, "other_format", record.raw)
    return TASK_READERS[tool](record, text_field) if tool in TASK_READERS else TOOL_READERS[tool](record)
