"""Tasks of Label Studio: which annotator, which text, and which results are no entities of a plain text."""

import json

import pytest

from nerpipe.annotations.documents import Document
from nerpipe.annotations.formats import find_files, read_file
from nerpipe.annotations.importing import import_annotations
from nerpipe.annotations.json_records import parse_record
from nerpipe.annotations.tool_records import read_tool_record, tool_of
from nerpipe.errors import NerpipeError


def read(value):
    record = parse_record("here:1", json.dumps(value))
    return read_tool_record(record, tool_of(record.value))


def spans(document):
    return [(annotation.label, *annotation.parts, annotation.problem) for annotation in document.annotations]


def region(start, end, *labels, **more):
    return {"type": "labels", "to_name": "text", "value": {"start": start, "end": end, "labels": list(labels), **more}}


def task(*works, **data):
    return {"id": 9, "data": data or {"text": "Ada saw Bo"}, "annotations": list(works)}


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


def test_json_min_without_a_region_is_annotated_if_somebody_did():
    good = {"id": 1, "text": "Ada", "label": [{"start": 0, "end": 3, "labels": ["PER"]}]}
    tool = tool_of(good)
    for value, problem in (({"annotation_id": 3}, ""), ({"label": []}, ""), ({}, "not_annotated")):
        record = parse_record("here:1", json.dumps({"id": 2, "text": "Bo", "created_at": "2025", **value}))
        assert read_tool_record(record, tool).problem == problem


def read_file_of(tmp_path, *tasks):
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(list(tasks)))
    (file,) = find_files([path])
    return list(read_file(file))


def test_several_texts_the_one_with_the_quotes_is_taken_and_tasks_without_regions_follow(tmp_path):
    quoted = region(0, 3, "PER", text="Ada") | {"to_name": "t"}
    annotated = task({"result": [quoted]}, title="news", body="Ada saw Bo")
    empty = task({"result": []}, title="other", body="Kit")
    assert [document.text for document in read_file_of(tmp_path, empty, annotated)] == ["Kit", "Ada saw Bo"]
    named = task({"result": [region(0, 1, "X") | {"to_name": "title"}]}, title="a", body="b")
    assert [document.text for document in read_file_of(tmp_path, empty, named)] == ["other", "a"]


def test_a_quote_that_stands_in_both_texts_does_not_hide_the_field_of_the_file(tmp_path):
    both = task({"result": [region(0, 3, "PER", text="Ada")]}, title="Ada", body="Ada slept")
    one = task({"result": [region(0, 2, "PER", text="Bo")]}, title="news", body="Bo slept")
    assert [document.text for document in read_file_of(tmp_path, both, one)] == ["Ada slept", "Bo slept"]
    (document,) = read_file_of(tmp_path, both)
    assert (document.problem, len(document.annotations)) == ("unclear_text", 1)


def test_json_min_with_several_texts(tmp_path):
    one = {"id": 1, "title": "news", "body": "Ada", "ner": [{"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}]}
    empty = {"id": 2, "title": "news", "body": "Kit", "annotation_id": 4}
    assert [document.text for document in read_file_of(tmp_path, empty, one)] == ["Kit", "Ada"]


def test_if_nothing_shows_the_text_the_reason_says_so(tmp_path):
    result = region(0, 3, "PER")
    (document,) = read_file_of(tmp_path, task({"result": [result]}, title="news", body="Ada"))
    assert (document.problem, len(document.annotations)) == ("unclear_text", 1)
    with pytest.raises(NerpipeError, match=r"1 unclear_text .*several texts.* call it `text`"):
        import_annotations([tmp_path / "tasks.json"], tmp_path / "mine")


HYPER = {
    "type": "hypertextlabels",
    "to_name": "text",
    "value": {
        "start": "/p[1]/text()[1]",
        "end": "/p[1]/text()[1]",
        "startOffset": 0,
        "endOffset": 3,
        "globalOffsets": {"start": 3, "end": 6},
        "hypertextlabels": ["PER"],
    },
}
DIALOGUE = {
    "type": "paragraphlabels",
    "value": {"start": "0", "end": "0", "startOffset": 0, "endOffset": 3, "paragraphlabels": ["PER"]},
}
PICTURE = {"type": "rectanglelabels", "value": {"x": 1, "y": 2, "rectanglelabels": ["PER", "ORG"]}}


@pytest.mark.parametrize(("result", "count"), [(HYPER, 1), (DIALOGUE, 1), (PICTURE, 2)])
def test_a_task_with_regions_outside_of_a_plain_text_is_rejected_and_its_regions_are_counted(result, count):
    document = read(task({"result": [result, region(0, 3, "PER"), {"type": "choices", "value": {}}]}))
    assert (document.problem, len(document.annotations), document.left_out) == ("other_region", count + 1, 1)
    flat = {"id": 3, "text": "Ada", "ner": [result["value"] | {"start": 0, "end": 1}], "annotation_id": 1}
    document = read(flat)
    assert (document.problem, len(document.annotations)) == ("other_region", count)


def test_a_dialogue_has_no_text_but_its_reason_is_the_region():
    document = read(task({"result": [DIALOGUE]}, dialogue=[{"author": "a", "text": "Ada"}]))
    assert (document.problem, document.text, len(document.annotations)) == ("other_region", "", 1)


def test_the_other_annotators_work_in_html_does_not_matter():
    document = read(task({"result": [region(0, 3, "PER")]}, {"result": [HYPER]}))
    assert document.problem == ""
    assert [problem for *_, problem in spans(document)] == ["", "other_annotator"]


def test_if_all_regions_are_in_html_the_error_says_so(tmp_path):
    tasks = [task({"result": [HYPER]}, text=f"<p>Ada {number}</p>") for number in range(20)]
    (tmp_path / "some.json").write_text(json.dumps(tasks, indent=1))
    with pytest.raises(NerpipeError, match=r"20 other_region \(.*some.json:2.*regions in HTML.*Label plain texts"):
        import_annotations([tmp_path / "some.json"], tmp_path / "mine")
