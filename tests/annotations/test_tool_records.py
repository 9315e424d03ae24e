"""One record of each tool: which annotator, which text, which answer, and what is no annotation."""

import json

import pytest

from nerpipe.annotations.documents import Annotation, Broken, Document
from nerpipe.annotations.json_records import parse_record
from nerpipe.annotations.tool_records import read_tool_record, tool_of


def read(value):
    record = parse_record("here:1", json.dumps(value))
    return read_tool_record(record, tool_of(record.value))


def spans(document):
    return [(annotation.label, *annotation.parts, annotation.problem) for annotation in document.annotations]


def region(start, end, *labels, **more):
    return {"type": "labels", "to_name": "text", "value": {"start": start, "end": end, "labels": list(labels), **more}}


def task(*works, **data):
    return {"id": 9, "data": data or {"text": "Ada saw Bo"}, "annotations": list(works)}


@pytest.mark.parametrize(
    ("value", "tool"),
    [
        ({"id": 1, "text": "a", "label": [[0, 1, "X"]]}, "doccano"),
        ({"data": "a", "labels": [[0, 1, "X"]]}, "doccano"),
        ({"text": "a", "entities": [], "relations": []}, "doccano"),
        ({"text": "a", "entities": [{"start_offset": 0, "end_offset": 1, "label": "X"}]}, "doccano"),
        ({"data": {"text": "a"}, "annotations": []}, "Label Studio JSON"),
        ({"data": {"text": "a"}, "predictions": []}, "Label Studio JSON"),
        ({"text": "a", "ner": [{"start": 0, "end": 1, "labels": ["X"]}]}, "Label Studio JSON-MIN"),
        ({"text": "a", "spans": []}, "Prodigy"),
        ({"text": "a", "answer": "accept"}, "Prodigy"),
        ({"text": "a", "tokens": [{"text": "a"}], "spans": []}, "Prodigy"),
        (["a", {"entities": []}], "spaCy"),
        ({"text": "a", "entities": [[0, 1, "X"]]}, "spaCy"),
        ({"text": "a", "ents": [], "tokens": [{"id": 0}]}, "spaCy"),
        ({"tokens": ["a"], "ner_tags": [0]}, "Hugging Face"),
        ({"words": ["a"], "labels": ["O"]}, "Hugging Face"),
        ({"text": "a"}, ""),
        ({"text": "a", "entities": []}, ""),
        ({"text": "a", "label": []}, ""),
        (["a"], ""),
        (3, ""),
    ],
)
def test_tool_of(value, tool):
    assert tool_of(value) == tool


def test_label_studio_takes_the_ground_truth_or_else_the_first_that_was_not_cancelled():
    first, second = region(0, 3, "PER"), region(8, 10, "PER")
    cancelled = {"result": [first], "was_cancelled": True}
    document = read(task(cancelled, {"result": [second]}, {"result": [first]}))
    assert [problem for *_, problem in spans(document)] == ["other_annotator", "", "other_annotator"]
    document = read(task({"result": [first]}, {"result": [second], "ground_truth": True}))
    assert [problem for *_, problem in spans(document)] == ["other_annotator", ""]
    assert read(task(cancelled)).problem == "not_annotated"
    assert read(task()).problem == "not_annotated"
    assert read(task({"result": []})).problem == ""


def test_label_studio_s_predictions_count_only_where_nobody_can_have_annotated():
    guess = [{"result": [region(0, 3, "PER")], "score": 0.5}]
    assert len(read({"data": {"text": "Ada"}, "predictions": guess}).annotations) == 1
    document = read({"data": {"text": "Ada"}, "annotations": [], "predictions": guess})
    assert (document.problem, document.annotations) == ("not_annotated", [])


def test_a_region_with_several_types_is_several_annotations_and_one_without_is_one():
    document = read(task({"result": [region(0, 3, "PER", "ORG"), region(8, 10)]}))
    assert [label for label, *_ in spans(document)] == ["PER", "ORG", None]


def test_label_studio_s_other_results_are_counted():
    relation = {"type": "relation", "from_id": "a", "to_id": "b"}
    document = read(task({"result": [region(0, 3, "PER"), relation, {"type": "choices", "value": {}}, "junk"]}))
    assert document.left_out == 2
    assert [bool(annotation.parts) for annotation in document.annotations] == [True, False]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"text": "a", "title": "b"}, "a"),
        ({"body": "a", "n": 1}, "a"),
        ({"body": "a", "title": "b"}, None),
        ({"text": ["a"]}, None),
        ({"n": 1}, None),
    ],
)
def test_the_text_of_a_task_is_the_field_text_or_the_only_one(data, text):
    found = read(task({"result": []}, **data))
    assert (found.text if isinstance(found, Document) else None) == text
    if text is None:
        assert found.problem == "no_text"


def test_the_text_that_a_region_names_is_the_text():
    result = region(0, 1, "X") | {"to_name": "body"}
    assert read(task({"result": [result]}, body="a", text="b")).text == "a"


def test_the_user_s_own_id_comes_before_the_tool_s():
    assert read(task({"result": []}, text="a", id="mine")).id == "mine"
    assert read(task({"result": []})).id == "9"
    assert read({"text": "a", "spans": [], "meta": {"id": 4}}).id == "4"
    assert read({"id": True, "text": "a", "label": [[0, 1, "X"]]}).id == ""


def test_json_min_without_a_region_is_annotated_if_somebody_did():
    good = {"id": 1, "text": "Ada", "label": [{"start": 0, "end": 3, "labels": ["PER"]}]}
    tool = tool_of(good)
    for value, problem in (({"annotation_id": 3}, ""), ({"label": []}, ""), ({}, "not_annotated")):
        record = parse_record("here:1", json.dumps({"id": 2, "text": "Bo", "created_at": "2025", **value}))
        assert read_tool_record(record, tool).problem == problem


@pytest.mark.parametrize("answer", ["reject", "ignore", None])
def test_prodigy_s_other_answers_are_rejected(answer):
    assert read({"text": "Ada", "spans": [], "answer": answer}).problem == "answer"


def test_annotations_of_another_form_are_kept_to_be_counted():
    for value in (
        {"text": "a", "label": [["X"], "X", {}, None, [0, 1, "X"]]},
        {"text": "a", "spans": [["X"], "X", {}, None, [0, 1, "X"]]},
    ):
        assert [bool(annotation.parts) for annotation in read(value).annotations] == [False] * 4 + [True]
    assert read({"text": "a", "label": ["X"]}).annotations == [Annotation("X")]


def test_a_record_of_another_tool_is_broken():
    record = parse_record("here:1", '{"text": "a", "spans": []}')
    assert read_tool_record(record, "doccano") == Broken("here:1", "other_format", record.raw)
