"""Comparison of two systems: difference of F1, its significance, and the changed sentences (docs/evaluation.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from nerpipe.comparison.revisions import SystemOutput
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.resampling import (
    COUNTS,
    bootstrap,
    f1_of,
    interval,
    randomisation_p,
    sentence_counts,
    with_total,
)
from nerpipe.scoring.spans import Match, Spans, match_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA = 0.05
Verdict = Literal["better", "worse", "noise"]
# Broken: only the first side is right. Fixed: only the other side is right. Changed: both are wrong, but differ.
CHANGE_KINDS = ("broken", "fixed", "changed")


class Estimate(NamedTuple):
    """A value and its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """F1 of both sides and their difference, as fractions."""

    first: Estimate
    other: Estimate
    delta: Estimate  # F1 of the other side minus F1 of the first side.
    support: int  # Number of gold entities.


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
    sentences: int
    changes: list[Change]  # In the order of their kinds, then of the file.


def compare(first: SystemOutput, other: SystemOutput, *, resamples: int, seed: int) -> SystemComparison:
    """Compare two sides on the same gold tags. Every difference is `other` minus `first`.

    Both sides are scored on the same bootstrap samples of sentences (paired bootstrap: Efron and Tibshirani 1993;
    Berg-Kirkpatrick et al. 2012). The micro F1 is also tested by paired approximate randomisation (Noreen 1989; Yeh
    2000).

    Args:
        first: The system to compare with.
        other: The system to judge.
        resamples: The number of resamples of each test.
        seed: The seed of each test.

    Raises:
        NerpipeError: If the words or the gold tags differ, or a tag is not in IOB2.
    """
    check_same_gold(first, other)
    matches = [match_spans(side.gold, side.predicted) for side in (first, other)]
    types = sorted({kind for match in matches for kind in match.types})
    one, two = (_counts(match, types) for match in matches)
    micro, *rows = _differences(one, two, bootstrap(np.concatenate([one, two], axis=-1), resamples, seed))
    p = randomisation_p(one[:, -1], two[:, -1], resamples, seed)
    changes = _changes(matches[0], matches[1], first.tokens)
    per_type = dict(zip(types, rows, strict=True))
    return SystemComparison(micro, per_type, p, judge(micro.delta, p), len(first.gold), changes)


def judge(delta: Estimate, p: float) -> Verdict:
    """Judge a difference: noise if its 95% interval contains 0 or p is 0.05 or more, otherwise better or worse."""
    if delta.low <= 0 <= delta.high or p >= ALPHA:
        return "noise"
    return "better" if delta.value > 0 else "worse"


def verdict_in_words(comparison: SystemComparison) -> str:
    """Describe the result in one sentence, in points.

    >>> delta = Estimate(0.013, -0.002, 0.029)
    >>> change = Change("fixed", 1, "", [], [], [])
    >>> verdict_in_words(SystemComparison(Difference(delta, delta, delta, 9), {}, 0.2, "noise", 1, [change]))
    '+1.3 F1, 95% CI -0.2 to +2.9, p = 0.20: not distinguishable from noise at this test size'
    """
    delta, p = comparison.micro.delta, comparison.p
    numbers = f"{points(delta.value)} F1, 95% CI {points(delta.low)} to {points(delta.high)}, p {show_p(p)}"
    if not comparison.changes:
        return f"{numbers}: both sides find the same entities in every sentence"
    ending = {"better": "better", "worse": "worse", "noise": "not distinguishable from noise at this test size"}
    return f"{numbers}: {ending[comparison.verdict]}"


def points(value: float) -> str:
    """Format a difference of fractions in points, with its sign."""
    return f"{100 * value:+.1f}".replace("-0.0", "+0.0")


def show_p(p: float) -> str:
    """Format a p-value with two or three decimal places, or as "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}" if p < 0.1 else f"= {p:.2f}"  # noqa: PLR2004


def check_same_gold(first: SystemOutput, other: SystemOutput) -> None:
    """Check that both sides have the same words and gold tags, because scores on different data cannot be compared.

    Raises:
        NerpipeError: If they differ; the message names the first sentence that differs.
    """
    pairs = zip(zip(first.tokens, first.gold, strict=True), zip(other.tokens, other.gold, strict=True), strict=False)
    sizes = len(first.gold), len(other.gold)
    place = next((index for index, (one, two) in enumerate(pairs) if one != two), None)
    if place is None and sizes[0] == sizes[1]:
        return
    if place is None:
        what = (
            f"{first.source} has {sizes[0]} sentences, {other.source} has {sizes[1]}; the sentences of the shorter one "
            "are the same in both"
        )
    else:
        shown = [_first_parting(first, other, place), _first_parting(other, first, place)]
        where = f"{shown[0]} in {first.source}, {shown[1]} in {other.source}"
        what = f"Sentence {place + 1} is the first that differs: {where}"
    raise NerpipeError(
        "the two sides have different words or gold tags, so their scores cannot be compared. "
        f"{what}. Evaluate both on the same data: set the same dataset in params.yaml, use the same "
        "files and the same corpus.yaml in data/raw, and run `dvc repro`. Or name a side that was evaluated on the "
        "same data"
    )


def _first_parting(side: SystemOutput, other: SystemOutput, place: int) -> str:
    """Describe the first word of a sentence that is not the same on both sides, with its gold tag."""
    rows, others = ([*zip(each.tokens[place], each.gold[place], strict=True)] for each in (side, other))
    for number, row in enumerate(rows, start=1):
        if number > len(others) or row != others[number - 1]:
            return f"word {number} {row[0]!r} {row[1]}"
    return f"no word after word {len(rows)}"


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
        one: The counts of the first side. Shape: (sentences, types + 1, 3).
        two: The counts of the other side. Shape: (sentences, types + 1, 3).
        sums: The resampled counts of both sides. Shape: (resamples, types + 1, 6).
    """
    sides = [_estimates(one.sum(axis=0), sums[..., :COUNTS]), _estimates(two.sum(axis=0), sums[..., COUNTS:])]
    drawn = f1_of(sums[..., COUNTS:]) - f1_of(sums[..., :COUNTS])
    deltas = _with_interval(f1_of(two.sum(axis=0)) - f1_of(one.sum(axis=0)), drawn)
    support: list[int] = one[..., 2].sum(axis=0).tolist()
    rows = [Difference(*row) for row in zip(*sides, deltas, support, strict=True)]
    return [rows[-1], *rows[:-1]]


def _estimates(counts: "NDArray[np.int64]", sums: "NDArray[np.int64]") -> list[Estimate]:
    """Estimate F1 of each type.

    Args:
        counts: The counts. Shape: (types + 1, 3).
        sums: The resampled counts. Shape: (resamples, types + 1, 3).
    """
    return _with_interval(f1_of(counts), f1_of(sums))


def _with_interval(values: "NDArray[np.float64]", drawn: "NDArray[np.float64]") -> list[Estimate]:
    """Add the 95% interval to each value.

    Args:
        values: The values. Shape: (types + 1,).
        drawn: The resampled values. Shape: (resamples, types + 1).
    """
    return [Estimate(*row) for row in zip(values.tolist(), *interval(drawn).tolist(), strict=True)]


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
