"""Tasks of Label Studio: JSON, where the data and the work of each annotator are apart, and JSON-MIN."""

from collections.abc import Iterable
from typing import Any

from nerpipe.annotations.documents import Annotation, Broken, Document
from nerpipe.annotations.json_records import JsonRecord
from nerpipe.annotations.record_parts import document_of, items_of, keyed_annotation

_LABELS = "labels"  # The type of a region of plain text, and its field.
_NO_TEXTS = ("id", "created_at", "updated_at", "annotator", "agreement", "sentiment")  # Fields of JSON-MIN.


def is_region(item: object) -> bool:
    """Return whether a value is a region of JSON-MIN."""
    return isinstance(item, dict) and {"start", "end"} <= set(item) and (_LABELS in item or bool(_other_labels(item)))


def _other_labels(item: object) -> list[Any]:
    """Give the types of a region that is not one of plain text, such as `hypertextlabels` and `paragraphlabels`."""
    fields = item.items() if isinstance(item, dict) else ()
    found = [value for key, value in fields if key.endswith(_LABELS) and key != _LABELS and isinstance(value, list)]
    return found[0] if found else []


def _text_field(fields: dict[str, Any], names: Iterable[object]) -> object:
    """Give the first of the named fields that is text, or else the only field that is text."""
    named = [fields[name] for name in names if isinstance(name, str) and isinstance(fields.get(name), str)]
    others = [value for key, value in fields.items() if isinstance(value, str) and key not in _NO_TEXTS]
    return named[0] if named else others[0] if len(others) == 1 else None


def _regions(items: Iterable[object], problem: str = "") -> list[Annotation]:
    """Read the regions of Label Studio. A region with several types is an annotation for each."""
    annotations = []
    for item in items:
        value = item.get("value", item) if isinstance(item, dict) else None
        other = _other_labels(value)
        labels = items_of(value.get(_LABELS)) if isinstance(value, dict) else []
        plain = Annotation(value) if other else keyed_annotation(value, "start", "end", _LABELS)
        annotations += [plain._replace(label=label, problem=problem) for label in labels or other or [None]]
    return annotations


def _is_labelled(result: object) -> bool:
    """Return whether a result is a region with types, and no choice, relation or note."""
    kind = result.get("type", _LABELS) if isinstance(result, dict) else _LABELS
    return isinstance(kind, str) and kind.endswith(_LABELS)


def _is_elsewhere(result: object) -> bool:
    """Return whether a region lies in HTML, a dialogue, a picture or the like, and not in plain text."""
    if not isinstance(result, dict):
        return False
    return result.get("type", _LABELS) != _LABELS or bool(_other_labels(result.get("value", result)))


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
    elsewhere = False
    names: list[object] = []
    for work in works:
        results = items_of(work.get("result"))
        regions = [item for item in results if _is_labelled(item)]
        annotations += _regions(regions, "" if work is chosen else "other_annotator")
        left_out += len(results) - len(regions) if work is chosen else 0
        elsewhere |= work is chosen and any(map(_is_elsewhere, regions))
        names += [item.get("to_name") for item in regions if isinstance(item, dict)]
    ids = [data.get("id"), value.get("id")]
    text = _text_field(data, [*names, "text"])
    problem = "" if chosen is not None else "not_annotated"
    if elsewhere:
        problem, text = "other_region", text if isinstance(text, str) else ""
    return document_of(record, text, annotations, ids, problem=problem, left_out=left_out)


def minimal_document(record: JsonRecord) -> Document | Broken:
    """Read a task of Label Studio's JSON-MIN, where the fields of the data and the annotation stand side by side."""
    value = record.value
    if not isinstance(value, dict):
        return Broken(record.place, "not_a_record", record.raw)
    fields = [
        field
        for field in value.values()
        if any(isinstance(item, dict) and ("start" in item or _other_labels(item)) for item in items_of(field))
    ]
    annotated = fields or "annotation_id" in value or [] in value.values()
    items = [item for field in fields for item in field]
    text = _text_field(value, ["text"])
    problem = ""
    if any(map(_is_elsewhere, items)):
        problem, text = "other_region", text if isinstance(text, str) else ""
    return document_of(record, text, _regions(items) if annotated else None, [value.get("id")], problem=problem)
