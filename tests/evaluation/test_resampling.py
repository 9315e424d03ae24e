"""Bootstrap and randomisation: against drawing sentence by sentence, and where the answer is known."""

import random

import numpy as np
import pytest
from hypothesis import given

from nerpipe.evaluation import resampling
from nerpipe.evaluation.resampling import (
    bootstrap,
    f1_of,
    interval,
    intervals,
    randomisation_p,
    sentence_counts,
    with_total,
)
from nerpipe.scoring.scores import score
from nerpipe.scoring.spans import match_spans
from tagrows import gold_and_predicted


def test_counts_by_hand():
    match = match_spans([["B-a", "B-b"], ["O", "B-a"]], [["B-a", "O"], ["B-b", "B-a"]])
    # sentence 0: a is right; b is missed. sentence 1: a is right, b is predicted in vain
    assert sentence_counts(match).tolist() == [[[1, 1, 1], [0, 0, 1]], [[1, 1, 1], [0, 1, 0]]]


@given(gold_and_predicted())
def test_counts_sum_to_the_scores(both):
    totals = with_total(sentence_counts(match_spans(*both))).sum(axis=0)
    result = score(*both)
    assert f1_of(totals[-1]) == pytest.approx(result.readings["conlleval"].f1)
    for place, row in enumerate(result.per_type.values()):
        assert totals[place].tolist() == [row.correct, row.predicted, row.support]


def test_the_bootstrap_draws_as_drawing_sentence_by_sentence_does():
    generator = np.random.default_rng(5)
    gold = generator.integers(0, 3, size=300)
    found = generator.binomial(gold, 0.5)
    counts = np.stack([found, found + generator.integers(0, 2, size=300), gold], axis=1)
    ours = f1_of(bootstrap(counts, 4000, seed=1))
    drawn = generator.integers(0, 300, size=(4000, 300))
    theirs = f1_of(counts[drawn].sum(axis=1))
    assert ours.mean() == pytest.approx(theirs.mean(), abs=0.002)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.1)
    assert interval(ours) == pytest.approx(interval(theirs), abs=0.01)


def test_the_same_seed_draws_the_same():
    counts = np.array([[1, 1, 2], [0, 1, 1], [2, 3, 2]])
    assert bootstrap(counts, 50, seed=3).tolist() == bootstrap(counts, 50, seed=3).tolist()
    assert bootstrap(counts, 50, seed=3).tolist() != bootstrap(counts, 50, seed=4).tolist()


def test_drawing_in_portions_draws_the_same(monkeypatch):
    counts = np.array([[1, 1, 2], [0, 1, 1], [2, 3, 2]])
    whole = bootstrap(counts, 50, seed=3).tolist(), randomisation_p(counts, counts[::-1], 50, seed=3)
    monkeypatch.setattr(resampling, "MEMORY_NUMBERS", 20)
    assert (bootstrap(counts, 50, seed=3).tolist(), randomisation_p(counts, counts[::-1], 50, seed=3)) == whole


def test_without_a_sentence_there_is_nothing_to_draw():
    empty = sentence_counts(match_spans([["O"]], [["O"]]))
    assert f1_of(bootstrap(with_total(empty), 100, seed=1)).tolist() == [[0.0]] * 100


def test_resamples_without_a_gold_entity_are_left_out_and_counted():
    # 10 sentences; two hold an entity of the type, one of them found; a third has a spurious one.
    # A resample holds none of the two with probability 0.8 ** 10.
    counts = np.zeros((10, 2, 3), dtype=int)
    counts[:, 0] = [1, 1, 1]
    counts[0, 1], counts[1, 1], counts[2, 1] = [1, 1, 1], [0, 0, 1], [0, 1, 0]
    drawn = bootstrap(counts, 20_000, seed=1)
    found = intervals(f1_of(drawn), drawn[..., 2], counts[..., 2])
    assert found.left_out[0] == 0
    assert found.left_out[1] / 20_000 == pytest.approx(0.8**10, abs=0.01)
    # the same by drawing sentence by sentence, in plain Python
    generator = random.Random(3)
    values = []
    while len(values) < 5000:
        picked = generator.choices(range(10), k=10)
        right, wrong, extra = (picked.count(place) for place in range(3))
        if right + wrong:
            values.append(2 * right / (2 * right + wrong + extra))
    values.sort()
    expected = [values[len(values) // 40], values[-len(values) // 40]]
    assert found.bounds[:, 1] == pytest.approx(expected, abs=0.03)
    assert found.bounds[:, 0].tolist() == [1.0, 1.0]


def test_entities_in_one_unit_have_no_interval():
    counts = np.array([[[1, 1, 1]], [[0, 1, 0]], [[0, 0, 0]]])
    drawn = bootstrap(counts, 200, seed=1)
    found = intervals(f1_of(drawn), drawn[..., 2], counts[..., 2])
    assert np.isnan(found.bounds).all()
    assert found.left_out.tolist() == [0]


def test_a_system_does_not_differ_from_itself():
    counts = np.array([[1, 1, 2], [0, 1, 1], [2, 3, 2]])
    assert randomisation_p(counts, counts, 200, seed=1) == 1.0


def test_a_clear_difference_is_one_and_a_small_sample_never_is():
    right, wrong = np.tile([1, 1, 1], (100, 1)), np.tile([0, 1, 1], (100, 1))
    assert randomisation_p(right, wrong, 999, seed=1) == pytest.approx(0.001)
    # one sentence: swapped or not, the two differ by as much
    assert randomisation_p(right[:1], wrong[:1], 999, seed=1) == 1.0


def test_randomisation_swaps_as_swapping_sentence_by_sentence_does():
    generator = np.random.default_rng(7)
    gold = np.ones(200, dtype=int)
    sides = [np.stack([generator.binomial(1, share, 200), gold, gold], axis=1) for share in (0.5, 0.58)]
    observed = abs(f1_of(sides[0].sum(axis=0)) - f1_of(sides[1].sum(axis=0)))
    swap = generator.integers(0, 2, size=(4000, 200, 1))
    one = np.where(swap, sides[1], sides[0]).sum(axis=1)
    other = np.where(swap, sides[0], sides[1]).sum(axis=1)
    share = np.mean(np.abs(f1_of(one) - f1_of(other)) >= observed - 1e-12)
    assert randomisation_p(*sides, 4000, seed=1) == pytest.approx(share, abs=0.03)
