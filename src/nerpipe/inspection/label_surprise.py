"""How surprising the labels of a sentence are to a model that was not trained on it, and how probable its entities."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nerpipe.contracts.schemes import OUTSIDE, spans_of
from nerpipe.inference.decoding import DecodingWeights, iob2_transitions
from nerpipe.inference.marginals import word_confidences

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRIOR_WORDS = 20  # Each label of entities counts as many words with the mean of all entities, besides its own.


def with_learnt_bias(
    log_probabilities: "NDArray[np.float64]", labels: Sequence[str], outside_bias: float
) -> "NDArray[np.float64]":
    """Give the probabilities as training knew them, with its bias on O. Natural logarithms. Shape: (words, labels)."""
    learnt = log_probabilities.copy()
    learnt[:, labels.index(OUTSIDE)] += outside_bias
    learnt -= np.log(np.exp(learnt).sum(axis=1, keepdims=True))
    return learnt


def missed_words(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> "NDArray[np.bool_]":
    """Find the words of gold entities that share no word with a predicted entity.

    Args:
        gold: The IOB2 tags, one row for each sentence.
        predicted: The predicted tags, as many as `gold` has.

    Returns:
        Shape: (words,).
    """
    missed: list[bool] = []
    for tags, guesses in zip(gold, predicted, strict=True):
        row = [False] * len(tags)
        for _, start, end in spans_of(tags):
            if all(guess == OUTSIDE for guess in guesses[start:end]):
                row[start:end] = [True] * (end - start)
        missed += row
    return np.array(missed, dtype=bool)


def sentence_surprise(
    log_probabilities: "NDArray[np.float64]",
    seen: "NDArray[np.bool_]",
    gold: "NDArray[np.int64]",
    missed: "NDArray[np.bool_]",
    lengths: Sequence[int],
    outside: int,
) -> "NDArray[np.float64]":
    """Say how surprising the most surprising label of each sentence is.

    The surprise of a word is the negative logarithm of the self-confidence of its gold label, and a sentence has that
    of its worst word (Wang and Mueller 2022, "Detecting label errors in token classification data", sections 3.1 and
    3.2). But a model is less sure of entities than of O, so that names that it does not know would stand before names
    that nobody labelled. So each probability is first divided by what the label usually gets where it is the gold one
    (the geometric mean), and the probabilities of a word are made to sum to 1 again. Confident learning compares
    self-confidences with the mean of their class for the same reason (Northcutt, Jiang and Chuang 2021, section 3.1).

    That a model sees nothing where an entity is labelled says little about the label, because models miss many names
    that they do not know. So such entities are compared with each other: the mean of their words is taken off.

    Args:
        log_probabilities: Natural logarithms of the probabilities of the labels. Shape: (words, labels).
        seen: Whether the model read the word. Words that it did not read are left out. Shape: (words,).
        gold: The gold label of each word. Shape: (words,).
        missed: The result of `missed_words`. Shape: (words,).
        lengths: The number of words of each sentence, 1 or more.
        outside: The id of the label O.

    Returns:
        In nats, 0 or more; 0 for a sentence of which the model read no word. Shape: (sentences,).
    """
    words = np.arange(len(gold))
    size = log_probabilities.shape[1]
    sums = np.bincount(gold[seen], weights=log_probabilities[words, gold][seen], minlength=size)
    counts = np.bincount(gold[seen], minlength=size)
    entities = np.arange(size) != outside
    prior = sums[entities].sum() / max(counts[entities].sum(), 1)
    usual = np.where(entities, (sums + PRIOR_WORDS * prior) / (counts + PRIOR_WORDS), sums / np.maximum(counts, 1))
    balanced = np.where(seen[:, None], log_probabilities, 0.0) - usual
    surprise = np.log(np.exp(balanced).sum(axis=1)) - balanced[words, gold]
    if (missed & seen).any():
        surprise[missed] -= surprise[missed & seen].mean()
    ends = np.cumsum(np.asarray(lengths, dtype=np.int64))
    starts = ends - np.asarray(lengths, dtype=np.int64)
    worst: NDArray[np.float64] = np.maximum.reduceat(np.where(seen, surprise, 0.0), starts)
    return worst.clip(0.0)


def gold_confidences(
    log_probabilities: "NDArray[np.float64]",
    seen: "NDArray[np.bool_]",
    gold: "NDArray[np.int64]",
    lengths: Sequence[int],
    labels: Sequence[str],
    weights: DecodingWeights,
) -> "NDArray[np.float64]":
    """Compute the probability that the model gives to each gold entity, and to O at each word outside of entities.

    Args:
        log_probabilities: As in `sentence_surprise`.
        seen: As in `sentence_surprise`.
        gold: The gold label of each word, valid as IOB2. Shape: (words,).
        lengths: The number of words of each sentence.
        labels: The label names by id.
        weights: As in decoding.

    Returns:
        For each word the probability of its entity or of its O: see `marginals.word_confidences`. It is 0 for a word
        that the model did not read, as for predictions. Shape: (words,).
    """
    found = word_confidences(log_probabilities, lengths, iob2_transitions(labels, weights.adjoining_penalty), gold)
    return np.where(seen, found, 0.0)
