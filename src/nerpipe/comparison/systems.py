"""Comparison of two systems: difference of F1, its significance, and the changed sentences (docs/evaluation.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from nerpipe.comparison.common_data import check_same_gold, common_units
from nerpipe.comparison.revisions import SystemOutput
from nerpipe.contracts.schemes import to_iob2
from nerpipe.evaluation.notes import no_interval_note
from nerpipe.evaluation.resampling import (
    COUNTS,
    bootstrap,
    f1_of,
    intervals,
    randomisation_p,
    sentence_counts,
    with_total,
)
from nerpipe.evaluation.signature import NOT_RESAMPLED, GoldSummary, sign
from nerpipe.evaluation.units import DOCUMENTS, Units
from nerpipe.scoring.spans import Match, Spans, match_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA = 0.05
Verdict = Literal["better", "worse", "noise"]
# Broken: only the first side is right. Fixed: only the other side is right. Changed: both are wrong, but differ.
CHANGE_KINDS = ("broken", "fixed", "changed")


class Estimate(NamedTuple):
    """A value and its 95% interval. Both bounds are None if there is no interval (`resampling.intervals`)."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Difference:
    """F1 of both sides and their difference, as fractions."""

    first: Estimate
    other: Estimate
    delta: Estimate  # F1 of the other side minus F1 of the first side.
    support: int  # Number of gold entities.
    left_out: int  # Number of bootstrap resamples without such an entity, which the intervals leave out.


class WordEntity(NamedTuple):
    """An entity in its sentence. It has the words from `start` up to, but without, `end`, counted from 0."""

    type: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Change:
    """A sentence in which the two sides predict different entities."""

    kind: str  # One of CHANGE_KINDS.
    sentence: int  # Number of the sentence, counted from 1.
    text: str
    gold: list[WordEntity]
    first: list[WordEntity]
    other: list[WordEntity]


@dataclass(frozen=True)
class SystemComparison:
    """All results of `nerpipe compare`."""

    micro: Difference
    per_type: dict[str, Difference]
    p: float  # p-value of the micro difference.
    verdict: Verdict
    units: Units  # What was resampled.
    changes: list[Change]  # In the order of their kinds, then of the file.
    signature: str  # Of the F1 of both sides.

    @property
    def sentences(self) -> int:
        """The number of sentences."""
        return len(self.units.place)


def compare(first: SystemOutput, other: SystemOutput, *, resamples: int, seed: int) -> SystemComparison:
    """Compare two sides on the same gold tags. Every difference is `other` minus `first`.

    Both sides are scored on the same bootstrap samples of sentences, or of documents if they are known (paired
    bootstrap: Efron and Tibshirani 1993; Berg-Kirkpatrick et al. 2012). The micro F1 is also tested by paired
    approximate randomisation (Noreen 1989; Yeh 2000).

    Args:
        first: The system to compare with.
        other: The system to judge.
        resamples: The number of resamples of each test.
        seed: The seed of each test.

    Raises:
        NerpipeError: If the words, the gold tags or the documents differ, or a tag is not in IOB2.
    """
    check_same_gold(first, other)
    units = common_units(first, other)
    matches = [match_spans(side.gold, side.predicted) for side in (first, other)]
    types = sorted({kind for match in matches for kind in match.types})
    one, two = (units.sum_counts(_counts(match, types)) for match in matches)
    micro, *rows = _differences(one, two, bootstrap(np.concatenate([one, two], axis=-1), resamples, seed))
    p = randomisation_p(one[:, -1], two[:, -1], resamples, seed)
    changes = _changes(matches[0], matches[1], first.tokens)
    per_type = dict(zip(types, rows, strict=True))
    return SystemComparison(micro, per_type, p, judge(micro.delta, p), units, changes, _signature(first, micro, units))


def _signature(side: SystemOutput, micro: Difference, units: Units) -> str:
    """Sign the F1 of both sides, which have the same gold tags."""
    gold = GoldSummary()
    gold.add(chain.from_iterable(side.tokens), [to_iob2(row)[0] for row in side.gold])
    return sign(gold, scheme=side.scheme, resampled=NOT_RESAMPLED if micro.first.low is None else units.kind)


def judge(delta: Estimate, p: float) -> Verdict:
    """Judge a difference: noise if its 95% interval contains 0 or p is 0.05 or more, otherwise better or worse.

    A difference without an interval is noise.
    """
    if delta.low is None or delta.high is None or delta.low <= 0 <= delta.high or p >= ALPHA:
        return "noise"
    return "better" if delta.value > 0 else "worse"


