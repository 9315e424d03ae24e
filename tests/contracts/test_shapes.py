"""JSON files of other stages: what is in them is what their reader needs, or one sentence says what differs."""

from typing import Any, Literal, NotRequired, TypedDict

import pytest

from nerpipe.contracts.files import write_json
from nerpipe.contracts.shapes import Fraction, check_shape, read_shaped
from nerpipe.errors import NerpipeError


class Row(TypedDict):
    split: str
    f1: float
    count: NotRequired[int]
    share: NotRequired[Fraction]
    kind: NotRequired[Literal["a", "b"]]


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
        ([{"split": "dev", "f1": -5, "share": 1, "kind": "b"}], list[Row]),
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
        ([-1], list[int], "[0] holds -1 where a whole number from 0 on"),
        ([10**400], list[int], "[0] holds a number that is too large where a whole number from 0 on"),
        ([10**400], list[float], "[0] holds a number that is too large where a finite number is needed"),
        ([1.01], list[Fraction], "[0] holds 1.01 where a number from 0 to 1 is needed"),
        ([{"split": "a", "f1": 1, "count": -1}], list[Row], "[0].count holds -1 where"),
        ([{"split": "a", "f1": 1, "share": "x"}], list[Row], "[0].share holds a text where a number is needed"),
        ([{"split": "a", "f1": 1, "kind": "c"}], list[Row], "[0].kind holds 'c' where one of a, b is needed"),
        ([{"split": "a", "f1": 1, "kind": []}], list[Row], "[0].kind holds a list where one of a, b is needed"),
    ],
)
def test_what_differs_is_named_with_its_place_and_the_way_out(tmp_path, content, shape, said):
    write_json(tmp_path / "x.json", content)
    with pytest.raises(NerpipeError) as error:
        read_shaped(tmp_path / "x.json", shape)
    assert str(error.value).startswith(f"{tmp_path / 'x.json'}: {said}")
    assert "run `dvc repro`" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("number", "said"), [("NaN", "nan"), ("1e999", "inf"), ("-Infinity", "-inf")])
@pytest.mark.parametrize(("shape", "wanted"), [(float, "a finite number"), (Fraction, "a number from 0 to 1")])
def test_a_number_that_is_none_fits_no_shape(tmp_path, number, said, shape, wanted):
    (tmp_path / "x.json").write_text(f'{{"f1": {number}}}')
    with pytest.raises(NerpipeError, match=rf"f1 holds {said} where {wanted} is needed"):
        read_shaped(tmp_path / "x.json", dict[str, shape])


def test_a_key_of_yaml_that_is_no_text_fits_no_shape(tmp_path):
    with pytest.raises(NerpipeError, match=r"params holds the key 1 where a text is needed"):
        check_shape({"params": {"lr": 1, 1: 2}}, dict[str, dict[str, int]], tmp_path)
