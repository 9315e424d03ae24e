"""The label set: the order of the labels, and the label that continues each of them. Both follow from the names."""

from collections.abc import Iterable, Sequence

from nerpipe.contracts.schemes import OUTSIDE, split_tag
from nerpipe.errors import NerpipeError

IGNORED = -100  # The label id of positions that torch's cross entropy leaves out.
NO_WORD = -1  # The word id of special tokens, which belong to no word.


def make_labels(types: Iterable[str]) -> list[str]:
    """List the labels for these entity types: first `O`, then `B-X` and `I-X` for each type X in sorted order.

    >>> make_labels(["person", "creative-work"])
    ['O', 'B-creative-work', 'I-creative-work', 'B-person', 'I-person']
    """
    return [OUTSIDE, *(f"{prefix}-{kind}" for kind in sorted(set(types)) for prefix in "BI")]


def continuations(labels: Sequence[str]) -> list[int]:
    """Return, for each label id, the id of the label for the second and later sub-words of the same word.

    That label is `I-X` for `B-X`, and the same label otherwise.

    Raises:
        NerpipeError: If there is a label `B-X` but no label `I-X`.
    """
    ids = {label: index for index, label in enumerate(labels)}
    result = []
    for label in labels:
        prefix, kind = split_tag(label)
        follower = f"I-{kind}" if prefix == "B" else label
        if follower not in ids:
            raise NerpipeError(
                f"the labels {list(labels)} contain {label} but no {follower}; every B- label needs an I- label"
            )
        result.append(ids[follower])
    return result
