"""Decoding finds the most probable sequence of labels among those that IOB2 allows.

The model scores each word by itself. The most probable labels of the words can therefore form a sequence that IOB2 does
not allow, such as an `I-X` after `O`. Viterbi's algorithm (Viterbi 1967) finds the allowed sequence with the highest
score. A table says which label may follow which, and that an entity directly behind another has a penalty: models split
a name more often than two names stand side by side. It is made from the label names; nothing in it is learned.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nerpipe.contracts.schemes import OUTSIDE, split_tag

if TYPE_CHECKING:
    from numpy.typing import NDArray


class DecodingWeights(NamedTuple):
    """What decoding adds to the scores of a model, in nats. Each is a param of params.yaml, which explains it."""

    outside_bias: float = 0.0  # Is added to the score of O for confidences alone: the loss of training had it.
    adjoining_penalty: float = 0.0  # Is taken from the score of an entity directly behind another.


UNWEIGHTED = DecodingWeights()


class Transitions(NamedTuple):
    """The labels that a sentence may begin with, and how labels may follow each other."""

    begin: "NDArray[np.bool_]"  # Whether a sentence may begin with the label. Shape: (labels,).
    # What is added to the score if the second label follows the first, in nats: minus infinity if it may not.
    # Shape: (labels, labels).
    weights: "NDArray[np.float64]"

    @property
    def follow(self) -> "NDArray[np.bool_]":
        """Whether the second label may follow the first. Shape: (labels, labels)."""
        allowed: NDArray[np.bool_] = self.weights > -np.inf
        return allowed


def iob2_transitions(labels: Sequence[str], adjoining_penalty: float = 0.0) -> Transitions:
    """Make the table of transitions for these labels (Tjong Kim Sang and Veenstra 1999).

    `I-X` may follow only `B-X` or `I-X`. Every other label may stand anywhere.

    Args:
        labels: The label names by id.
        adjoining_penalty: What is taken from the score of `B-X` behind any label but O, in nats.
    """
    parts = [split_tag(label) for label in labels]
    begin = np.array([prefix != "I" for prefix, _ in parts])
    follow = np.array([[prefix != "I" or kind == before for prefix, kind in parts] for _, before in parts])
    adjoining = np.array([[prefix == "B" and bool(before) for prefix, _ in parts] for _, before in parts])
    return Transitions(begin, np.where(follow, np.where(adjoining, -float(adjoining_penalty), 0.0), -np.inf))


def transition_table(labels: Sequence[str], transitions: Transitions) -> dict[str, Any]:
    """Return the table as JSON can hold it, so that programs in any language can decode.

    It holds the label names by id, the ids that a sentence may begin with, and for each id the ids that may follow it.
    The penalty of adjoining entities is one of DecodingWeights.
    """
    return {
        "scheme": "IOB2",
        "outside": list(labels).index(OUTSIDE),
        "labels": list(labels),
        "begin": np.flatnonzero(transitions.begin).tolist(),
        "follow": [np.flatnonzero(row).tolist() for row in transitions.follow],
    }


def decode(
    log_probabilities: "NDArray[np.float64]", lengths: Sequence[int], transitions: Transitions
) -> "NDArray[np.int64]":
    """Decode many sentences.

    If the most probable labels of the words of a sentence form an allowed sequence without a penalty, they are the
    result. Viterbi's algorithm runs only on the other sentences.

    Args:
        log_probabilities: Natural logarithms of the probabilities, one sentence after the other.
            Shape: (words, labels).
        lengths: The number of words of each sentence.
        transitions: The table from `iob2_transitions`.

    Returns:
        The label id of each word. Shape: (words,).
    """
    best: NDArray[np.int64] = log_probabilities.argmax(axis=1)
    ends = np.cumsum([0, *lengths])
    free = np.ones(len(best), dtype=bool)
    free[1:] = transitions.weights[best[:-1], best[1:]] == 0
    firsts = ends[:-1][np.diff(ends) > 0]
    free[firsts] = transitions.begin[best[firsts]]
    for sentence in np.unique(np.searchsorted(ends, np.flatnonzero(~free), side="right") - 1):
        words = slice(ends[sentence], ends[sentence + 1])
        best[words] = _viterbi(log_probabilities[words], transitions)
    return best


def _viterbi(log_probabilities: "NDArray[np.float64]", transitions: Transitions) -> list[int]:
    """Find the best allowed sequence of one sentence. Of equal scores, the lower label id is taken.

    Args:
        log_probabilities: Natural logarithms of the probabilities. Shape: (words, labels).
        transitions: The table from `iob2_transitions`.

    Returns:
        The label id of each word.
    """
    scores = np.where(transitions.begin, log_probabilities[0], -np.inf)
    came_from = []
    for row in log_probabilities[1:]:
        paths = scores[:, None] + transitions.weights
        came_from.append(paths.argmax(axis=0))
        scores = paths.max(axis=0) + row
    label = int(scores.argmax())
    path = [label]
    for previous in reversed(came_from):
        label = int(previous[label])
        path.append(label)
    return path[::-1]
