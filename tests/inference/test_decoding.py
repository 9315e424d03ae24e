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
PENALTIES = st.sampled_from([0.0, 0.5, 2.0, 50.0])


def is_iob2(tags):
    return to_iob2(tags)[1] == 0  # no entity begins with I-


def adjoining(tags):
    """How many entities begin directly behind another."""
    return sum(tag[0] == "B" and before != "O" for before, tag in itertools.pairwise(tags))


def by_trying_all(scores, penalty):
    allowed = [
        path for path in itertools.product(range(len(LABELS)), repeat=len(scores)) if is_iob2([LABELS[i] for i in path])
    ]

    def total(path):
        taken = penalty * adjoining([LABELS[i] for i in path])
        return sum(row[i] for row, i in zip(scores, path, strict=True)) - taken

    return max(allowed, key=total)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 4), max_size=5), PENALTIES)
def test_it_finds_the_best_of_all_allowed_sequences(seed, lengths, penalty):
    scores = np.log(np.random.default_rng(seed).dirichlet(np.full(len(LABELS), 0.5), size=sum(lengths)) + 1e-9)
    found = decode(scores.reshape(-1, len(LABELS)), lengths, iob2_transitions(LABELS, penalty))
    wanted = (
        [label for part in np.split(scores, np.cumsum(lengths)[:-1]) for label in by_trying_all(part, penalty)]
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


def test_a_penalty_joins_a_name_that_the_model_splits_and_leaves_names_that_it_is_sure_of():
    """`San` and `Francisco` as two places, where the second word is nearly as likely to continue the first."""
    split = np.log([[0.02, 0.94, 0.02, 0.01, 0.01], [0.02, 0.5, 0.46, 0.01, 0.01]])
    sure = np.log([[0.02, 0.94, 0.02, 0.01, 0.01], [0.01, 0.01, 0.01, 0.96, 0.01]])
    table = iob2_transitions(LABELS, 2.0)
    assert decode(np.concatenate([split, sure]), [2, 2], TABLE).tolist() == [1, 1, 1, 3]
    assert decode(np.concatenate([split, sure]), [2, 2], table).tolist() == [1, 2, 1, 3]


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
