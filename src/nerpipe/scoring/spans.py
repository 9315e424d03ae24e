"""Spans as numpy arrays. Tags are read into spans once, and every score is computed from these arrays."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING

import numpy as np

from nerpipe.contracts.schemes import OUTSIDE, SCHEMES, is_tag, split_tag
from nerpipe.contracts.terminal import number_of
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

TagRows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Spans:
    """The entities of a split in the reading of conlleval, sorted by `start`.

    Words and sentences are counted from 0 through the whole split.
    """

    sentence: "NDArray[np.int64]"  # The sentence of the entity. Shape: (entities,).
    start: "NDArray[np.int64]"  # The first word of the entity. Shape: (entities,).
    end: "NDArray[np.int64]"  # The word after the last word of the entity. Shape: (entities,).
    type: "NDArray[np.int64]"  # The type, as an index into the list of types. Shape: (entities,).
    # Whether the first tag is a `B-`. The strict reading of IOB2 counts only such entities. Shape: (entities,).
    begun: "NDArray[np.bool_]"

    def __len__(self) -> int:
        """Return the number of entities."""
        return len(self.start)


@dataclass(frozen=True)
class Match:
    """The gold and the predicted spans of one split, and which of them are the same.

    Two spans are the same if their type, first word and last word are equal.
    """

    types: list[str]  # The entity types of the gold and the predicted spans, sorted.
    offsets: "NDArray[np.int64]"  # The first word of each sentence, then the number of words. Shape: (sentences + 1,).
    gold: Spans
    predicted: Spans
    # Whether the gold entity was found, in the reading of conlleval. Shape: (gold entities,).
    gold_hit: "NDArray[np.bool_]"
    predicted_hit: "NDArray[np.bool_]"  # Whether the predicted entity is correct. Shape: (predicted entities,).
    same_tags: int  # The number of words whose gold tag and predicted tag are the same.

    @property
    def sentences(self) -> int:
        """The number of sentences."""
        return len(self.offsets) - 1

    @property
    def words(self) -> int:
        """The number of words."""
        return int(self.offsets[-1])


def match_spans(gold: TagRows, predicted: TagRows) -> Match:
    """Read the gold and the predicted tags into spans, and match the spans.

    Args:
        gold: The IOB2 tags, one row for each sentence. An `I-` that continues no entity begins one.
        predicted: The predicted tags, with as many rows as `gold`. Each row is as long as its gold row.

    Raises:
        NerpipeError: If the numbers of sentences or words differ, or a tag is no tag of IOB2. The message names the
            first such sentence or word, counted from 1.
    """
    lengths, others = [*map(len, gold)], [*map(len, predicted)]
    if lengths != others:
        _refuse_shapes(lengths, others)
    offsets = np.cumsum([0, *lengths])
    ids = defaultdict[str, int](count().__next__)  # A new tag gets the next number.
    columns = [
        np.fromiter(map(ids.__getitem__, chain.from_iterable(rows)), np.int64, count=int(offsets[-1]))
        for rows in (gold, predicted)
    ]
    tags = [*ids]
    if not all(is_tag(tag, SCHEMES["IOB2"]) for tag in tags):
        _refuse_tag(gold, predicted)
    types = sorted({split_tag(tag)[1] for tag in tags} - {""})
    gold_spans, predicted_spans = (_spans(column, tags, types, offsets) for column in columns)
    gold_hit, predicted_hit = _hits(gold_spans, predicted_spans)
    same = int(np.count_nonzero(columns[0] == columns[1]))
    return Match(types, offsets, gold_spans, predicted_spans, gold_hit, predicted_hit, same)


def _spans(
    column: "NDArray[np.int64]", tags: Sequence[str], types: Sequence[str], offsets: "NDArray[np.int64]"
) -> Spans:
    """Find the spans of all sentences at once, by the rule of `schemes.spans_of`.

    Few words have a tag other than O, so only those words are looked at.

    Args:
        column: The tag of each word, as an index into `tags`. Shape: (words,).
        tags: The distinct tags.
        types: The entity types.
        offsets: The first word of each sentence, and then the number of words. Shape: (sentences + 1,).
    """
    parts = [split_tag(tag) for tag in tags]
    begins = np.array([prefix == "B" for prefix, _ in parts], dtype=bool)
    type_ids = np.array([types.index(kind) if kind else -1 for _, kind in parts], dtype=np.int64)
    inside = np.flatnonzero((type_ids >= 0)[column])
    sentence = np.searchsorted(offsets, inside, side="right") - 1
    begun, kind = begins[column[inside]], type_ids[column[inside]]
    starts = begun | (inside == offsets[sentence])
    starts[1:] |= (inside[1:] != inside[:-1] + 1) | (kind[1:] != kind[:-1])
    starts[:1] = True
    first = np.flatnonzero(starts)
    last = np.append(first, len(inside))[1:] - 1
    return Spans(sentence[first], inside[first], inside[last] + 1, kind[first], begun[first])


def _hits(gold: Spans, predicted: Spans) -> "tuple[NDArray[np.bool_], NDArray[np.bool_]]":
    """Compare the gold and the predicted spans.

    Neither the gold nor the predicted spans overlap among themselves, so the first word identifies a span.

    Returns:
        Whether each gold span was found. Shape: (gold entities,).
        Whether each predicted span is correct. Shape: (predicted entities,).
    """
    _, at_gold, at_predicted = np.intersect1d(gold.start, predicted.start, assume_unique=True, return_indices=True)
    same = (gold.end[at_gold] == predicted.end[at_predicted]) & (gold.type[at_gold] == predicted.type[at_predicted])
    gold_hit, predicted_hit = np.zeros(len(gold), dtype=bool), np.zeros(len(predicted), dtype=bool)
    gold_hit[at_gold[same]] = True
    predicted_hit[at_predicted[same]] = True
    return gold_hit, predicted_hit


def _refuse_shapes(gold: Sequence[int], predicted: Sequence[int]) -> None:
    if len(gold) != len(predicted):
        raise NerpipeError(
            f"{number_of(len(gold), 'gold sentence')}, but {number_of(len(predicted), 'predicted sentence')}; the "
            "numbers must be equal"
        )
    place = next(index for index, pair in enumerate(zip(gold, predicted, strict=True)) if pair[0] != pair[1])
    raise NerpipeError(
        f"sentence {place + 1} has {number_of(gold[place], 'gold tag')}, but "
        f"{number_of(predicted[place], 'predicted tag')}; each word needs both"
    )


def _refuse_tag(*sides: Iterable[Iterable[str]]) -> None:
    for name, rows in zip(("gold", "predicted"), sides, strict=True):
        for number, row in enumerate(rows, start=1):
            for word, tag in enumerate(row, start=1):
                if not is_tag(tag, SCHEMES["IOB2"]):
                    where = f"word {word} in sentence {number}"
                    raise NerpipeError(
                        f"{name} tag {tag!r} of {where} is not allowed; expected {OUTSIDE}, B-TYPE or I-TYPE"
                    )