def verdict_in_words(comparison: SystemComparison) -> str:
    """Describe the result in one sentence, in points.

    >>> delta = Estimate(0.013, -0.002, 0.029)
    >>> change = Change("fixed", 1, "", [], [], [])
    >>> from nerpipe.evaluation.units import units_of
    >>> units = units_of({}, 2)
    >>> micro = Difference(delta, delta, delta, 9, 0)
    >>> verdict_in_words(SystemComparison(micro, {}, 0.2, "noise", units, [change], ""))
    '+1.3 F1, 95% CI -0.2 to +2.9, p = 0.20: not distinguishable from noise at this test size'
    """
    delta, p = comparison.micro.delta, comparison.p
    numbers = f"{points(delta.value)} F1, {show_interval(delta, points)}, p {show_p(p)}"
    if not comparison.changes:
        return f"{numbers}: both sides find the same entities in every sentence"
    ending = {"better": "better", "worse": "worse", "noise": "not distinguishable from noise at this test size"}
    return f"{numbers}: {ending[comparison.verdict]}"


def interval_notes(comparison: SystemComparison) -> list[str]:
    """Say why there are no intervals, or that they are from resampled documents."""
    units = comparison.units
    if not comparison.micro.support:
        return ["There is no gold entity, so F1 says nothing and has no interval."]
    if comparison.micro.delta.low is None:
        return [no_interval_note("The gold tags hold", units)]
    if units.kind == DOCUMENTS:
        return [f"Intervals and p are from resampled documents ({units.count:,} of them)."]
    return []


def points(value: float) -> str:
    """Format a difference of fractions in points, with its sign."""
    return f"{100 * value:+.1f}".replace("-0.0", "+0.0")


def show_bounds(estimate: Estimate, show: Callable[[float], str]) -> str | None:
    """Format the bounds of an interval, or return None if there is no interval.

    Args:
        estimate: The value with its interval.
        show: How a bound is formatted.
    """
    if estimate.low is None or estimate.high is None:
        return None
    return f"{show(estimate.low)} to {show(estimate.high)}"


def show_interval(estimate: Estimate, show: Callable[[float], str]) -> str:
    """Format an interval for a sentence, or say that there is none. The arguments are those of `show_bounds`."""
    bounds = show_bounds(estimate, show)
    return f"95% CI {bounds}" if bounds else "no interval"


def show_p(p: float) -> str:
    """Format a p-value with two or three decimal places, or as "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}" if p < 0.1 else f"= {p:.2f}"  # noqa: PLR2004


def _counts(match: Match, types: Sequence[str]) -> "NDArray[np.int64]":
    """Count by sentence and type, over the types of both sides and with the total last.

    Returns:
        The counts correct, predicted, gold. Shape: (sentences, types + 1, 3).
    """
    counts = np.zeros((match.sentences, len(types), COUNTS), dtype=np.int64)
    counts[:, [types.index(kind) for kind in match.types]] = sentence_counts(match)
    return with_total(counts)


def _differences(one: "NDArray[np.int64]", two: "NDArray[np.int64]", sums: "NDArray[np.int64]") -> list[Difference]:
    """Estimate the difference of each type. The total is first in the result.

    Args:
        one: The counts of the first side. Shape: (units, types + 1, 3).
        two: The counts of the other side. Shape: (units, types + 1, 3).
        sums: The resampled counts of both sides. Shape: (resamples, types + 1, 6).
    """
    values = [f1_of(side.sum(axis=0)) for side in (one, two)]
    drawn = [f1_of(sums[..., :COUNTS]), f1_of(sums[..., COUNTS:])]
    columns, gold = [], one[..., 2]
    for value, resampled in (*zip(values, drawn, strict=True), (values[1] - values[0], drawn[1] - drawn[0])):
        found = intervals(resampled, sums[..., 2], gold)
        bounds = [[None if np.isnan(bound) else bound for bound in side] for side in found.bounds.tolist()]
        columns.append([Estimate(*row) for row in zip(value.tolist(), *bounds, strict=True)])
    numbers = (gold.sum(axis=0).tolist(), found.left_out.tolist())
    rows = [Difference(*row) for row in zip(*columns, *numbers, strict=True)]
    return [rows[-1], *rows[:-1]]


def _changes(first: Match, other: Match, tokens: Sequence[Sequence[str]]) -> list[Change]:
    gold = _by_sentence(first.gold, first, tokens)
    sides = [_by_sentence(match.predicted, match, tokens) for match in (first, other)]
    changes = []
    for place in sorted({*sides[0], *sides[1]}):
        wanted, one, two = (entities.get(place, []) for entities in (gold, *sides))
        if one != two:
            kind = "fixed" if two == wanted else "broken" if one == wanted else "changed"
            changes.append(Change(kind, place + 1, " ".join(tokens[place]), wanted, one, two))
    return sorted(changes, key=lambda change: (CHANGE_KINDS.index(change.kind), change.sentence))


def _by_sentence(spans: Spans, match: Match, tokens: Sequence[Sequence[str]]) -> dict[int, list[WordEntity]]:
    """Group the entities of one side by the index of their sentence."""
    found: dict[int, list[WordEntity]] = {}
    start, end = spans.start - match.offsets[spans.sentence], spans.end - match.offsets[spans.sentence]
    columns = (part.tolist() for part in (spans.sentence, start, end, spans.type))
    for sentence, begin, stop, kind in zip(*columns, strict=True):
        text = " ".join(tokens[sentence][begin:stop])
        found.setdefault(sentence, []).append(WordEntity(match.types[kind], begin, stop, text))
    return found
