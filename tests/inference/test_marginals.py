"""Confidence: against adding up the probabilities of all allowed sequences."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.schemes import spans_of, to_iob2
from nerpipe.inference.decoding import decode, iob2_transitions
from nerpipe.inference.marginals import word_confidences

LABELS = make_labels(["a", "b"])
TABLE = iob2_transitions(LABELS)


def by_adding_up(scores, chosen, penalty=0.0):
    """The share of the allowed sequences with the same entity, or the same label, at each word."""
    sequences = [[LABELS[i] for i in path] for path in itertools.product(range(len(LABELS)), repeat=len(scores))]
    allowed = [tags for tags in sequences if to_iob2(tags)[1] == 0]
    weights = np.array(
        [
            np.exp(
                sum(row[LABELS.index(tag)] for row, tag in zip(scores, tags, strict=True))
                - penalty * sum(tag[0] == "B" and before != "O" for before, tag in itertools.pairwise(tags))
            )
            for tags in allowed
        ]
    )
    weights /= weights.sum()
    confidences = np.array([weights[[tags[word] == tag for tags in allowed]].sum() for word, tag in enumerate(chosen)])
    for span in spans_of(chosen):
        confidences[span.start : span.end] = weights[[span in spans_of(tags) for tags in allowed]].sum()
    return confidences


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 4), max_size=4),
    st.sampled_from([0.1, 0.5, 5.0]),
    st.sampled_from([0.0, 0.5, 2.0, 10.0]),
)
def test_it_is_the_share_of_the_sequences_with_the_entity(seed, lengths, evenness, penalty):
    generator = np.random.default_rng(seed)
    scores = np.log(generator.dirichlet(np.full(len(LABELS), evenness), size=sum(lengths)) + 1e-9)
    scores = scores.reshape(-1, len(LABELS))
    table = iob2_transitions(LABELS, penalty)
    chosen = decode(scores, lengths, table)
    found = word_confidences(scores, lengths, table, chosen)
    parts = zip(np.split(scores, np.cumsum(lengths)[:-1]), np.split(chosen, np.cumsum(lengths)[:-1]), strict=True)
    wanted = [by_adding_up(rows, [LABELS[i] for i in labels], penalty) for rows, labels in parts if len(rows)]
    assert found == pytest.approx(np.concatenate([*wanted, []]), abs=1e-9)


def test_it_is_a_probability_for_any_scores():
    generator = np.random.default_rng(1)
    for size in (1e-3, 30.0, 2000.0):
        scores = generator.normal(0, size, (400, len(LABELS)))
        scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
        scores[generator.random(scores.shape) < 0.2] = -np.inf
        scores[::7] = [0.0, *[-np.inf] * 4]  # words that no window holds
        lengths = [0, 1, 99, 300, 0]
        found = word_confidences(scores, lengths, TABLE, decode(scores, lengths, TABLE))
        assert ((found >= 0) & (found <= 1)).all()


def test_an_entity_counts_as_a_whole():
    """The model is sure of two words, but not of the third, with which the entity ends."""
    scores = np.log([[0.04, 0.9, 0.02, 0.02, 0.02], [0.04, 0.02, 0.9, 0.02, 0.02], [0.4, 0.05, 0.45, 0.05, 0.05]])
    first, second, third = word_confidences(scores, [3], TABLE, np.array([1, 2, 2]))
    assert first == second == third == pytest.approx(0.45, abs=0.01)


def by_the_recipe(scores, tags, table, penalty):
    """The confidence of each entity, as docs/deploy.md tells programs in other languages to compute it."""

    def w(x, y):
        return np.exp(-penalty) if LABELS[y][0] == "B" and LABELS[x] != "O" else 1.0

    p, last, labels = np.exp(scores), len(scores) - 1, range(len(LABELS))
    ahead, behind = np.zeros_like(p), np.ones_like(p)
    for i in range(len(p)):
        for y in labels:
            before = sum(ahead[i - 1, x] * w(x, y) for x in labels if table.follow[x, y]) if i else table.begin[y]
            ahead[i, y] = p[i, y] * before
    for i in range(last - 1, -1, -1):
        for x in labels:
            behind[i, x] = sum(w(x, y) * p[i + 1, y] * behind[i + 1, y] for y in labels if table.follow[x, y])
    for start, end, kind in ((span.start, span.end - 1, span.type) for span in spans_of(tags)):
        going_on = LABELS.index(f"I-{kind}")
        path = p[start, LABELS.index(f"B-{kind}")] * p[start + 1 : end + 1, going_on].prod()
        others = [y for y in labels if table.follow[going_on, y] and y != going_on]
        after = sum(w(going_on, y) * p[end + 1, y] * behind[end + 1, y] for y in others) if end < last else 1
        begin = LABELS.index(f"B-{kind}")
        before = sum(ahead[start - 1, x] * w(x, begin) for x in labels) if start else 1
        yield before * path * after / ahead[last].sum()


@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.sampled_from([0.0, 2.0]))
def test_the_recipe_for_other_languages_gives_the_same(seed, words, penalty):
    scores = np.log(np.random.default_rng(seed).dirichlet(np.full(len(LABELS), 0.3), size=words) + 1e-9)
    table = iob2_transitions(LABELS, penalty)
    chosen = decode(scores, [words], table)
    tags = [LABELS[label] for label in chosen]
    found = word_confidences(scores, [words], table, chosen)
    assert [found[span.start] for span in spans_of(tags)] == pytest.approx(
        [*by_the_recipe(scores, tags, table, penalty)]
    )
