"""Decoding finds the most probable sequence of labels among those that IOB2 allows.

The model scores each word by itself. The most probable labels of the words can therefore form a sequence that IOB2 does
not allow, such as an `I-X` after `O`. Viterbi's algorithm (Viterbi 1967) finds the allowed sequence with the highest
product of probabilities. A table says which label may follow which. It is made from the label names; nothing in it is
learned.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nerpipe.contracts.schemes import OUTSIDE, split_tag

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Transitions(NamedTuple):
    """The labels that a sentence may begin with, and the labels that may follow each other."""

    begin: "NDArray[np.bool_]"  # Whether a sentence may begin with the label. Shape: (labels,).
    follow: "NDArray[np.bool_]"  # Whether the second label may follow the first. Shape: (labels, labels).


def iob2_transitions(labels: Sequence[str]) -> Transitions:
    """Make the table of transitions for these labels (Tjong Kim Sang and Veenstra 1999).

    `I-X` may follow only `B-X` or `I-X`. Every other label may stand anywhere.
    """
    parts = [split_tag(label) for label in labels]
    begin = np.array([prefix != "I" for prefix, _ in parts])
    follow = np.array([[prefix != "I" or kind == before for prefix, kind in parts] for _, before in parts])
    return Transitions(begin, follow)


def transition_table(labels: Sequence[str], transitions: Transitions) -> dict[str, Any]:
    """Return the table as JSON can hold it, so that programs in any language can decode.

    It holds the label names by id, the ids that a sentence may begin with, and for each id the ids that may follow it.
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

    If the most probable labels of the words of a sentence form an allowed sequence, they are the result. Viterbi's
    algorithm runs only on the other sentences.

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
    allowed = np.ones(len(best), dtype=bool)
    allowed[1:] = transitions.follow[best[:-1], best[1:]]
    firsts = ends[:-1][np.diff(ends) > 0]
    allowed[firsts] = transitions.begin[best[firsts]]
    for sentence in np.unique(np.searchsorted(ends, np.flatnonzero(~allowed), side="right") - 1):
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
