"""Entity scores from spans: micro, by type, by surface form, and by any other grouping of the entities.

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
    """Fractions, 0 where nothing is divided, and the counts that they come from."""

    precision: float
    recall: float
    f1: float
    support: int  # gold entities
    predicted: int
    correct: int


@dataclass(frozen=True)
class Scores:
    """What there is to say of gold and predicted tags alone."""

    readings: dict[str, Score]  # micro: "conlleval", "strict_iob2"
    per_type: dict[str, Score]  # reading of conlleval
    token_accuracy: float  # words whose two tags are the same, of all words


def make_score(correct: SupportsInt, predicted: SupportsInt, support: SupportsInt) -> Score:
    """Compute precision = correct/predicted, recall = correct/support, and F1, their harmonic mean.

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
        gold: IOB2 tags, a row a sentence.
        predicted: as many rows, each as long as its gold row.

    Raises:
        NerpipeError: as `spans.match_spans`.
    """
    return score_match(match_spans(gold, predicted))


def score_match(match: Match) -> Scores:
    """Score spans that are already matched."""
    return Scores(
        {"conlleval": _micro(match), "strict_iob2": _strict(match)},
        grouped_scores(match, match.gold.type, match.predicted.type, match.types),
        match.same_tags / match.words if match.words else 0.0,
    )


def _micro(match: Match) -> Score:
    return make_score(np.count_nonzero(match.gold_hit), len(match.predicted), len(match.gold))


def _strict(match: Match) -> Score:
    """Count only spans that begin with a B-: those are the entities of strict IOB2.

    A span that begins with I- is none at all there, and one that begins with B- has the same words in both readings.
    A hit needs a B- on either side; the two begin at the same word.
    """
    begun = np.isin(match.gold.start, match.predicted.start[match.predicted.begun])
    correct = np.count_nonzero(match.gold_hit & match.gold.begun & begun)
    return make_score(correct, np.count_nonzero(match.predicted.begun), np.count_nonzero(match.gold.begun))


def grouped_scores(
    match: Match, gold_group: "NDArray[np.int64]", predicted_group: "NDArray[np.int64]", names: Sequence[str]
) -> dict[str, Score]:
    """Score each group of entities for itself.

    Args:
        match: the spans.
        gold_group: for each gold span a place in `names`.
        predicted_group: for each predicted span the same; a right span is in the group of its gold span.
        names: of the groups, in their order.

    Returns:
        A score by name, groups with no span on either side included.
    """
    size = len(names)
    support = np.bincount(gold_group, minlength=size)
    predicted = np.bincount(predicted_group, minlength=size)
    correct = np.bincount(gold_group[match.gold_hit], minlength=size)
    return {name: make_score(correct[i], predicted[i], support[i]) for i, name in enumerate(names)}


class Surfaces(NamedTuple):
    """The words of each span, joined by a space."""

    gold: list[str]
    predicted: list[str]


def surfaces_of(match: Match, words: Sequence[str]) -> Surfaces:
    """Read the words of all spans.

    Args:
        match: the spans.
        words: all words of the split, sentence after sentence.
    """
    return Surfaces(_texts(match.gold, words), _texts(match.predicted, words))


def _texts(spans: Spans, words: Sequence[str]) -> list[str]:
    return [" ".join(words[start:end]) for start, end in zip(spans.start.tolist(), spans.end.tolist(), strict=True)]


def surface_score(match: Match, surfaces: Surfaces) -> Score:
    """Score distinct surface forms: WNUT-17's second measure (Derczynski et al. 2017, section 5).

    What counts is each distinct pair of words and type: gold ones, predicted ones, and those of the position-correct
    entities. A plain intersection of the two sets would also count forms that were right nowhere.

    Args:
        match: the spans.
        surfaces: their words.
    """
    gold, predicted = (
        list(zip(texts, spans.type.tolist(), strict=True))
        for texts, spans in ((surfaces.gold, match.gold), (surfaces.predicted, match.predicted))
    )
    correct = {gold[place] for place in np.flatnonzero(match.gold_hit)}
    return make_score(len(correct), len(set(predicted)), len(set(gold)))
