"""The label set and its continuation map."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.contracts.labels import continuations, make_labels
from nerpipe.errors import NerpipeError

TYPES = ["person", "creative-work", "group", "corporation", "location", "product"]


def test_order_is_outside_then_begin_and_inside_by_sorted_type():
    labels = make_labels(TYPES)
    assert labels[:5] == ["O", "B-corporation", "I-corporation", "B-creative-work", "I-creative-work"]
    assert len(labels) == 13


def test_the_continuation_of_creative_work_is_creative_work():
    labels = make_labels(TYPES)
    following = [labels[index] for index in continuations(labels)]
    assert dict(zip(labels, following, strict=True))["B-creative-work"] == "I-creative-work"


@given(st.permutations(make_labels(TYPES)))
def test_continuations_go_by_name_in_any_order(labels):
    for label, index in zip(labels, continuations(labels), strict=True):
        assert labels[index] == (f"I-{label[2:]}" if label[0] == "B" else label)


def test_a_begin_without_its_inside_is_refused():
    with pytest.raises(NerpipeError, match="B-person but no I-person"):
        continuations(["O", "B-person"])
