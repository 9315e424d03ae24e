"""The kinds of mistakes: each difference between gold and predicted spans belongs to one kind."""

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
# A span that could be of two kinds is of the first one in this order.
MISTAKES = ("type", "boundary", "boundary_type", "missed", "spurious")
# Stands in place of a type if there is no span on this side. No type has white space, so none has this name.
NONE = "(no entity)"


class Finding(NamedTuple):
    """A gold span, a predicted span, or a pair of both, and its kind."""

    kind: str  # CORRECT or one of MISTAKES.
    gold: int | None  # Index of the gold span.
    predicted: int | None  # Index of the predicted span.


def find_mistakes(match: Match) -> list[Finding]:
    """Assign every gold and every predicted span to exactly one finding.

    A gold span and a predicted span that are both wrong and share a word form a pair. Each span is in at most one
    pair. Pairs with the same words (`type`) are formed first, then pairs with the same type (`boundary`), then any
    others (`boundary_type`). Of several possible pairs of one kind, the pair that shares the most words is formed
    first, then the leftmost. A span without a partner is `missed` (gold) or `spurious` (predicted). So the false
    negatives are the findings with a gold span that are not correct, and the false positives are those with a
    predicted span.
    """
    hits = zip(np.flatnonzero(match.gold_hit).tolist(), np.flatnonzero(match.predicted_hit).tolist(), strict=True)
    right = [Finding(CORRECT, gold, predicted) for gold, predicted in hits]  # Both sides are in the same order.
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
    """Yield (rank, minus shared words, gold, predicted) for each wrong pair that shares a word. The best sorts first.

    The rank is an index of MISTAKES.
    """
    gold, predicted = match.gold, match.predicted
    wrong_gold, wrong_predicted = np.flatnonzero(~match.gold_hit), np.flatnonzero(~match.predicted_hit)
    # Spans of one side are in order and disjoint, so the spans that overlap a given span are consecutive.
    first = np.searchsorted(predicted.end[wrong_predicted], gold.start[wrong_gold], side="right")
    last = np.searchsorted(predicted.start[wrong_predicted], gold.end[wrong_gold], side="left")
    for one, begin, end in zip(wrong_gold.tolist(), first.tolist(), last.tolist(), strict=True):
        for other in wrong_predicted[begin:end].tolist():
            same_words = gold.start[one] == predicted.start[other] and gold.end[one] == predicted.end[other]
            rank = 0 if same_words else 1 if gold.type[one] == predicted.type[other] else 2
            shared = min(gold.end[one], predicted.end[other]) - max(gold.start[one], predicted.start[other])
            yield rank, -int(shared), one, other


def mistake_table(match: Match, findings: Sequence[Finding]) -> pd.DataFrame:
    """Count the findings by their kind and by the types of both sides.

    Returns:
        A table with the columns error (the kind; `correct` is one of them), gold, predicted, spans. The type of a side
        without a span is `(no entity)`.
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
    """Count the spans by gold and predicted type, whether their boundaries agree or not.

    Args:
        mistakes: The table of `mistake_table`.

    Returns:
        A table with the columns gold, predicted, spans.
    """
    return mistakes.groupby(["gold", "predicted"], as_index=False)["spans"].sum()


def confused_surfaces(match: Match, findings: Sequence[Finding], surfaces: Surfaces, most: int) -> pd.DataFrame:
    """List the most frequent mistakes by surface form, in lower case.

    Args:
        match: The spans.
        findings: The findings of `find_mistakes`.
        surfaces: The words of the spans.
        most: The largest number of rows.

    Returns:
        A table with the columns surface, error, gold, predicted, spans.
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
    """Return the kind of finding of each gold and of each predicted span. Shape: (spans,) for each side."""
    gold = np.full(len(match.gold), CORRECT, dtype="U13")
    predicted = np.full(len(match.predicted), CORRECT, dtype="U13")
    for finding in findings:
        if finding.gold is not None:
            gold[finding.gold] = finding.kind
        if finding.predicted is not None:
            predicted[finding.predicted] = finding.kind
    return gold, predicted
