"""Scores of entities, computed from spans: micro, by type, by surface form, and by any other grouping of the entities.

docs/evaluation.md defines each number and gives its source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, SupportsInt

import numpy as np

from nerpipe.scoring.spans import Match, Spans, TagRows, match_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

READINGS = ("conlleval", "strict_iob2")


class Score(NamedTuple):
    """Precision, recall and F1, and the counts that they are computed from.

    The scores are fractions. A score whose divisor is 0 is 0.
    """

    precision: float
    recall: float
    f1: float
    support: int  # The number of gold entities.
    predicted: int  # The number of predicted entities.
    correct: int  # The number of predicted entities that are correct.


@dataclass(frozen=True)
class Scores:
    """All scores that need only the gold and the predicted tags."""

    readings: dict[str, Score]  # The micro scores by reading of the tags: "conlleval" and "strict_iob2".
    per_type: dict[str, Score]  # The scores by entity type, in the reading of conlleval.
    token_accuracy: float  # The fraction of all words whose gold tag and predicted tag are the same.


def make_score(correct: SupportsInt, predicted: SupportsInt, support: SupportsInt) -> Score:
    """Compute precision = correct/predicted, recall = correct/support, and F1, which is their harmonic mean.

    >>> make_score(1, 2, 4)
    Score(precision=0.5, recall=0.25, f1=0.3333333333333333, support=4, predicted=2, correct=1)
    """
    right, found, wanted = int(correct), int(predicted), int(support)
    return Score(
        right / found if found else 0.0,
        right / wanted if wanted else 0.0,
        2 * right / (found + wanted) if found + wanted else 0.0,
        wanted,
        found,
        right,
    )


def score(gold: TagRows, predicted: TagRows) -> Scores:
    """Score predicted tags against gold tags.

    >>> score([["B-person", "I-person", "O"]], [["B-person", "O", "O"]]).readings["conlleval"].f1
    0.0
    >>> score([["B-person", "I-person", "O"]], [["B-person", "I-person", "O"]]).readings["conlleval"].f1
    1.0

    Args:
        gold: The IOB2 tags, one row for each sentence.
        predicted: The predicted tags, with as many rows as `gold`. Each row is as long as its gold row.

    Raises:
        NerpipeError: If the tags cannot be matched; see `spans.match_spans`.
    """
    return score_match(match_spans(gold, predicted))


def score_match(match: Match) -> Scores:
    """Compute the scores of spans that are already matched."""
    return Scores(
        {"conlleval": _micro(match), "strict_iob2": _strict(match)},
        grouped_scores(match, match.gold.type, match.predicted.type, match.types),
        match.same_tags / match.words if match.words else 0.0,
    )


def _micro(match: Match) -> Score:
    return make_score(np.count_nonzero(match.gold_hit), len(match.predicted), len(match.gold))


def _strict(match: Match) -> Score:
    """Count only spans that begin with a `B-`, because only they are entities in strict IOB2.

    A span that begins with an `I-` is no entity in that reading. A span that begins with a `B-` has the same words in
    both readings. A gold span is found only if it and the predicted span that begins at the same word both begin with a
    `B-`.
    """
    begun = np.isin(match.gold.start, match.predicted.start[match.predicted.begun])
    correct = np.count_nonzero(match.gold_hit & match.gold.begun & begun)
    return make_score(correct, np.count_nonzero(match.predicted.begun), np.count_nonzero(match.gold.begun))


def grouped_scores(
    match: Match, gold_group: "NDArray[np.int64]", predicted_group: "NDArray[np.int64]", names: Sequence[str]
) -> dict[str, Score]:
    """Score each group of entities separately.

    Args:
        match: The matched spans.
        gold_group: The group of each gold span, as an index into `names`. Shape: (gold entities,).
        predicted_group: The group of each predicted span, as an index into `names`. A correct span has to be in the
            group of its gold span. Shape: (predicted entities,).
        names: The names of the groups.

    Returns:
        The score of each group by its name. Groups without any span are included.
    """
    size = len(names)
    support = np.bincount(gold_group, minlength=size)
    predicted = np.bincount(predicted_group, minlength=size)
    correct = np.bincount(gold_group[match.gold_hit], minlength=size)
    return {name: make_score(correct[i], predicted[i], support[i]) for i, name in enumerate(names)}


class Surfaces(NamedTuple):
    """The surface form of each span: its words, joined by a space."""

    gold: list[str]
    predicted: list[str]


def surfaces_of(match: Match, words: Sequence[str]) -> Surfaces:
    """Read the surface forms of all spans.

    Args:
        match: The matched spans.
        words: All words of the split, one sentence after the other.
    """
    return Surfaces(_texts(match.gold, words), _texts(match.predicted, words))


def _texts(spans: Spans, words: Sequence[str]) -> list[str]:
    return [" ".join(words[start:end]) for start, end in zip(spans.start.tolist(), spans.end.tolist(), strict=True)]


class SurfacePairs(NamedTuple):
    """Distinct pairs of a surface form and an entity type. Those of two files can be joined set by set."""

    gold: set[tuple[str, str]]
    predicted: set[tuple[str, str]]
    correct: set[tuple[str, str]]  # Those of the gold spans that were found.

    def score(self) -> Score:
        """Score the distinct pairs."""
        return make_score(len(self.correct), len(self.predicted), len(self.gold))


def surface_pairs(match: Match, surfaces: Surfaces) -> SurfacePairs:
    """Gather the distinct surface forms, for the second measure of WNUT-17 (Derczynski et al. 2017, section 5).

    The measure counts distinct pairs of a surface form and an entity type: those of the gold spans, of the predicted
    spans, and of the gold spans that were found. The intersection of the first two sets would be wrong, because it also
    has pairs of which no span was found.

    Args:
        match: The matched spans.
        surfaces: The surface forms of the spans.
    """
    gold, predicted = (
        [(text, match.types[kind]) for text, kind in zip(texts, spans.type.tolist(), strict=True)]
        for texts, spans in ((surfaces.gold, match.gold), (surfaces.predicted, match.predicted))
    )
    return SurfacePairs(set(gold), set(predicted), {gold[place] for place in np.flatnonzero(match.gold_hit)})


def surface_score(match: Match, surfaces: Surfaces) -> Score:
    """Score distinct surface forms, as `surface_pairs` defines them.

    Args:
        match: The matched spans.
        surfaces: The surface forms of the spans.
    """
    return surface_pairs(match, surfaces).score()
