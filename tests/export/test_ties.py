"""Ties: what counts is the score of decoding, so the penalty of adjoining entities counts too."""

import numpy as np

from nerpipe.contracts.labels import make_labels
from nerpipe.export.ties import count_ties
from nerpipe.inference.decoding import decode, iob2_transitions

LABELS = make_labels(["a", "b"])
# Two words: the first is B-a, the second is B-a or I-a, and B-a is more probable by exactly 2 nats.
SCORES = np.log([[0.02, 0.92, 0.02, 0.02, 0.02], [0.01, 0.1, 0.1, 0.005, 0.005]])
SCORES[1, LABELS.index("B-a")] = SCORES[1, LABELS.index("I-a")] + 2.0
SPLIT, JOINED = [["B-a", "B-a"]], [["B-a", "I-a"]]


def test_a_penalty_makes_a_tie_of_what_is_none_without_it():
    for penalty, found in ((0.0, (1, 0)), (2.0, (1, 1)), (4.0, (1, 0))):
        transitions = iob2_transitions(LABELS, penalty)
        assert count_ties(SCORES, LABELS, SPLIT, JOINED, transitions) == found
        assert count_ties(SCORES, LABELS, JOINED, SPLIT, transitions) == found


def test_equal_tags_and_unknown_tags_are_no_ties():
    transitions = iob2_transitions(LABELS, 2.0)
    tags = [[LABELS[label] for label in decode(SCORES, [2], transitions)]]
    assert count_ties(SCORES, LABELS, tags, tags, transitions) == (0, 0)
    assert count_ties(SCORES, LABELS, [["B-a", "I-z"]], JOINED, transitions) == (1, 0)
