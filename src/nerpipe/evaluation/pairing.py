"""Pairs of gold and predicted spans: each span that is wrong belongs to one kind of mistake.

This module needs numpy alone, so that two files can be scored without pandas.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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


def count_findings(match: Match, findings: Findings) -> Counter[tuple[str, str, str]]:
    """Count the findings by kind, gold type and predicted type. The type of a side without a span is NONE."""
    names = [NONE, *match.types]
    gold, predicted = span_types(match.gold, findings.gold), span_types(match.predicted, findings.predicted)
    codes, spans = np.unique((findings.kind * len(names) + gold) * len(names) + predicted, return_counts=True)
    pairs, predicted = np.divmod(codes, len(names))
    kinds, gold = np.divmod(pairs, len(names))
    columns = (part.tolist() for part in (kinds, gold, predicted, spans))
    return Counter(
        {(FINDING_KINDS[kind], names[one], names[two]): count for kind, one, two, count in zip(*columns, strict=True)}
    )


def span_types(spans: Spans, places: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Return the type of each span, counted from 1, and 0 where there is no span.

    Args:
        spans: The spans of one side.
        places: The index of a span, or -1. Shape: (findings,).
    """
    found = np.zeros(len(places), dtype=np.int64)
    found[places >= 0] = spans.type[places[places >= 0]] + 1
    return found


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
