"""The confidence of predictions: probabilities among the sequences of labels that IOB2 allows.

The model scores each word by itself, and IOB2 forbids some sequences of labels. What is left of the probability is
shared out among the allowed sequences, in proportion to their products of probabilities and of the table's factors (the
powers of e to its weights). The probability of an entity
is the share of the sequences that hold it: from its first word to its last, with its type, and not going on. It is
computed with the forward-backward algorithm (Rabiner 1989, "A tutorial on hidden Markov models", section III), as for
the confidence of fields by Culotta and McCallum (2004, "Confidence estimation for information extraction", section 3).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nerpipe.inference.decoding import Transitions

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 1e-100  # No probability is lower, so that none of their products is zero.


def word_confidences(
    log_probabilities: "NDArray[np.float64]",
    lengths: Sequence[int],
    transitions: Transitions,
    chosen: "NDArray[np.int64]",
) -> "NDArray[np.float64]":
    """Compute the confidence of each word's label.

    Args:
        log_probabilities: Natural logarithms of the probabilities, one sentence after the other. A constant that is
            added to all of a word changes nothing. Shape: (words, labels).
        lengths: The number of words of each sentence.
        transitions: The table from `iob2_transitions`. A label that cannot follow every label continues an entity.
        chosen: The label of each word: an allowed sequence for each sentence. Shape: (words,).

    Returns:
        For a word of an entity the probability of the entity, otherwise the probability of the word's label, 0 to 1.
        Shape: (words,).
    """
    words, counts = len(chosen), np.asarray(lengths, dtype=np.int64)
    if not words:
        return np.zeros(0)
    probabilities = np.exp(log_probabilities).clip(LEAST)
    order, sizes = _by_position(counts)
    ahead, behind = np.empty_like(probabilities), np.empty_like(probabilities)
    ahead[order] = _forward(probabilities[order], sizes, transitions)
    behind[order] = _backward(probabilities[order], sizes, transitions)
    marginals = ahead * behind
    # The probabilities of a word's labels if the word before it has its chosen label.
    after = np.exp(transitions.weights)[np.roll(chosen, 1)] * probabilities * behind
    after /= after.sum(axis=1, keepdims=True)
    first = np.zeros(words, dtype=bool)
    first[(np.cumsum(counts) - counts)[counts > 0]] = True
    going_on: NDArray[np.bool_] = np.logical_not(transitions.follow.all(axis=0))
    within = going_on[chosen] & ~first
    # An entity is a chain: its first label, then each next one after the one before, then none that would go on.
    chain = np.where(within, _at(after, chosen), _at(marginals, chosen) / marginals.sum(axis=1))
    ended = np.where(first, 1.0, 1.0 - after[:, going_on].sum(axis=1))
    starts = np.flatnonzero(~within)
    stops = np.append(starts[1:], words)
    confidences = np.multiply.reduceat(chain, starts) * np.append(ended[starts[1:]], 1.0)
    return np.repeat(confidences, stops - starts).clip(0.0, 1.0)


def _by_position(counts: "NDArray[np.int64]") -> "tuple[NDArray[np.int64], list[int]]":
    """Order words by their position in their sentence, so that one position of all sentences is computed at once.

    Args:
        counts: The number of words of each sentence. Shape: (sentences,).

    Returns:
        The words in the new order: the first words of all sentences, then the second ones, and so on. Longer sentences
        come first, so that the words with a word behind them are the first ones of their position. And the number of
        words at each position.
    """
    longest_first = np.argsort(-counts, kind="stable")
    positions = np.arange(counts.max())
    sizes = np.searchsorted(-counts[longest_first], -positions)
    begins = np.cumsum(sizes) - sizes
    sentences = longest_first[np.arange(sizes.sum()) - np.repeat(begins, sizes)]
    return (np.cumsum(counts) - counts)[sentences] + np.repeat(positions, sizes), sizes.tolist()


def _forward(
    probabilities: "NDArray[np.float64]", sizes: Sequence[int], transitions: Transitions
) -> "NDArray[np.float64]":
    """Give each label of a word the probability of the sequences that end with it, up to a factor for each word.

    Args:
        probabilities: The probabilities of the labels of the words, in the order of `_by_position`.
            Shape: (words, labels).
        sizes: The number of words at each position.
        transitions: The table.

    Returns:
        Shape: (words, labels).
    """
    factors = np.exp(transitions.weights)
    ahead = np.empty_like(probabilities)
    previous = begin = 0
    for size in sizes:
        before = ahead[previous : previous + size] @ factors if begin else transitions.begin
        paths = before * probabilities[begin : begin + size]
        np.divide(paths, paths.sum(axis=1, keepdims=True), out=ahead[begin : begin + size])
        previous, begin = begin, begin + size
    return ahead


def _backward(
    probabilities: "NDArray[np.float64]", sizes: Sequence[int], transitions: Transitions
) -> "NDArray[np.float64]":
    """Give each label of a word the probability of the sequences that may follow it, up to a factor for each word.

    The arguments and the shape of the result are those of `_forward`.
    """
    factors = np.exp(transitions.weights).T
    behind = np.ones_like(probabilities)
    following = len(probabilities) - sizes[-1]
    for size, next_size in zip(sizes[-2::-1], sizes[:0:-1], strict=True):
        begin = following - size
        after = slice(following, following + next_size)
        paths = (probabilities[after] * behind[after]) @ factors
        np.divide(paths, paths.max(axis=1, keepdims=True), out=behind[begin : begin + next_size])
        following = begin
    return behind


def _at(table: "NDArray[np.float64]", labels: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """Pick the label of each word."""
    picked: NDArray[np.float64] = table[np.arange(len(labels)), labels]
    return picked
