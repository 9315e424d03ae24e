"""The JSON layouts of annotation tools: which tool wrote a record, and the record as a document."""

from collections.abc import Callable, Iterable
from typing import Any

from nerpipe.annotations.documents import Annotation, Broken, Document, id_of
from nerpipe.annotations.json_records import JsonRecord

DOCCANO, LABEL_STUDIO, MINIMAL = "doccano", "Label Studio JSON", "Label Studio JSON-MIN"
PRODIGY, SPACY, HUGGING_FACE = "Prodigy", "spaCy", "Hugging Face"
TOKEN_COLUMNS = ("tokens", "words")
TAG_COLUMNS = ("ner_tags", "tags", "labels", "ner")
_NO_TEXTS = ("id", "created_at", "updated_at", "annotator", "agreement", "sentiment")  # Fields of JSON-MIN.


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def tool_of(value: object) -> str:
    """Name the tool whose layout a JSON value has, or give the empty string if it fits none or several."""
    if isinstance(value, list):
        return SPACY if _is_pair(value) else ""
    if not isinstance(value, dict):
        return ""
    entities, keys = _items(value.get("entities")), set(value)
    has_words = any(_strings(value.get(name)) for name in TOKEN_COLUMNS)
    shapes = {
        LABEL_STUDIO: isinstance(value.get("data"), dict),
        HUGGING_FACE: has_words and any(isinstance(value.get(name), list) for name in TAG_COLUMNS),
        MINIMAL: any(_is_region(item) for items in value.values() for item in _items(items)),
        PRODIGY: bool(keys & {"spans", "answer"}),
        SPACY: "ents" in keys or any(isinstance(item, list) for item in entities),
        DOCCANO: "relations" in keys
        or any(_items(value.get(name)) for name in ("label", "labels"))
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


def _is_region(item: object) -> bool:
    return isinstance(item, dict) and {"start", "end", "labels"} <= set(item)


def _text_field(fields: dict[str, Any], names: Iterable[object]) -> object:
    """Give the first of the named fields that is text, or else the only field that is text."""
    named = [fields[name] for name in names if isinstance(name, str) and isinstance(fields.get(name), str)]
    others = [value for key, value in fields.items() if isinstance(value, str) and key not in _NO_TEXTS]
    return named[0] if named else others[0] if len(others) == 1 else None


def _document(
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


def _triple(item: object) -> Annotation:
    """Read [start, end, type]."""
    if isinstance(item, list) and len(item) >= 3:  # noqa: PLR2004 - start, end and type
        return Annotation(item, item[2], ((item[0], item[1]),))
    return Annotation(item)


def _keyed(item: object, start: str, end: str, label: str) -> Annotation:
    """Read an object with a start, an end and a type."""
    if isinstance(item, dict) and start in item and end in item:
        text = item.get("text")
        return Annotation(item, item.get(label), ((item[start], item[end]),), text if isinstance(text, str) else "")
    return Annotation(item)


def doccano_document(record: JsonRecord) -> Document | Broken:
    """Read a record of doccano: lists of [start, end, type], or objects with start_offset and end_offset."""
    value = record.value
    if not isinstance(value, dict):
        return Broken(record.place, "not_a_record", record.raw)
    found = [value[key] for key in ("label", "labels", "entities") if isinstance(value.get(key), list)]
    annotations = [
        _keyed(item, "start_offset", "end_offset", "label") if isinstance(item, dict) else _triple(item)
        for items in found
        for item in items
    ]
    text = value["text"] if "text" in value else value.get("data")
    relations = len(_items(value.get("relations")))
    return _document(record, text, annotations if found else None, [value.get("id")], left_out=relations)


def span_document(record: JsonRecord) -> Document | Broken:
    """Read a record of Prodigy or spaCy: spans with start, end and label, or a text with a list of entities."""
    value = record.value
    if isinstance(value, list) and _is_pair(value):
        value = {**value[1], "text": value[0]}
    if not isinstance(value, dict):
        return Broken(record.place, "not_a_record", record.raw)
    found = [value[key] for key in ("spans", "ents", "entities") if isinstance(value.get(key), list)]
    annotations = [
        _keyed(item, "start", "end", "label") if isinstance(item, dict) else _triple(item)
        for items in found
        for item in items
    ]
    meta = value.get("meta")
    ids = [value.get("id"), meta.get("id") if isinstance(meta, dict) else None]
    answer = value.get("answer", "accept")
    return _document(
        record,
        value.get("text"),
        annotations if found or "answer" in value else None,
        ids,
        problem="" if answer == "accept" else "answer",
        left_out=len(_items(value.get("relations"))),
    )


def _regions(items: Iterable[object], problem: str = "") -> list[Annotation]:
    """Read the regions of Label Studio. A region with several types is an annotation for each."""
    annotations = []
    for item in items:
        value = item.get("value", item) if isinstance(item, dict) else None
        labels = _items(value.get("labels")) if isinstance(value, dict) else []
        plain = _keyed(value, "start", "end", "labels")
        annotations += [plain._replace(label=label, problem=problem) for label in labels or [None]]
    return annotations


def _region_results(entry: dict[str, Any]) -> tuple[list[Any], int]:
    """Give the labelled regions of one annotator's work, and the number of its other results, such as relations."""
    results = _items(entry.get("result"))
    regions = [item for item in results if not isinstance(item, dict) or item.get("type", "labels") == "labels"]
    return regions, len(results) - len(regions)


def label_studio_document(record: JsonRecord) -> Document | Broken:
    """Read a task of Label Studio's JSON: the ground truth, or else the first annotation that was not cancelled.

    Predictions are read only where there is no field for annotations, as in a file of pre-annotations.
    """
    value = record.value
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict):
        return Broken(record.place, "not_a_record", record.raw)
    kinds = [key for key in ("annotations", "completions", "predictions") if isinstance(value.get(key), list)]
    entries = value[kinds[0]] if kinds else []
    works = [entry for entry in entries if isinstance(entry, dict)]
    usable = [work for work in works if not work.get("was_cancelled")]
    chosen = next((work for work in usable if work.get("ground_truth")), usable[0] if usable else None)
    annotations = [Annotation(entry) for entry in entries if not isinstance(entry, dict)]
    left_out = 0
    names: list[object] = []
    for work in works:
        regions, others = _region_results(work)
        annotations += _regions(regions, "" if work is chosen else "other_annotator")
        left_out += others if work is chosen else 0
        names += [item.get("to_name") for item in regions if isinstance(item, dict)]
    problem = "" if chosen is not None else "not_annotated"
    ids = [data.get("id"), value.get("id")]
    return _document(record, _text_field(data, [*names, "text"]), annotations, ids, problem=problem, left_out=left_out)


def minimal_document(record: JsonRecord) -> Document | Broken:
    """Read a task of Label Studio's JSON-MIN, where the fields of the data and the annotation stand side by side."""
    value = record.value
    if not isinstance(value, dict):
        return Broken(record.place, "not_a_record", record.raw)
    fields = [
        field for field in value.values() if any(isinstance(item, dict) and "start" in item for item in _items(field))
    ]
    annotated = fields or "annotation_id" in value or [] in value.values()
    regions = _regions(item for field in fields for item in field)
    return _document(record, _text_field(value, ["text"]), regions if annotated else None, [value.get("id")])


TOOL_READERS: dict[str, Callable[[JsonRecord], Document | Broken]] = {
    DOCCANO: doccano_document,
    LABEL_STUDIO: label_studio_document,
    MINIMAL: minimal_document,
    PRODIGY: span_document,
    SPACY: span_document,
}


def read_tool_record(record: JsonRecord, tool: str) -> Document | Broken:
    """Read a record of a file of this tool. A record with the layout of another tool is broken."""
    other = tool_of(record.value)
    if other and other != tool:
        return Broken(record.place, "other_format", record.raw)
    return TOOL_READERS[tool](record)
