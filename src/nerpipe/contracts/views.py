"""What a teacher says of the words of texts without labels, as tokenize_align hands it on to train."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict
from zipfile import BadZipFile

from nerpipe.contracts.files import REBUILD
from nerpipe.contracts.shapes import read_shaped
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from datasets import Dataset
    from numpy.typing import NDArray

UNLABELLED = "unlabelled"  # The split with the windows of texts without labels, beside train, dev and test.
VIEWS, BIAS = "views.npy", "views.json"  # The probabilities, and the bias that they lack.
_ROUNDING = 1e-3  # How far the probabilities of a word may add up to more or less than 1.


class Views(NamedTuple):
    """What a teacher says of texts without labels."""

    sentences: "Sequence[Sequence[str]]"  # The words of each text.
    # The probability of each label for each word of all texts, 0 to 1, without `outside_bias`. All are 0 for a word of
    # which the teacher says nothing. Shape: (words, labels).
    probabilities: "NDArray[np.float32]"
    # What the teacher's training added to its logit of `O`, in nats. With it, these are the probabilities it learnt.
    outside_bias: float


class Taught(NamedTuple):
    """The windows of texts without labels, and what a teacher says of their sub-words.

    Where a sub-word of a labelled text has the id of a label, one of these has the number of labels plus the row of
    `probabilities` that belongs to it. So such windows can be in one batch with labelled ones.
    """

    windows: "Dataset"
    # The probability of each label, 0 to 1, as in `Views`. Shape: (rows, labels).
    probabilities: "NDArray[np.float32]"
    outside_bias: float  # As in `Views`.


class BiasFile(TypedDict):
    """The content of views.json."""

    outside_bias: float


def read_taught(folder: Path, splits: "Mapping[str, Dataset]", labels: int) -> Taught | None:
    """Read what tokenize_align wrote of texts without labels, or return None if there was no teacher.

    Args:
        folder: The folder that tokenize_align wrote.
        splits: The data set of this folder.
        labels: The number of labels.

    Raises:
        NerpipeError: If the probabilities are missing or damaged, or are not those of the windows.
    """
    if UNLABELLED not in splits:
        return None
    import numpy as np

    path, windows = folder / VIEWS, splits[UNLABELLED]
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise NerpipeError(f"{path}: what the teacher says cannot be read ({error}); {REBUILD}") from None
    rows = max((max(row) for row in windows["labels"]), default=-1) - labels
    fits = getattr(found, "dtype", None) == np.float32 and found.ndim == 2 and found.shape[1] == labels  # noqa: PLR2004
    if fits:
        sums = found.sum(axis=1)
        fits = rows < len(found) and bool((np.abs(sums[sums != 0] - 1) <= _ROUNDING).all())
    if not fits:
        raise NerpipeError(f"{path}: what the teacher says does not belong to the windows beside it; {REBUILD}")
    return Taught(windows, found, read_shaped(folder / BIAS, BiasFile)["outside_bias"])
