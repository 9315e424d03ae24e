"""Uncertainty from the sentences of one split: bootstrap intervals, and two paired tests of a difference.

Sentences are resampled, not entities, because the entities of a sentence are not independent of each other. Every F1
is a function of sums of counts over sentences, so a resample needs no more than how often each distinct row of counts
was drawn: the number of sentences with that row is binomial, all together multinomial, which is the same distribution
as drawing sentence by sentence at a fraction of the cost.
"""

from typing import TYPE_CHECKING

import numpy as np

from nerpipe.scoring.spans import Match

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.95
NUMBER_LIMIT = 2**62
MEMORY_NUMBERS = 10_000_000  # drawn at a time: 80 MB
COUNTS = 3  # of a sentence and type: correct, predicted, gold


def sentence_counts(match: Match) -> "NDArray[np.int64]":
    """Count each sentence's correct, predicted and gold entities by type; shape (sentences, types, 3)."""
    counts = np.zeros((match.sentences, len(match.types), COUNTS), dtype=np.int64)
    columns = (
        (match.gold.sentence[match.gold_hit], match.gold.type[match.gold_hit]),
        (match.predicted.sentence, match.predicted.type),
        (match.gold.sentence, match.gold.type),
    )
    for place, (sentence, kind) in enumerate(columns):
        np.add.at(counts[..., place], (sentence, kind), 1)
    return counts


def with_total(counts: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Append the sum over types as a last type; shape (..., types, 3) to (..., types + 1, 3)."""
    return np.concatenate([counts, counts.sum(axis=-2, keepdims=True)], axis=-2)


def f1_of(counts: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """Compute F1 = 2 correct / (predicted + gold) from counts of shape (..., 3); 0 where nothing is divided."""
    whole = counts[..., 1] + counts[..., 2]
    f1: NDArray[np.float64] = 2 * counts[..., 0] / np.maximum(whole, 1)
    return f1


def bootstrap(counts: "NDArray[np.int64]", resamples: int, seed: int) -> "NDArray[np.int64]":
    """Sum the counts of sentences drawn with replacement, as many as there are (Efron and Tibshirani 1993).

    Args:
        counts: shape (sentences, ...).
        resamples: how often to draw.
        seed: of the draws.

    Returns:
        Shape (resamples, ...).
    """
    rows, frequency = _distinct(counts)
    generator = np.random.default_rng(seed)
    share = frequency / max(len(counts), 1)
    sums = [
        _exact_product(generator.multinomial(len(counts), share, size=size), rows)
        for size in _portions(resamples, len(rows))
    ]
    return np.concatenate(sums).reshape(resamples, *counts.shape[1:])


def interval(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return the percentile interval that holds 95% of the resamples; shape (resamples, ...) to (2, ...)."""
    tail = (1 - LEVEL) / 2
    bounds: NDArray[np.float64] = np.quantile(values, [tail, 1 - tail], axis=0)
    return bounds


def randomisation_p(one: "NDArray[np.int64]", other: "NDArray[np.int64]", resamples: int, seed: int) -> float:
    """Test whether two systems' micro F1 differ, by paired approximate randomisation (Noreen 1989; Yeh 2000).

    If they did not, each sentence's two results could as well have been swapped; the p-value is the share of random
    swaps that part the two at least as far as they are, the observed one among them.

    Args:
        one: counts of one system, shape (sentences, 3).
        other: of the other, on the same sentences.
        resamples: how often to swap.
        seed: of the swaps.

    Returns:
        The two-sided p-value, from 1 / (resamples + 1) to 1.
    """
    rows, frequency = _distinct(np.concatenate([one, other], axis=1))
    generator = np.random.default_rng(seed)
    ours, theirs = rows[:, :COUNTS], rows[:, COUNTS:]
    swaps = [
        _exact_product(generator.binomial(frequency, 0.5, size=(size, len(rows))), theirs - ours)
        for size in _portions(resamples, len(rows))
    ]
    moved = np.concatenate(swaps)
    differences = np.abs(f1_of(one.sum(axis=0) + moved) - f1_of(other.sum(axis=0) - moved))
    observed = abs(f1_of(one.sum(axis=0)) - f1_of(other.sum(axis=0)))
    return float((1 + np.count_nonzero(differences >= observed - 1e-12)) / (1 + resamples))


def _distinct(counts: "NDArray[np.int64]") -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Return the distinct rows of counts, flattened, and how many sentences have each.

    The digits of a row make one number, which sorts many times faster than a row (as `np.unique(axis=0)` does it).
    """
    rows = counts.reshape(len(counts), -1)
    number = np.zeros(len(rows), dtype=np.int64)
    for digit in rows.T:
        base = int(digit.max(initial=0)) + 1
        if int(number.max(initial=0)) * base >= NUMBER_LIMIT:
            number = np.unique(number, return_inverse=True)[1].reshape(-1)
        number = number * base + digit
    _, first, frequency = np.unique(number, return_index=True, return_counts=True)
    return rows[first], frequency


def _portions(resamples: int, rows: int) -> list[int]:
    """Split the resamples so that what is drawn for a portion stays below MEMORY_NUMBERS."""
    most = max(1, MEMORY_NUMBERS // max(rows, 1))
    return [min(most, resamples - done) for done in range(0, resamples, most)]


def _exact_product(one: "NDArray[np.int64]", other: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Multiply as floats, for which there is BLAS: counts below 2**53 stay exact."""
    product: NDArray[np.int64] = (one.astype(float) @ other.astype(float)).astype(np.int64)
    return product
