"""The units of a split that are resampled: its documents where they are known, and otherwise its sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nerpipe.contracts.conll import name_documents

if TYPE_CHECKING:
    from numpy.typing import NDArray

SENTENCES, DOCUMENTS = "sentences", "documents"
FEW_ENTITIES = 20  # The scores of a type with fewer gold entities are marked.
TOO_FEW = "too few"  # The mark.


@dataclass(frozen=True)
class Units:
    """The units of a split.

    The sentences of a document share writer, topic and names. So they are right or wrong together, and an interval from
    resampled sentences would be too narrow.
    """

    kind: str  # SENTENCES or DOCUMENTS.
    names: list[str]  # The names of the documents in the order of the file; empty if the units are sentences.
    place: "NDArray[np.int64]"  # The unit of each sentence. Shape: (sentences,).
    count: int  # The number of units.

    def sum_counts(self, counts: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """Sum counts over the sentences of each unit.

        Args:
            counts: The counts by sentence. Shape: (sentences, ...).

        Returns:
            Shape: (units, ...).
        """
        if self.kind == SENTENCES:
            return counts
        sums = np.zeros((self.count, *counts.shape[1:]), dtype=np.int64)
        np.add.at(sums, self.place, counts)
        return sums


def units_of(boundaries: Mapping[int, str | None], sentences: int) -> Units:
    """Find the units of a split.

    Args:
        boundaries: The id of each document (None if it has none) by the index of its first sentence. Two documents with
            one id are one document.
        sentences: The number of sentences.
    """
    names = name_documents(boundaries, sentences)
    if names is None:
        return Units(SENTENCES, [], np.arange(sentences), sentences)
    ids: dict[str, int] = {}
    place = np.array([ids.setdefault(name, len(ids)) for name in names], dtype=np.int64)
    return Units(DOCUMENTS, list(ids), place, len(ids))


def few_mark(gold: int) -> str | None:
    """Return the mark for the scores of a type with this number of gold entities, or None if it is large enough."""
    return TOO_FEW if gold < FEW_ENTITIES else None


def support_cell(gold: int) -> str:
    """Format a number of gold entities for a table, with the mark if there are too few.

    >>> support_cell(1079), support_cell(12)
    ('1,079', '12 (too few)')
    """
    mark = few_mark(gold)
    return f"{gold:,}" + (f" ({mark})" if mark else "")
