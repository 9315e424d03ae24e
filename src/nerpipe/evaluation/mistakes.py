"""The kinds of mistakes: each difference between gold and predicted spans belongs to one kind."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nerpipe.scoring.scores import Surfaces
from nerpipe.scoring.spans import Match, Spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

CORRECT = "correct"
# A span that could be of two kinds is of the first one in this order.
MISTAKES = ("type", "boundary", "boundary_type", "missed", "spurious")
# Stands in place of a type if there is no span on this side. No type has white space, so none has this name.
NONE = "(no entity)"


FINDING_KINDS = (CORRECT, *MISTAKES)


@dataclass(frozen=True)
class Findings:
    """Gold spans, predicted spans and pairs of both, each with its kind. They are columns, because there are many."""

    kind: "NDArray[np.int64]"  # The kind, as an index into FINDING_KINDS. Shape: (findings,).
    gold: "NDArray[np.int64]"  # The index of the gold span, or -1 if there is none. Shape: (findings,).
    predicted: "NDArray[np.int64]"  # The index of the predicted span, or -1 if there is none. Shape: (findings,).


def find_mistakes(match: Match) -> Findings:
    """Assign every gold and every predicted span to exactly one finding.

    A gold span and a predicted span that are both wrong and share a word form a pair. Each span is in at most one
    pair. Pairs with the same words (`type`) are formed first, then pairs with the same type (`boundary`), then any
    others (`boundary_type`). Of several possible pairs of one kind, the pair that shares the most words is formed
    first, then the leftmost. A span without a partner is `missed` (gold) or `spurious` (predicted). So the false
    negatives are the findings with a gold span that are not correct, and the false positives are those with a
    predicted span.
    """
    ranks, golds, guesses = [], list[int](), list[int]()
    free_gold, free_predicted = ~match.gold_hit, ~match.predicted_hit
    for rank, _, gold, predicted in sorted(_overlaps(match)):
        if free_gold[gold] and free_predicted[predicted]:
            free_gold[gold] = free_predicted[predicted] = False
            ranks.append(rank)
            golds.append(gold)
            guesses.append(predicted)
    missed, spurious = np.flatnonzero(free_gold), np.flatnonzero(free_predicted)
    hits = np.flatnonzero(match.gold_hit), np.flatnonzero(match.predicted_hit)  # Both sides are in the same order.
    parts = (
        (np.full(len(hits[0]), FINDING_KINDS.index(CORRECT)), *hits),
        (np.array(ranks, dtype=np.int64) + FINDING_KINDS.index(MISTAKES[0]), golds, guesses),
        (np.full(len(missed), FINDING_KINDS.index("missed")), missed, np.full(len(missed), -1)),
        (np.full(len(spurious), FINDING_KINDS.index("spurious")), np.full(len(spurious), -1), spurious),
    )
    return Findings(
        *(np.concatenate([np.asarray(part, np.int64) for part in column]) for column in zip(*parts, strict=True))
    )


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


def mistake_table(match: Match, findings: Findings) -> pd.DataFrame:
    """Count the findings by their kind and by the types of both sides.

    Returns:
        A table with the columns error (the kind; `correct` is one of them), gold, predicted, spans. The type of a side
        without a span is `(no entity)`.
    """
    names = [NONE, *match.types]
    gold, predicted = _types(match.gold, findings.gold), _types(match.predicted, findings.predicted)
    codes, spans = np.unique((findings.kind * len(names) + gold) * len(names) + predicted, return_counts=True)
    pairs, predicted = np.divmod(codes, len(names))
    kinds, gold = np.divmod(pairs, len(names))
    rows = [
        (FINDING_KINDS[kind], names[one], names[two], count)
        for kind, one, two, count in zip(*(part.tolist() for part in (kinds, gold, predicted, spans)), strict=True)
    ]
    return pd.DataFrame(sorted(rows), columns=["error", "gold", "predicted", "spans"]).astype({"spans": int})


def _types(spans: Spans, places: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Return the type of each span, counted from 1, and 0 where there is no span.

    Args:
        spans: The spans of one side.
        places: The index of a span, or -1. Shape: (findings,).
    """
    found = np.zeros(len(places), dtype=np.int64)
    found[places >= 0] = spans.type[places[places >= 0]] + 1
    return found


def span_confusion(mistakes: pd.DataFrame) -> pd.DataFrame:
    """Count the spans by gold and predicted type, whether their boundaries agree or not.

    Args:
        mistakes: The table of `mistake_table`.

    Returns:
        A table with the columns gold, predicted, spans.
    """
    return mistakes.groupby(["gold", "predicted"], as_index=False)["spans"].sum()


def confused_surfaces(match: Match, findings: Findings, surfaces: Surfaces, most: int) -> pd.DataFrame:
    """List the most frequent mistakes by surface form, in lower case.

    Args:
        match: The spans.
        findings: The findings of `find_mistakes`.
        surfaces: The words of the spans.
        most: The largest number of rows.

    Returns:
        A table with the columns surface, error, gold, predicted, spans.
    """
    names = [NONE, *match.types]
    wrong = findings.kind != FINDING_KINDS.index(CORRECT)
    columns = (findings.kind, findings.gold, findings.predicted)
    types = (_types(match.gold, findings.gold), _types(match.predicted, findings.predicted))
    counted = Counter(
        (
            (surfaces.predicted[guess] if gold < 0 else surfaces.gold[gold]).lower(),
            FINDING_KINDS[kind],
            names[one],
            names[two],
        )
        for kind, gold, guess, one, two in zip(*(part[wrong].tolist() for part in (*columns, *types)), strict=True)
    )
    first = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:most]
    heads = ["surface", "error", "gold", "predicted", "spans"]
    return pd.DataFrame([(*row, spans) for row, spans in first], columns=heads).astype({"spans": int})


def verdicts(match: Match, findings: Findings) -> "tuple[NDArray[np.str_], NDArray[np.str_]]":
    """Return the kind of finding of each gold and of each predicted span. Shape: (spans,) for each side."""
    kinds = np.array(FINDING_KINDS)[findings.kind]
    gold, predicted = (np.full(len(spans), CORRECT, dtype=kinds.dtype) for spans in (match.gold, match.predicted))
    for side, places in ((gold, findings.gold), (predicted, findings.predicted)):
        side[places[places >= 0]] = kinds[places >= 0]
    return gold, predicted


def pair_numbers(match: Match, findings: Findings) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Number the pairs of a wrong gold and a wrong predicted span.

    Returns:
        The number of the pair of each gold and of each predicted span, or -1 if it is in none. Shape: (spans,) for each
        side.
    """
    both = (findings.gold >= 0) & (findings.predicted >= 0) & (findings.kind != FINDING_KINDS.index(CORRECT))
    gold, predicted = (np.full(len(spans), -1, dtype=np.int64) for spans in (match.gold, match.predicted))
    for side, places in ((gold, findings.gold[both]), (predicted, findings.predicted[both])):
        side[places] = np.arange(len(places))
    return gold, predicted
