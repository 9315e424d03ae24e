"""Ties: sentences for which two sequences of labels are equally probable, but for the rounding of sums.

Two libraries, devices or machines add numbers in different orders, so their logits differ in the last digits. If two
sequences of labels are as probable as that, each side may choose another one, and both are right.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nerpipe.inference.decoding import Transitions

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOGIT_TOLERANCE = 1e-3  # Largest difference of a logit that rounding explains.
# One sentence in so many may be a tie, and one sentence of a smaller dev split. The logits of the default model on
# 1,686 sentences (dev and test of the sample, dev of WNUT-17) were changed at random, 100 times: by up to 0.03 changed
# the tags of one sentence in 270, by up to 0.01 those of one in 860, and by up to the tolerance none. In proportion,
# the tolerance would change one in about 8,600, so more than one in 1,000 has another cause.
SENTENCES_PER_TIE = 1000


def allowed_ties(sentences: int) -> int:
    """Return how many of so many sentences may be ties."""
    return max(1, sentences // SENTENCES_PER_TIE)


def count_ties(
    log_probabilities: "NDArray[np.float64]",
    labels: Sequence[str],
    before: Sequence[Sequence[str]],
    now: Sequence[Sequence[str]],
    transitions: Transitions,
) -> tuple[int, int]:
    """Count the sentences whose tags differ, and those of them that are ties.

    If no logit differs by more than LOGIT_TOLERANCE, the difference of two logits of a word changes by at most twice as
    much. So the scores of the two sequences of tags can change places only if they, as computed now, differ by at most
    twice the tolerance for each word whose tag differs.

    Args:
        log_probabilities: The scores of all words, as computed now. Shape: (words, labels).
        labels: The label names by id.
        before: The earlier tags of each sentence.
        now: The tags of each sentence that `log_probabilities` gives.
        transitions: The table of decoding, whose weights count too.

    Returns:
        The number of sentences whose tags differ, and the number of ties among them.
    """
    ids = {label: index for index, label in enumerate(labels)}
    differing = ties = first = 0
    for old, new in zip(before, now, strict=True):
        places = [index for index, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
        if places:
            rows = log_probabilities[[first + place for place in places]]
            gap = _total(rows, [ids.get(new[place]) for place in places])
            gap -= _total(rows, [ids.get(old[place]) for place in places])
            gap += _weight(new, ids, transitions) - _weight(old, ids, transitions)
            differing += 1
            ties += bool(abs(gap) <= 2 * LOGIT_TOLERANCE * len(places))
        first += len(new)
    return differing, ties


def ties_in_words(ties: int) -> str:
    """Say how many ties there are, as the end of a sentence about dev, or nothing if there are none."""
    if not ties:
        return ""
    return f"; sentences for which another sequence of labels is equally probable (ties): {ties}"


def _total(rows: "NDArray[np.float64]", ids: Sequence[int | None]) -> Any:  # noqa: ANN401
    return sum(row[index] if index is not None else -np.inf for row, index in zip(rows, ids, strict=True))


def _weight(tags: Sequence[str], ids: Mapping[str, int], transitions: Transitions) -> float:
    """Add up the weights of the transitions of a sentence. If a tag is unknown, `_total` is infinite, and this is 0."""
    if not set(tags) <= ids.keys():
        return 0.0
    labels = [ids[tag] for tag in tags]
    return float(transitions.weights[labels[:-1], labels[1:]].sum())
