"""What kind of mistake each difference between gold and predicted spans is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from nerpipe.scoring.scores import Surfaces
from nerpipe.scoring.spans import Match

if TYPE_CHECKING:
    from numpy.typing import NDArray

CORRECT = "correct"
# In the order in which a span that could be in two classes takes one.
MISTAKES = ("type", "boundary", "boundary_type", "missed", "spurious")
NONE = "(none)"  # in the place of a type: there is no span on this side


class Finding(NamedTuple):
    """A gold span, a predicted one, or a pair of both, and what it is: correct or one of MISTAKES."""

    kind: str
    gold: int | None  # its place among the gold spans
    predicted: int | None


def find_mistakes(match: Match) -> list[Finding]:
    """Put every span of both sides into exactly one finding.

    A wrong gold and a wrong predicted span that share a word are paired, each with one other at most: first those of
    the same words (`type`), then those of the same type (`boundary`), then any (`boundary_type`); among several the
    pair that shares most words, then the leftmost. What stays alone is `missed` (gold) or `spurious` (predicted). So
    the false negatives are the findings with a gold span that are not correct, and the false positives those with a
    predicted one.
    """
    hits = zip(np.flatnonzero(match.gold_hit).tolist(), np.flatnonzero(match.predicted_hit).tolist(), strict=True)
    right = [Finding(CORRECT, gold, predicted) for gold, predicted in hits]  # in the same order on both sides
    wrong, paired_gold, paired_predicted = [], set(), set()
    for rank, _, gold, predicted in sorted(_overlaps(match)):
        if gold not in paired_gold and predicted not in paired_predicted:
            paired_gold.add(gold)
            paired_predicted.add(predicted)
            wrong.append(Finding(MISTAKES[rank], gold, predicted))
    missed = [
        Finding("missed", place, None) for place in np.flatnonzero(~match.gold_hit).tolist() if place not in paired_gold
    ]
    spurious = [
        Finding("spurious", None, place)
        for place in np.flatnonzero(~match.predicted_hit).tolist()
        if place not in paired_predicted
    ]
    return [*right, *wrong, *missed, *spurious]


def _overlaps(match: Match) -> Iterator[tuple[int, int, int, int]]:
    """Yield (rank, minus shared words, gold, predicted) for each wrong pair that shares a word; the best sort first."""
    gold, predicted = match.gold, match.predicted
    wrong_gold, wrong_predicted = np.flatnonzero(~match.gold_hit), np.flatnonzero(~match.predicted_hit)
    # spans of one side are in order and disjoint: those that a span overlaps are neighbours
    first = np.searchsorted(predicted.end[wrong_predicted], gold.start[wrong_gold], side="right")
    last = np.searchsorted(predicted.start[wrong_predicted], gold.end[wrong_gold], side="left")
    for one, begin, end in zip(wrong_gold.tolist(), first.tolist(), last.tolist(), strict=True):
        for other in wrong_predicted[begin:end].tolist():
            same_words = gold.start[one] == predicted.start[other] and gold.end[one] == predicted.end[other]
            rank = 0 if same_words else 1 if gold.type[one] == predicted.type[other] else 2
            shared = min(gold.end[one], predicted.end[other]) - max(gold.start[one], predicted.start[other])
            yield rank, -int(shared), one, other


def mistake_table(match: Match, findings: Sequence[Finding]) -> pd.DataFrame:
    """Count findings by what they are and by the types of both sides: columns error, gold, predicted, spans.

    The rows of one `error` say how often; `correct` is among them. `(none)` stands for a side without a span.
    """
    gold_types, predicted_types = match.gold.type.tolist(), match.predicted.type.tolist()
    counted = Counter(
        (kind, None if gold is None else gold_types[gold], None if predicted is None else predicted_types[predicted])
        for kind, gold, predicted in findings
    )
    rows = [
        (kind, *(NONE if place is None else match.types[place] for place in places), spans)
        for (kind, *places), spans in counted.items()
    ]
    return pd.DataFrame(sorted(rows), columns=["error", "gold", "predicted", "spans"]).astype({"spans": int})


def span_confusion(mistakes: pd.DataFrame) -> pd.DataFrame:
    """Count spans by gold and predicted type, whatever their boundaries: columns gold, predicted, spans.

    Args:
        mistakes: from `mistake_table`.
    """
    return mistakes.groupby(["gold", "predicted"], as_index=False)["spans"].sum()


def confused_surfaces(match: Match, findings: Sequence[Finding], surfaces: Surfaces, most: int) -> pd.DataFrame:
    """List the most frequent mistakes by lower-cased surface form: surface, error, gold, predicted, spans.

    Args:
        match: the spans.
        findings: from `find_mistakes`.
        surfaces: the words of the spans.
        most: rows at most.
    """
    gold_types, predicted_types = match.gold.type.tolist(), match.predicted.type.tolist()
    counted = Counter(
        (
            (surfaces.gold[gold] if gold is not None else surfaces.predicted[predicted or 0]).lower(),
            kind,
            NONE if gold is None else match.types[gold_types[gold]],
            NONE if predicted is None else match.types[predicted_types[predicted]],
        )
        for kind, gold, predicted in findings
        if kind != CORRECT
    )
    first = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:most]
    columns = ["surface", "error", "gold", "predicted", "spans"]
    return pd.DataFrame([(*row, spans) for row, spans in first], columns=columns).astype({"spans": int})


def verdicts(match: Match, findings: Sequence[Finding]) -> "tuple[NDArray[np.str_], NDArray[np.str_]]":
    """Say of each gold and of each predicted span which finding it is in."""
    gold = np.full(len(match.gold), CORRECT, dtype="U13")
    predicted = np.full(len(match.predicted), CORRECT, dtype="U13")
    for finding in findings:
        if finding.gold is not None:
            gold[finding.gold] = finding.kind
        if finding.predicted is not None:
            predicted[finding.predicted] = finding.kind
    return gold, predicted
