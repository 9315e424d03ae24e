"""Decoding: the most probable sequence of labels among those that IOB2 allows.

The model scores each word by itself, so the best label of every word may make a sequence that IOB2 has no reading for,
such as an `I-X` after `O`. Viterbi's algorithm (Viterbi 1967) finds the allowed sequence with the highest product of
probabilities; which label may follow which is a table made from the label names, with nothing learned in it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nerpipe.contracts.schemes import OUTSIDE, split_tag

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Transitions(NamedTuple):
    """Which labels a sentence may begin with, shape (labels,), and which may follow which, (labels, labels)."""

    begin: "NDArray[np.bool_]"
    follow: "NDArray[np.bool_]"  # [previous, next]


def iob2_transitions(labels: Sequence[str]) -> Transitions:
    """Make the table for these labels: `I-X` follows only `B-X` or `I-X`; all else may stand anywhere.

    (Tjong Kim Sang and Veenstra 1999.)
    """
    parts = [split_tag(label) for label in labels]
    begin = np.array([prefix != "I" for prefix, _ in parts])
    follow = np.array([[prefix != "I" or kind == before for prefix, kind in parts] for _, before in parts])
    return Transitions(begin, follow)


def transition_table(labels: Sequence[str], transitions: Transitions) -> dict[str, Any]:
    """Write the table down for programs in any language: label names by id, and ids that may begin and follow."""
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

    Args:
        log_probabilities: natural logarithms, shape (words, labels), the sentences one after the other.
        lengths: words of each sentence.
        transitions: from `iob2_transitions`.

    Returns:
        A label id for each word, shape (words,). Where the best labels of a sentence's words are a sequence that is
        allowed, they are the answer, so only the others are searched.
    """
    best: NDArray[np.int64] = log_probabilities.argmax(axis=1)
    ends = np.cumsum([0, *lengths])
    allowed = np.ones(len(best), dtype=bool)
    allowed[1:] = transitions.follow[best[:-1], best[1:]]
    firsts = ends[:-1][np.diff(ends) > 0]
    allowed[firsts] = transitions.begin[best[firsts]]
    for sentence in np.unique(np.searchsorted(ends, np.flatnonzero(~allowed), side="right") - 1):
        words = slice(ends[sentence], ends[sentence + 1])
        best[words] = _viterbi(log_probabilities[words], transitions)
    return best


def _viterbi(log_probabilities: "NDArray[np.float64]", transitions: Transitions) -> list[int]:
    """Search one sentence, shape (words, labels); between equals the lower label id."""
    steps = np.where(transitions.follow, 0.0, -np.inf)
    scores = np.where(transitions.begin, log_probabilities[0], -np.inf)
    came_from = []
    for row in log_probabilities[1:]:
        paths = scores[:, None] + steps
        came_from.append(paths.argmax(axis=0))
        scores = paths.max(axis=0) + row
    label = int(scores.argmax())
    path = [label]
    for previous in reversed(came_from):
        label = int(previous[label])
        path.append(label)
    return path[::-1]
