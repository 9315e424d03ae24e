"""Spans as columns: tags are read into spans once, and every measure is computed from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from nerpipe.contracts.schemes import OUTSIDE, SCHEMES, is_tag, split_tag
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

TagRows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Spans:
    """The entities of a split as conlleval reads them, a row an entity, in order of `start`.

    The columns are equally long. Words are counted through the split from 0, and so are sentences.
    """

    sentence: "NDArray[np.int64]"
    start: "NDArray[np.int64]"
    end: "NDArray[np.int64]"  # the word after the last
    type: "NDArray[np.int64]"  # a place in the list of types
    begun: "NDArray[np.bool_]"  # its first tag is a B-: the strict reading of IOB2 counts no other

    def __len__(self) -> int:
        """Count the entities."""
        return len(self.start)


@dataclass(frozen=True)
class Match:
    """Gold and predicted spans of one split, and which of them are the same: type, first and last word agree."""

    types: list[str]  # of both sides, sorted
    offsets: "NDArray[np.int64]"  # the first word of each sentence, and the number of words
    gold: Spans
    predicted: Spans
    gold_hit: "NDArray[np.bool_]"  # found, in the reading of conlleval
    predicted_hit: "NDArray[np.bool_]"  # right
    same_tags: int  # words whose two tags are the same

    @property
    def sentences(self) -> int:
        """The number of sentences."""
        return len(self.offsets) - 1

    @property
    def words(self) -> int:
        """The number of words."""
        return int(self.offsets[-1])


def match_spans(gold: TagRows, predicted: TagRows) -> Match:
    """Read the tags of both sides into spans and match them.

    Args:
        gold: IOB2 tags, a row a sentence; an `I-` that continues nothing begins an entity.
        predicted: as many rows, each as long as its gold row.

    Raises:
        NerpipeError: if the shapes differ, or a tag is none of IOB2, naming the first place (counted from 1).
    """
    lengths = [len(row) for row in gold]
    others = [len(row) for row in predicted]
    if lengths != others:
        _refuse_shapes(lengths, others)
    tags = sorted({*chain.from_iterable(gold), *chain.from_iterable(predicted)})
    if not all(is_tag(tag, SCHEMES["IOB2"]) for tag in tags):
        _refuse_tag(gold, predicted)
    types = sorted({split_tag(tag)[1] for tag in tags} - {""})
    ids = {tag: index for index, tag in enumerate(tags)}
    offsets = np.cumsum([0, *lengths])
    columns = [
        np.fromiter(map(ids.__getitem__, chain.from_iterable(rows)), np.int64, count=int(offsets[-1]))
        for rows in (gold, predicted)
    ]
    gold_spans, predicted_spans = (_spans(column, tags, types, offsets) for column in columns)
    gold_hit, predicted_hit = _hits(gold_spans, predicted_spans)
    same = int(np.count_nonzero(columns[0] == columns[1]))
    return Match(types, offsets, gold_spans, predicted_spans, gold_hit, predicted_hit, same)


def _spans(
    column: "NDArray[np.int64]", tags: Sequence[str], types: Sequence[str], offsets: "NDArray[np.int64]"
) -> Spans:
    """Find the spans of one side; the rule is that of `schemes.spans_of`, for all sentences at once."""
    parts = [split_tag(tag) for tag in tags]
    prefix = np.array([part[0] for part in parts] or [""])[column]
    kind = np.array([types.index(part[1]) if part[1] else -1 for part in parts] or [-1])[column]
    first = np.zeros(len(column), dtype=bool)
    first[offsets[:-1][offsets[:-1] < len(column)]] = True
    changed = np.ones(len(column), dtype=bool)  # O has a type of its own, -1
    changed[1:] = kind[1:] != kind[:-1]
    inside = kind >= 0
    starts = inside & ((prefix == "B") | first | changed)
    breaks = np.append(np.flatnonzero(starts | first | ~inside), len(column))
    start = np.flatnonzero(starts)
    end = breaks[np.searchsorted(breaks, start, side="right")]
    sentence = np.searchsorted(offsets, start, side="right") - 1
    return Spans(sentence, start, end, kind[start], prefix[start] == "B")


def _hits(gold: Spans, predicted: Spans) -> "tuple[NDArray[np.bool_], NDArray[np.bool_]]":
    """Say of each gold span whether it was found, and of each predicted one whether it is right.

    The spans of one side never overlap, so that the first word names a span.
    """
    _, at_gold, at_predicted = np.intersect1d(gold.start, predicted.start, assume_unique=True, return_indices=True)
    same = (gold.end[at_gold] == predicted.end[at_predicted]) & (gold.type[at_gold] == predicted.type[at_predicted])
    gold_hit, predicted_hit = np.zeros(len(gold), dtype=bool), np.zeros(len(predicted), dtype=bool)
    gold_hit[at_gold[same]] = True
    predicted_hit[at_predicted[same]] = True
    return gold_hit, predicted_hit


def _refuse_shapes(gold: Sequence[int], predicted: Sequence[int]) -> None:
    if len(gold) != len(predicted):
        raise NerpipeError(f"{len(gold)} gold sentences, but {len(predicted)} predicted ones; they must be the same")
    place = next(index for index, pair in enumerate(zip(gold, predicted, strict=True)) if pair[0] != pair[1])
    raise NerpipeError(
        f"sentence {place + 1} has {gold[place]} gold tags, but {predicted[place]} predicted ones; a word needs both"
    )


def _refuse_tag(*sides: Iterable[Iterable[str]]) -> None:
    for name, rows in zip(("gold", "predicted"), sides, strict=True):
        for number, row in enumerate(rows, start=1):
            for word, tag in enumerate(row, start=1):
                if not is_tag(tag, SCHEMES["IOB2"]):
                    where = f"word {word} in sentence {number}"
                    raise NerpipeError(f"{name} tag {tag!r} of {where} is none of {OUTSIDE}, B-TYPE and I-TYPE")
