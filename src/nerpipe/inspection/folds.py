"""Folds of the training sentences: which sentences a model must not have seen when it judges their labels."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nerpipe.contracts.splitting import position_of
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 1.5  # Documents are kept whole unless the largest fold would have this many times the mean number of sentences.


class Folds(NamedTuple):
    """The fold of each sentence."""

    number: "NDArray[np.int64]"  # The fold of each sentence, counted from 0. Shape: (sentences,).
    folds: int  # The number of folds.
    by: str  # "document", or "sentence" if there are no documents, or too few.
    words: "Sequence[tuple[str, ...]]"  # The words of each sentence.

    def held_out(self, fold: int) -> "NDArray[np.bool_]":
        """Say which sentences the model of a fold judges. Shape: (sentences,)."""
        held_out: NDArray[np.bool_] = self.number == fold
        return held_out

    def seen(self, fold: int) -> "NDArray[np.bool_]":
        """Say which sentences the model of a fold is trained on. Shape: (sentences,).

        A sentence with the same words as one that the model judges is left out, wherever it stands.
        """
        held_out = self.held_out(fold)
        judged = {words for words, held in zip(self.words, held_out, strict=True) if held}
        copies = np.array([words in judged for words in self.words], dtype=bool)
        seen: NDArray[np.bool_] = ~(held_out | copies)
        return seen


def assign_folds(words: Sequence[Sequence[str]], documents: Sequence[str | None], count: int) -> Folds:
    """Divide sentences into folds of similar size.

    All sentences of a document are in one fold, and so are all sentences with the same words that are in no document.
    The larger a group, the earlier it is given to the smallest fold so far; groups of one size come in the order of
    their hashes. So the folds depend on the sentences alone.

    Args:
        words: The words of each sentence.
        documents: The document of each sentence, or None if it is in none.
        count: The number of folds.

    Raises:
        NerpipeError: If there are fewer different sentences than folds.
    """
    whole = [tuple(each) for each in words]
    if any(document is not None for document in documents):
        names = zip(whole, documents, strict=True)
        keys = [_key(each) if document is None else f"document\n{document}" for each, document in names]
        number, largest = _divide(keys, count)
        if largest <= MOST * len(keys) / count:
            return Folds(number, count, "document", whole)
    keys = [*map(_key, whole)]
    if len(set(keys)) < count:
        raise NerpipeError(
            f"train has {len(set(keys)):,} different sentences, too few for {count} folds; give a smaller --folds, or "
            "more data"
        )
    return Folds(_divide(keys, count)[0], count, "sentence", whole)


def _key(words: Sequence[str]) -> str:
    return "\n".join(("sentence", *words))


def _divide(keys: Sequence[str], count: int) -> "tuple[NDArray[np.int64], int]":
    """Give each key a fold. Return the fold of each key, and the size of the largest fold."""
    sizes = Counter(keys)
    filled = [0] * count
    fold_of: dict[str, int] = {}
    for key in sorted(sizes, key=lambda key: (-sizes[key], position_of(key))):
        smallest = filled.index(min(filled))
        fold_of[key] = smallest
        filled[smallest] += sizes[key]
    return np.array([fold_of[key] for key in keys], dtype=np.int64), max(filled)
