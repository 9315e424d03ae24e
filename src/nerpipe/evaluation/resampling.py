"""Uncertainty of scores on one split: bootstrap intervals, and a paired randomisation test of a difference.

Units are resampled, not entities, because the entities of a unit are not independent of each other. A unit is a
document where the documents are known, and otherwise a sentence (`units`). Every F1 is a function of counts that are
summed over units. So a resample only needs to know how often each distinct row of counts was drawn. These numbers
follow a multinomial distribution (each single one is binomial). This is the same distribution as drawing unit by unit,
at a fraction of the cost.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nerpipe.scoring.spans import Match

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.95
NUMBER_LIMIT = 2**62
MEMORY_NUMBERS = 10_000_000  # Numbers that are drawn at a time (80 MB).
COUNTS = 3  # Counts of a unit and type: correct, predicted, gold.
LEAST_UNITS = 2  # An interval needs gold entities in so many units.


class Intervals(NamedTuple):
    """The intervals of several values, such as the F1 of each type. A value without an interval has NaN bounds."""

    bounds: "NDArray[np.float64]"  # The low and the high bounds. Shape: (2, values).
    left_out: "NDArray[np.int64]"  # The resamples without a gold entity, which the bounds leave out. Shape: (values,).


def sentence_counts(match: Match) -> "NDArray[np.int64]":
    """Count the correct, predicted and gold entities by sentence and type. Shape: (sentences, types, 3)."""
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
    """Append the sum over all types as the last type.

    Args:
        counts: The counts by type. Shape: (..., types, 3).

    Returns:
        Shape: (..., types + 1, 3).
    """
    return np.concatenate([counts, counts.sum(axis=-2, keepdims=True)], axis=-2)


def f1_of(counts: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """Compute F1 = 2 correct / (predicted + gold). F1 is 0 where nothing is predicted and there is no gold.

    Args:
        counts: The counts correct, predicted, gold. Shape: (..., 3).

    Returns:
        Shape: (...).
    """
    whole = counts[..., 1] + counts[..., 2]
    f1: NDArray[np.float64] = 2 * counts[..., 0] / np.maximum(whole, 1)
    return f1


def bootstrap(counts: "NDArray[np.int64]", resamples: int, seed: int) -> "NDArray[np.int64]":
    """Draw as many units as there are, with replacement, and sum their counts (Efron and Tibshirani 1993).

    Args:
        counts: The counts by unit. Shape: (units, ...).
        resamples: The number of resamples.
        seed: The seed of the draws.

    Returns:
        The sums of each resample. Shape: (resamples, ...).
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
    """Compute the percentile interval that contains 95% of the resamples.

    Args:
        values: The value of each resample. Shape: (resamples, ...).

    Returns:
        The low and the high bounds. Shape: (2, ...).
    """
    tail = (1 - LEVEL) / 2
    bounds: NDArray[np.float64] = np.quantile(values, [tail, 1 - tail], axis=0)
    return bounds


def intervals(values: "NDArray[np.float64]", drawn_gold: "NDArray[np.int64]", gold: "NDArray[np.int64]") -> Intervals:
    """Compute the interval of each value over the resamples that hold a gold entity of its type.

    In a resample without a gold entity of a type there is nothing to find, so its F1 says nothing. A type whose gold
    entities are all in one unit has no interval, because the resamples cannot show how units differ.

    Args:
        values: The resampled values. Shape: (resamples, values).
        drawn_gold: The gold entities in each resample. Shape: (resamples, values).
        gold: The gold entities of each unit. Shape: (units, values).
    """
    kept = drawn_gold > 0
    bounds = np.full((2, values.shape[1]), np.nan)
    left_out = np.zeros(values.shape[1], dtype=np.int64)
    for place in np.flatnonzero(np.count_nonzero(gold, axis=0) >= LEAST_UNITS):
        bounds[:, place] = interval(values[kept[:, place], place])
        left_out[place] = np.count_nonzero(~kept[:, place])
    return Intervals(bounds, left_out)


def randomisation_p(one: "NDArray[np.int64]", other: "NDArray[np.int64]", resamples: int, seed: int) -> float:
    """Test whether two systems' micro F1 differ, by paired approximate randomisation (Noreen 1989; Yeh 2000).

    If the systems did not differ, the two results of a unit could be swapped. In each resample they are swapped in
    random units. The p-value is the share of resamples whose difference is at least as large as the observed
    difference, which itself counts as one of them.

    Args:
        one: The counts of one system. Shape: (units, 3).
        other: The counts of the other system on the same units. Shape: (units, 3).
        resamples: The number of resamples.
        seed: The seed of the swaps.

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
    """Find the distinct rows of counts, and how many units have each.

    The counts of a row are combined into one number like digits. Numbers sort many times faster than rows, which
    `np.unique(axis=0)` sorts.

    Args:
        counts: The counts by unit. Shape: (units, ...).

    Returns:
        The distinct rows, flattened. Shape: (rows, counts). And the number of units of each. Shape: (rows,).
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
    """Split the resamples into portions that draw at most MEMORY_NUMBERS numbers each, but at least one resample."""
    most = max(1, MEMORY_NUMBERS // max(rows, 1))
    return [min(most, resamples - done) for done in range(0, resamples, most)]


def _exact_product(one: "NDArray[np.int64]", other: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Multiply two matrices as floats, because BLAS is only for floats. Counts below 2**53 stay exact.

    Args:
        one: The left matrix. Shape: (resamples, rows).
        other: The right matrix. Shape: (rows, counts).

    Returns:
        Shape: (resamples, counts).
    """
    product: NDArray[np.int64] = (one.astype(float) @ other.astype(float)).astype(np.int64)
    return product
