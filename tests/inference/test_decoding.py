"""Decoding: against trying every sequence, and what a table for other programs says."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.schemes import to_iob2
from nerpipe.inference.decoding import decode, iob2_transitions, transition_table

LABELS = make_labels(["a", "b"])
TABLE = iob2_transitions(LABELS)


def is_iob2(tags):
    return to_iob2(tags)[1] == 0  # no entity begins with I-


def by_trying_all(scores):
    allowed = [
        path for path in itertools.product(range(len(LABELS)), repeat=len(scores)) if is_iob2([LABELS[i] for i in path])
    ]
    return max(allowed, key=lambda path: sum(row[i] for row, i in zip(scores, path, strict=True)))


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 4), max_size=5))
def test_it_finds_the_best_of_all_allowed_sequences(seed, lengths):
    scores = np.log(np.random.default_rng(seed).dirichlet(np.full(len(LABELS), 0.5), size=sum(lengths)) + 1e-9)
    found = decode(scores.reshape(-1, len(LABELS)), lengths, TABLE)
    wanted = (
        [label for part in np.split(scores, np.cumsum(lengths)[:-1]) for label in by_trying_all(part)]
        if lengths
        else []
    )
    assert found.tolist() == wanted


@pytest.mark.parametrize("sentence", [["I-a"], ["O", "I-a"], ["B-b", "I-a"], ["I-b", "I-a"]])
def test_a_sentence_does_not_reach_into_the_next(sentence):
    """An I-a is fine after B-a, and not where a sentence begins."""
    tags = ["B-a", *sentence]
    scores = np.full((len(tags), len(LABELS)), -5.0)
    scores[np.arange(len(tags)), [LABELS.index(tag) for tag in tags]] = -0.1
    found = [LABELS[index] for index in decode(scores, [1, len(sentence)], TABLE)]
    assert found[0] == "B-a"
    assert is_iob2(found[1:])


def test_nothing_changes_where_the_best_labels_are_allowed_already():
    scores = np.log(np.eye(5)[[0, 1, 2, 0, 3, 4, 4]] * 0.9 + 0.02)
    assert decode(scores, [3, 4], TABLE).tolist() == [0, 1, 2, 0, 3, 4, 4]


def test_a_word_that_no_window_holds_is_certainly_outside():
    certain = [0.0, *[-np.inf] * 4]
    scores = np.array([np.log([0.1, 0.6, 0.1, 0.1, 0.1]), certain, np.log([0.1, 0.2, 0.6, 0.05, 0.05])])
    assert decode(scores, [3], TABLE).tolist() == [1, 0, 1]


def test_the_table_for_other_programs():
    assert transition_table(LABELS, TABLE) == {
        "scheme": "IOB2",
        "outside": 0,
        "labels": ["O", "B-a", "I-a", "B-b", "I-b"],
        "begin": [0, 1, 3],
        "follow": [[0, 1, 3], [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 3, 4], [0, 1, 3, 4]],
    }
