"""The four matches of SemEval-2013 task 9.1: strict, exact, partial and type (Segura-Bedmar et al. 2013).

    match    what a predicted entity must have in common with its gold entity to be correct
    strict   all words and the type, as in all other scores of this package
    exact    all words
    partial  all words; if it shares some of them, it is half right
    type     the type and at least one word

Each entity, gold or predicted, is counted once (the categories of MUC-5, Chinchor and Sundheim 1993). A pair of a gold
and a predicted entity is correct, partial or incorrect, a gold entity without a partner is missed, and a predicted
entity without one is spurious:

    precision = (correct + partial / 2) / (correct + incorrect + partial + spurious)
    recall    = (correct + partial / 2) / (correct + incorrect + partial + missed)
    F1        = 2 (correct + partial / 2) / (the sum of both divisors)

The task does not say which entities are partners if one overlaps with several. Here all four matches have the pairs of
`pairing.find_mistakes`, so they agree with the table of mistakes. nervaluate pairs each predicted entity with the first
gold entity that is still free, from left to right, and for each match anew.

A row of a type has the gold and the predicted entities of this type alone, as in nervaluate since version 1: a pair of
two types is a missed one and a spurious one there. So strict gives the scores by type of conlleval.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from nerpipe.evaluation.pairing import CORRECT, NONE

MATCHES = ("strict", "exact", "partial", "type")
ALL_TYPES = "(all types)"  # Stands in place of a type. No type has white space, so none has this name.
_CATEGORIES = {  # What a finding counts as in each of MATCHES, by its kind.
    CORRECT: ("correct", "correct", "correct", "correct"),
    "type": ("incorrect", "correct", "correct", "incorrect"),
    "boundary": ("incorrect", "incorrect", "partial", "correct"),
    "boundary_type": ("incorrect", "incorrect", "partial", "incorrect"),
    "missed": ("missed", "missed", "missed", "missed"),
    "spurious": ("spurious", "spurious", "spurious", "spurious"),
}


class Categories(NamedTuple):
    """The number of entities, or pairs of entities, in each category of a match."""

    correct: int = 0
    incorrect: int = 0
    partial: int = 0
    missed: int = 0
    spurious: int = 0

    def scores(self) -> dict[str, float]:
        """Compute precision, recall and f1 as fractions. A score whose divisor is 0 is 0.

        >>> Categories(correct=1, incorrect=0, partial=2, missed=1, spurious=0).scores()
        {'precision': 0.6666666666666666, 'recall': 0.5, 'f1': 0.5714285714285714}
        """
        right = self.correct + self.partial / 2
        pairs = self.correct + self.incorrect + self.partial
        predicted, gold = pairs + self.spurious, pairs + self.missed
        divisors = {"precision": predicted, "recall": gold, "f1": (predicted + gold) / 2}
        return {name: right / divisor if divisor else 0.0 for name, divisor in divisors.items()}


def semeval_rows(findings: Mapping[tuple[str, str, str], int]) -> list[dict[str, Any]]:
    """Tabulate the four matches over all types and then for each type.

    Args:
        findings: The number of findings by kind, gold type and predicted type, from `pairing.count_findings`.

    Returns:
        Rows with the columns type, match, correct, incorrect, partial, missed, spurious, precision, recall, f1.
    """
    of_types: dict[str, Counter[str]] = {ALL_TYPES: Counter()}
    for kind in sorted({kind for _, *both in findings for kind in both} - {NONE}):
        of_types[kind] = Counter()
    for (kind, gold, predicted), count in findings.items():
        of_types[ALL_TYPES][kind] += count
        if gold == predicted:
            of_types[gold][kind] += count
            continue
        if gold != NONE:
            of_types[gold]["missed"] += count
        if predicted != NONE:
            of_types[predicted]["spurious"] += count
    return [
        {"type": name, "match": match, **counted._asdict(), **counted.scores()}
        for name, kinds in of_types.items()
        for match, counted in zip(MATCHES, _count(kinds), strict=True)
    ]


def _count(kinds: Mapping[str, int]) -> list[Categories]:
    """Count the categories of each match, from the number of findings of each kind."""
    counted: list[Counter[str]] = [Counter() for _ in MATCHES]
    for kind, count in kinds.items():
        for categories, category in zip(counted, _CATEGORIES[kind], strict=True):
            categories[category] += count
    return [Categories(**categories) for categories in counted]
