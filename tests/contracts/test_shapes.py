"""JSON files of other stages: what is in them is what their reader needs, or one sentence says what differs."""

from typing import Any, NotRequired, TypedDict

import pytest

from nerpipe.contracts.files import write_json
from nerpipe.contracts.shapes import read_shaped
from nerpipe.errors import NerpipeError


class Row(TypedDict):
    split: str
    f1: float
    count: NotRequired[int]


class Report(TypedDict):
    rows: list[Row]
    more: dict[str, bool]


@pytest.mark.parametrize(
    ("content", "shape"),
    [
        ([], list[str]),
        (["a"], list[str]),
        ([{"split": "dev", "f1": 1, "other": None}, {"split": "dev", "f1": 0.5, "count": 2}], list[Row]),
        ({"rows": [], "more": {"a": True}}, Report),
        ([{"a": [None]}], list[dict[str, Any]]),
    ],
)
def test_what_fits_is_read_as_it_is(tmp_path, content, shape):
    write_json(tmp_path / "x.json", content)
    assert read_shaped(tmp_path / "x.json", shape) == content


@pytest.mark.parametrize(
    ("content", "shape", "said"),
    [
        (None, list[str], "the file holds nothing (null) where a list is needed"),
        ({}, list[str], "the file holds an object where a list is needed"),
        ("x", Report, "the file holds a text where an object is needed"),
        ([1], list[str], "[0] holds a number where a text is needed"),
        ([True], list[int], "[0] holds true or false where a whole number is needed"),
        ([1.5], list[int], "[0] holds a number where a whole number is needed"),
        ([{}], list[Row], "[0] lacks the key 'f1'"),
        ({}, Report, "the object lacks the key 'more'"),
        ({"more": {}, "rows": [{"split": 1, "f1": 1}]}, Report, "rows[0].split holds a number where a text is needed"),
        ({"more": {"a": 1}, "rows": []}, Report, "more.a holds a number where true or false is needed"),
        ([{"split": "a", "f1": 1, "count": None}], list[Row], "[0].count holds nothing (null) where a whole number"),
        ([[]], list[dict[str, Any]], "[0] holds a list where an object is needed"),
    ],
)
def test_what_differs_is_named_with_its_place_and_the_way_out(tmp_path, content, shape, said):
    write_json(tmp_path / "x.json", content)
    with pytest.raises(NerpipeError) as error:
        read_shaped(tmp_path / "x.json", shape)
    assert str(error.value).startswith(f"{tmp_path / 'x.json'}: {said}")
    assert "run `dvc repro`" in str(error.value)
    assert "\n" not in str(error.value)
