"""The label set: its fixed order, and which label continues which, derived from the names alone."""

from collections.abc import Iterable, Sequence

from nerpipe.contracts.schemes import OUTSIDE, split_tag
from nerpipe.errors import NerpipeError

IGNORED = -100  # torch's cross entropy leaves these positions out
NO_WORD = -1  # a special token belongs to no word


def make_labels(types: Iterable[str]) -> list[str]:
    """List the labels for these entity types: `O`, then `B-X`, `I-X` for each type in sorted order.

    >>> make_labels(["person", "creative-work"])
    ['O', 'B-creative-work', 'I-creative-work', 'B-person', 'I-person']
    """
    return [OUTSIDE, *(f"{prefix}-{kind}" for kind in sorted(set(types)) for prefix in "BI")]


def continuations(labels: Sequence[str]) -> list[int]:
    """Give for each label id the id that the further sub-words of its word take: `I-X` for `B-X`, otherwise itself.

    Raises:
        NerpipeError: if a `B-X` has no `I-X`.
    """
    ids = {label: index for index, label in enumerate(labels)}
    result = []
    for label in labels:
        prefix, kind = split_tag(label)
        follower = f"I-{kind}" if prefix == "B" else label
        if follower not in ids:
            raise NerpipeError(f"the labels {list(labels)} hold {label} but no {follower}: every B- needs its I-")
        result.append(ids[follower])
    return result
