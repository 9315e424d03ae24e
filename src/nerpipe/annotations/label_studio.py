"""Tasks of Label Studio: JSON, where the data and the work of each annotator are apart, and JSON-MIN."""

from collections.abc import Iterable
from typing import Any

from nerpipe.annotations.documents import Annotation, Broken, Document
from nerpipe.annotations.json_records import JsonRecord
from nerpipe.annotations.record_parts import document_of, items_of, keyed_annotation
from nerpipe.annotations.text_fields import TaskFields, shown_field, text_of_task

_LABELS = "labels"  # The type of a region of plain text, and its field.


def is_region(item: object) -> bool:
    """Return whether a value is a region of JSON-MIN."""
    return isinstance(item, dict) and {"start", "end"} <= set(item) and (_LABELS in item or bool(_other_labels(item)))


def _other_labels(item: object) -> list[Any]:
    """Give the types of a region that is not one of plain text, such as `hypertextlabels` and `paragraphlabels`."""
    fields = item.items() if isinstance(item, dict) else ()
    found = [value for key, value in fields if key.endswith(_LABELS) and key != _LABELS and isinstance(value, list)]
    return found[0] if found else []


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


def _works_of(task: dict[str, Any]) -> list[Any]:
    """List the work of each annotator, or the predictions where there is no field for annotations."""
    kinds = [key for key in ("annotations", "completions", "predictions") if isinstance(task.get(key), list)]
    return task[kinds[0]] if kinds else []


def _task_fields(task: object) -> TaskFields | None:
    """Give what shows the text of a task of either layout, or None if the value is no task."""
    if not isinstance(task, dict):
        return None
    if isinstance(task.get("data"), dict):
        results = [item for work in _works_of(task) if isinstance(work, dict) for item in items_of(work.get("result"))]
        regions = [item for item in results if isinstance(item, dict) and _is_labelled(item)]
        names = [item.get("to_name") for item in regions]
        return TaskFields(task["data"], [*names, "text"], _quotes([item.get("value", item) for item in regions]))
    regions = [item for items in task.values() for item in items_of(items) if is_region(item)]
    return TaskFields(task, ["text"], _quotes(regions))


def _quotes(regions: Iterable[object]) -> list[str]:
    found = (region.get("text") for region in regions if isinstance(region, dict))
    return [quote for quote in found if isinstance(quote, str)]


def task_text_field(records: Iterable[JsonRecord | Broken]) -> str:
    """Give the field that the tasks of a file show to be the text, or the empty string."""
    tasks = (_task_fields(record.value) for record in records if isinstance(record, JsonRecord))
    return shown_field(task for task in tasks if task)


def label_studio_document(record: JsonRecord, text_field: str = "") -> Document | Broken:
    """Read a task of Label Studio's JSON: the ground truth, or else the first annotation that was not cancelled.

    Predictions are read only where there is no field for annotations, as in a file of pre-annotations.

    Args:
        record: The record of the task.
        text_field: The field that the other tasks show to be the text.
    """
    value = record.value
    if not isinstance(value, dict) or not isinstance(value.get("data"), dict):
        return Broken(record.place, "not_a_record", record.raw)
    entries = _works_of(value)
    works = [entry for entry in entries if isinstance(entry, dict)]
    usable = [work for work in works if not work.get("was_cancelled")]
    equals = [work for work in usable if work.get("ground_truth")] or usable
    chosen = equals[0] if equals else None
    annotations = [Annotation(entry) for entry in entries if not isinstance(entry, dict)]
    left_out = 0
    elsewhere = False
    for work in works:
        results = items_of(work.get("result"))
        regions = [item for item in results if _is_labelled(item)]
        annotations += _regions(regions, "" if work is chosen else "other_annotator")
        left_out += len(results) - len(regions) if work is chosen else 0
        elsewhere |= work is chosen and any(map(_is_elsewhere, regions))
    problem = "other_region" if elsewhere else "" if chosen is not None else "not_annotated"
    ids = [value["data"].get("id"), value.get("id")]
    document = _task_document(record, annotations, ids, text_field, problem=problem, left_out=left_out)
    rivals = [_regions(filter(_is_labelled, items_of(work.get("result")))) for work in equals[1:]]
    return document._replace(rivals=rivals) if isinstance(document, Document) else document


def minimal_document(record: JsonRecord, text_field: str = "") -> Document | Broken:
    """Read a task of Label Studio's JSON-MIN, where the fields of the data and the annotation stand side by side.

    Args:
        record: The record of the task.
        text_field: The field that the other tasks show to be the text.
    """
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
    problem = "other_region" if any(map(_is_elsewhere, items)) else ""
    return _task_document(
        record, _regions(items) if annotated else None, [value.get("id")], text_field, problem=problem
    )


def _task_document(
    record: JsonRecord,
    annotations: list[Annotation] | None,
    ids: Iterable[object],
    text_field: str,
    *,
    problem: str = "",
    left_out: int = 0,
) -> Document | Broken:
    """Make a document of a task. If its text is not clear, the document has none, so that its annotations count."""
    task = _task_fields(record.value)
    text, missing = text_of_task(task, text_field) if task else (None, "no_text")
    if text is None and (problem == "other_region" or missing == "unclear_text"):
        text, problem = "", problem or missing
    return document_of(record, text, annotations, ids, problem=problem, left_out=left_out)
