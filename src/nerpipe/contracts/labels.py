"""The label set: the order of the labels, and the label that continues each of them. Both follow from the names."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from nerpipe.contracts.files import REBUILD
from nerpipe.contracts.schemes import OUTSIDE, is_tag, split_tag
from nerpipe.contracts.shapes import read_shaped
from nerpipe.errors import NerpipeError

IGNORED = -100  # The label id of positions that torch's cross entropy leaves out.
NO_WORD = -1  # The word id of special tokens, which belong to no word.


def make_labels(types: Iterable[str]) -> list[str]:
    """List the labels for these entity types: first `O`, then `B-X` and `I-X` for each type X in sorted order.

    >>> make_labels(["person", "creative-work"])
    ['O', 'B-creative-work', 'I-creative-work', 'B-person', 'I-person']
    """
    return [OUTSIDE, *(f"{prefix}-{kind}" for kind in sorted(set(types)) for prefix in "BI")]


def read_labels(path: Path) -> list[str]:
    """Read labels.json.

    Raises:
        NerpipeError: If the file cannot be read, or holds other labels than `make_labels` makes.
    """
    labels = read_shaped(path, list[str])
    types = [split_tag(label)[1] for label in labels if label != OUTSIDE and is_tag(label, "BI")]
    if not types or labels != make_labels(types):
        raise NerpipeError(
            f"{path}: the labels {str(labels)[:80]} are not O followed by B-TYPE and I-TYPE of each type in sorted "
            f"order, so this is not the file that a stage wrote; {REBUILD}"
        )
    return labels


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
