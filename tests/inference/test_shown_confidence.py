"""Shown confidences: a least confidence that people copy from an output keeps what had it."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nerpipe.inference.shown_confidence import shown_confidence
from nerpipe.prediction.min_confidence import leave_out_doubtful, number_or_file


@given(st.floats(0, 1), st.sampled_from([1, 2, 4]))
@example(math.nextafter(0.8312, 0), 4)  # Times 10,000 it is 8312.0.
@example(math.nextafter(1, 0), 2)
def test_what_is_shown_is_never_more_and_the_nearest_below(confidence, places):
    shown = shown_confidence(confidence, places)
    assert 0 <= confidence - shown <= 10**-places + 1e-12
    least = number_or_file(f"{shown:.{places}f}")  # As it is printed and typed.
    assert least <= confidence
    assert leave_out_doubtful(["B-a"], [confidence], {"a": least})[0] == ["B-a"]


@pytest.mark.parametrize("confidence", [0.0, 0.5, 0.29, 0.8312, 1.0])
def test_what_has_four_places_stays(confidence):
    assert shown_confidence(confidence) == pytest.approx(confidence, abs=1e-12)
