"""From windows to tags.

Windows of similar length are run in one batch. The scores of a word are the logits at its first sub-word. They are then
decoded into tags.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.inference.decoding import UNWEIGHTED, DecodingWeights, decode, iob2_transitions
from nerpipe.inference.marginals import word_confidences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    # The arguments are the input ids and the attention mask. Shape: (windows, sub-words), for both.
    # The result is the logits. Shape: (windows, sub-words, labels).
    Network = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]


class Item(NamedTuple):
    """One window, and the words whose scores are read from it: the words that the window owns."""

    input_ids: Sequence[int]
    positions: list[int]  # The position of the first sub-word of each word that this window owns.
    words: list[int]  # The numbers of these words, counted from 0 through all sentences.


class WordScores(NamedTuple):
    """The model's scores of each word. A word that no window owns has the log probability 0 for O."""

    log_probabilities: "NDArray[np.float64]"  # Natural logarithms of the probabilities. Shape: (words, labels).
    seen: "NDArray[np.bool_]"  # Whether a window owns the word. Shape: (words,).


def first_subwords(word_ids: Sequence[int], own: tuple[int, int]) -> tuple[list[int], list[int]]:
    """Find the first sub-word of each word that a window owns.

    Args:
        word_ids: The word of each sub-word of the window. The numbers ascend, except those of the special tokens.
        own: The first word that the window owns, and the word after the last one.

    Returns:
        The position of the first sub-word of each word, and the words.
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
    """Run the model on all windows, and read the scores of the words.

    Args:
        items: The windows.
        network: The function that runs one batch.
        words: The number of words in all sentences.
        labels: The number of labels.
        outside: The id of the label `O`.
        pad_id: The id of the tokenizer's padding token.
        budget: The highest number of sub-words in a batch, padding included. A window that is longer is a batch by
            itself. The last bits of a logit depend on this number.
        each: The function that calls another function with each batch, such as the `map` of a pool of threads.

    Returns:
        The scores of all words.
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
        pass  # An error in a batch is raised here.
    log_probabilities[~seen, outside] = 0.0
    return WordScores(log_probabilities, seen)


def decode_words(
    scores: WordScores, word_counts: Sequence[int], labels: Sequence[str], weights: DecodingWeights = UNWEIGHTED
) -> tuple[list[list[str]], list[list[float]]]:
    """Find the most probable tags that IOB2 allows for each sentence.

    A word that no window holds gets the tag O with confidence 0, because the model gave no scores for it.

    Args:
        scores: The scores of all words.
        word_counts: The number of words of each sentence.
        labels: The label names by id.
        weights: What is added to the scores. The model learnt probabilities with the `outside_bias` of training, so
            confidences are computed with it. The tags are found without it, for the sake of recall.

    Returns:
        The tags of each sentence, and their confidences, 0 to 1: see `marginals.word_confidences`.
    """
    transitions = iob2_transitions(labels, weights.adjoining_penalty)
    best = decode(scores.log_probabilities, word_counts, transitions)
    learnt = scores.log_probabilities.copy()
    learnt[:, labels.index(OUTSIDE)] += weights.outside_bias
    confidences = word_confidences(learnt, word_counts, transitions, best)
    confidences[~scores.seen] = 0.0
    return by_sentence(np.array(labels)[best], word_counts), by_sentence(confidences, word_counts)


def by_sentence(values: "NDArray[Any]", word_counts: Sequence[int]) -> list[list[Any]]:
    """Split an array with one entry for each word into lists, one for each sentence.

    Args:
        values: One entry for each word. Shape: (words,).
        word_counts: The number of words of each sentence.
    """
    return [part.tolist() for part in np.split(values, np.cumsum(word_counts)[:-1])]


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Group windows of similar length into batches.

    The longest windows come first, so that a batch that does not fit into memory fails at the start.

    Args:
        lengths: The number of sub-words of each window.
        budget: The highest number of sub-words in a batch, padding included.

    Yields:
        The numbers of the windows in one batch.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def padded(rows: Sequence[Sequence[int]], pad_id: int) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Pad windows to the length of the longest.

    Args:
        rows: The input ids of each window.
        pad_id: The id of the tokenizer's padding token.

    Returns:
        The input ids and the attention mask. Shape: (windows, sub-words), for both.
    """
    width = max(map(len, rows))
    ids = np.full((len(rows), width), pad_id, dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.int64)
    for row, values in enumerate(rows):
        ids[row, : len(values)] = values
        mask[row, : len(values)] = 1
    return ids, mask


def _joined(lists: Iterable[list[int]]) -> "NDArray[np.int64]":
    return np.array([value for values in lists for value in values], dtype=np.int64)
