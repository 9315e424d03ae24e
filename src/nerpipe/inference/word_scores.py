"""Windows to tags: batches of similar length, of each word the logits at its first sub-word, and decoding."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nerpipe.inference.decoding import decode, iob2_transitions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    # input ids and attention mask, both of shape (windows, sub-words), to logits (windows, sub-words, labels)
    Network = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]


class Item(NamedTuple):
    """One window and what is read off it."""

    input_ids: Sequence[int]
    positions: list[int]  # of the first sub-word of each word that this window owns
    words: list[int]  # those words, counted through all sentences


class WordScores(NamedTuple):
    """What the model says of each word."""

    log_probabilities: "NDArray[np.float64]"  # natural logarithms, shape (words, labels)
    seen: "NDArray[np.bool_]"  # whether a window owns the word, shape (words,); if none does, it is O for certain


def first_subwords(word_ids: Sequence[int], own: tuple[int, int]) -> tuple[list[int], list[int]]:
    """List position and word of the first sub-word of each word in [start, end) of `own`.

    `word_ids` ascend but for the special tokens.
    """
    positions, words = [], []
    previous = None
    for position, word in enumerate(word_ids):
        if word != previous and own[0] <= word < own[1]:
            positions.append(position)
            words.append(word)
        previous = word
    return positions, words


def score_words(
    items: Sequence[Item],
    network: "Network",
    *,
    words: int,
    labels: int,
    outside: int,
    pad_id: int,
    budget: int,
    each: Callable[[Callable[[list[int]], None], Iterable[list[int]]], Iterable[None]] = map,
) -> WordScores:
    """Run all windows and read off the words.

    Args:
        items: the windows.
        network: runs one batch.
        words: how many there are in all.
        labels: how many there are.
        outside: the id of `O`.
        pad_id: the tokenizer's padding token.
        budget: sub-words of a batch, padding included; it decides the last bits of a logit.
        each: calls a function with each batch, such as the `map` of a pool of threads.
    """
    log_probabilities = np.full((words, labels), -np.inf)
    seen = np.zeros(words, dtype=bool)

    def score(batch: list[int]) -> None:
        chosen = [items[index] for index in batch if items[index].words]
        if not chosen:
            return
        logits = network(*padded([item.input_ids for item in chosen], pad_id))
        rows = np.repeat(np.arange(len(chosen)), [len(item.words) for item in chosen])
        scores = logits[rows, _joined(item.positions for item in chosen)].astype(np.float64)
        scores -= scores.max(axis=1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        places = _joined(item.words for item in chosen)
        log_probabilities[places] = scores
        seen[places] = True

    for _ in each(score, batches([len(item.input_ids) for item in items], budget)):
        pass  # an error of a batch is raised here
    log_probabilities[~seen, outside] = 0.0
    return WordScores(log_probabilities, seen)


def decode_words(
    scores: WordScores, word_counts: Sequence[int], labels: Sequence[str]
) -> tuple[list[list[str]], list[list[float]]]:
    """Give each sentence its most probable tags that IOB2 allows together, and each tag's probability, 0 to 1.

    A word that no window holds is O with probability 0: the model said nothing of it.
    """
    best = decode(scores.log_probabilities, word_counts, iob2_transitions(labels))
    confidences = np.where(scores.seen, np.exp(scores.log_probabilities[np.arange(len(best)), best]), 0.0)
    return by_sentence(np.array(labels)[best], word_counts), by_sentence(confidences, word_counts)


def by_sentence(values: "NDArray[Any]", word_counts: Sequence[int]) -> list[list[Any]]:
    """Cut a column with an entry a word into sentences."""
    return [part.tolist() for part in np.split(values, np.cumsum(word_counts)[:-1])]


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Group windows of similar length, longest first (so that a batch that does not fit memory fails at once)."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def padded(rows: Sequence[Sequence[int]], pad_id: int) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Put rows under each other: ids and mask, of shape (rows, longest)."""
    width = max(map(len, rows))
    ids = np.full((len(rows), width), pad_id, dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.int64)
    for row, values in enumerate(rows):
        ids[row, : len(values)] = values
        mask[row, : len(values)] = 1
    return ids, mask


def _joined(lists: Iterable[list[int]]) -> "NDArray[np.int64]":
    return np.array([value for values in lists for value in values], dtype=np.int64)
