"""The warning of a learning rate that is too low for so few steps."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.params import load_params
from nerpipe.training.rate_warning import rate_warning
from places import ROOT


@given(lr=st.floats(1e-9, 1.0), steps=st.integers(1, 10**6))
def test_what_it_proposes_needs_no_further_warning(lr, steps):
    said = rate_warning(lr, steps)
    if said is None:
        assert lr * steps / 2 >= 0.03
        return
    [advice] = re.findall(r"Try (.*)", said)
    better = re.search(r"lr=(\S+)", advice)
    longer = re.search(r"(\d+) times", advice)
    assert better or longer
    assert rate_warning(float(better[1]) if better else lr, steps * int(longer[1] if longer else 1)) is None


def test_the_default_rate_is_high_enough_for_the_sample_but_not_that_of_most_examples_in_the_field():
    assert rate_warning(load_params(ROOT / "params.yaml").lr, 1248) is None
    assert rate_warning(3e-5, 1248).endswith("Try lr=1.6e-4")


@pytest.mark.parametrize(("lr", "shown"), [(3e-5, "3e-5"), (0.00015, "1.5e-4"), (1e-06, "1e-6")])
def test_a_rate_is_written_as_people_type_it(lr, shown):
    assert rate_warning(lr, 2).startswith(f"warning: lr {shown} is too low for 2 steps")
