"""Splits by a hash: the fractions hold, and nothing moves when a corpus grows or a fraction changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.contracts.splitting import position_of, split_of

KEYS = [f"document {n}" for n in range(10_000)]
GOLDEN = ["test", "dev", "train", "test", "dev", "test", "train", "test"]  # By sha256sum: 19e6..., caa0..., 7a89...
FRACTIONS = st.floats(0, 0.5)


def test_the_fractions_hold():
    splits = [split_of(key, 0.1, 0.2) for key in KEYS]
    assert splits.count("dev") == pytest.approx(1000, rel=0.1)
    assert splits.count("test") == pytest.approx(2000, rel=0.1)


def test_the_split_of_a_key_never_changes():
    assert [split_of(key, 0.3, 0.3) for key in KEYS[:8]] == GOLDEN


@given(st.text(), FRACTIONS, FRACTIONS, FRACTIONS)
def test_another_fraction_of_one_split_moves_nothing_in_the_other(key, dev, other, test):
    assert (split_of(key, dev, test) == "test") == (split_of(key, other, test) == "test")
    smaller, larger = sorted((dev, other))
    assert split_of(key, smaller, test) in (split_of(key, larger, test), "train")
    assert 0 <= position_of(key) < 1


@given(st.text())
def test_nothing_goes_to_a_split_of_fraction_0(key):
    assert split_of(key, 0.0, 0.0) == "train"
    assert split_of(key, 0.0, 0.5) != "dev"


def test_half_of_a_surrogate_pair_has_a_split_too():
    assert split_of("\ud800", 0.1, 0.1) in ("train", "dev", "test")
