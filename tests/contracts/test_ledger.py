"""Counts that must meet."""

import pytest

from nerpipe.contracts.ledger import Tally, check_joint, tallies, tally
from nerpipe.errors import NerpipeError


def test_tally():
    # 2 sentences; 3 + 2 words; B-x, B-y in the first, B-x in the second
    assert tally([["B-x", "I-x", "B-y"], ["O", "B-x"]]) == Tally(2, 5, 3)


def test_a_count_that_does_not_meet_names_the_joint_and_both_numbers():
    check_joint("here", Tally(1, 2, 3), Tally(1, 2, 3))
    with pytest.raises(NerpipeError, match="at a -> b: tokens: 2 before, 1 after; entities: 3 before, 0 after"):
        check_joint("a -> b", Tally(1, 2, 3), Tally(1, 1, 0))


def test_tallies_reads_the_splits_of_a_report():
    assert tallies([{"split": "train", "sentences": 1, "tokens": 2, "entities": 3, "more": "x"}]) == {
        "train": Tally(1, 2, 3)
    }
