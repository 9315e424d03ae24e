"""One record of each tool: which annotator, which text, which answer, and what is no annotation."""

import json

import pytest

from nerpipe.annotations.documents import Annotation, Broken
from nerpipe.annotations.json_records import parse_record
from nerpipe.annotations.tool_records import read_tool_record, tool_of


def read(value):
    record = parse_record("here:1", json.dumps(value))
    return read_tool_record(record, tool_of(record.value))


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


def test_the_user_s_own_id_comes_before_the_tool_s():
    assert read(task({"result": []}, text="a", id="mine")).id == "mine"
    assert read(task({"result": []})).id == "9"
    assert read({"text": "a", "spans": [], "meta": {"id": 4}}).id == "4"
    assert read({"id": True, "text": "a", "label": [[0, 1, "X"]]}).id == ""


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
