"""Scores of groups of entities: seen in train or not, by length of the entity or the sentence, by document."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nerpipe.evaluation.units import Units
from nerpipe.scoring.scores import Surfaces, grouped_scores, surfaces_of
from nerpipe.scoring.spans import Match, Spans, match_spans

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from nerpipe.contracts.conll import Sentence

SEEN = ("seen", "unseen")
# Each bin is its smallest number of words and its name.
ENTITY_WORDS = ((1, "1"), (2, "2"), (3, "3"), (4, "4 or more"))
SENTENCE_WORDS = ((0, "10 or fewer"), (11, "11 to 20"), (21, "21 to 40"), (41, "41 or more"))


def surfaces_in(sentences: Iterable["Sentence"]) -> set[str]:
    """Collect the surface forms of the entities of all types, in lower case.

    Args:
        sentences: The sentences of the training split.
    """
    kept = list(sentences)
    gold = [sentence.tags for sentence in kept]
    words = [word for sentence in kept for word in sentence.tokens]
    return {text.lower() for text in surfaces_of(match_spans(gold, gold), words).gold}


def seen(texts: Sequence[str], known: "AbstractSet[str]") -> "NDArray[np.bool_]":
    """Say for each surface form whether it is, in lower case, an entity of the training split.

    Args:
        texts: The surface forms.
        known: The surface forms of the training split's entities, in lower case.

    Returns:
        Shape: (surface forms,).
    """
    return np.array([text.lower() in known for text in texts], dtype=bool)


def breakdown(match: Match, surfaces: Surfaces, known: "AbstractSet[str] | None") -> pd.DataFrame:
    """Score groups of entities.

    The group of an entity, gold or predicted, depends on its own words or its own sentence.

    Args:
        match: The spans.
        surfaces: The words of the spans.
        known: The surface forms of the training split's entities, in lower case. None: the training split is not known,
            so the table has no rows of seen and unseen entities.

    Returns:
        A table with the columns by, group, precision, recall, f1, support, predicted.
    """
    sentence_words = np.diff(match.offsets)
    groupings = [
        ("words of the entity", *_binned(ENTITY_WORDS, match, lambda spans: spans.end - spans.start)),
        ("words of the sentence", *_binned(SENTENCE_WORDS, match, lambda spans: sentence_words[spans.sentence])),
    ]
    if known is not None:
        groupings = [
            ("seen in train", [*SEEN], [(~seen(texts, known)).astype(np.int64) for texts in surfaces]),
            *groupings,
        ]
    rows = [
        (by, group, result.precision, result.recall, result.f1, result.support, result.predicted)
        for by, names, (gold, predicted) in groupings
        for group, result in grouped_scores(match, gold, predicted, names).items()
    ]
    return pd.DataFrame(rows, columns=["by", "group", "precision", "recall", "f1", "support", "predicted"])


def document_table(match: Match, units: Units) -> pd.DataFrame:
    """Score each document of a split.

    Args:
        match: The spans.
        units: The units of the split.

    Returns:
        A table with the columns document, sentences, words, precision, recall, f1, support, predicted, in the order of
        the file. It has no row if the documents are not known.
    """
    columns = ["document", "sentences", "words", "precision", "recall", "f1", "support", "predicted"]
    if not units.names:
        return pd.DataFrame(columns=columns)
    found = grouped_scores(match, units.place[match.gold.sentence], units.place[match.predicted.sentence], units.names)
    sentences = np.bincount(units.place).tolist()
    words = units.sum_counts(np.diff(match.offsets)).tolist()
    rows = [
        (name, *size, result.precision, result.recall, result.f1, result.support, result.predicted)
        for (name, result), *size in zip(found.items(), sentences, words, strict=True)
    ]
    return pd.DataFrame(rows, columns=columns)


def _binned(
    bins: Sequence[tuple[int, str]], match: Match, value: "Callable[[Spans], NDArray[np.int64]]"
) -> "tuple[list[str], list[NDArray[np.int64]]]":
    """Return the names of the bins, and for gold and for predicted spans the bin of each span. Shape: (spans,)."""
    edges = np.array([low for low, _ in bins])
    sides = (match.gold, match.predicted)
    return [name for _, name in bins], [np.searchsorted(edges, value(spans), side="right") - 1 for spans in sides]
