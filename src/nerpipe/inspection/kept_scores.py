"""Scores of words as files, which are there whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nerpipe.contracts.files import replacing
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def save_scores(path: Path, scores: "NDArray[np.float32]") -> None:
    """Write scores in numpy's format."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, scores, allow_pickle=False)


def load_scores(path: Path, shape: tuple[int, int]) -> "NDArray[np.float32]":
    """Load scores that a run left.

    Args:
        path: The file.
        shape: The number of words and of labels that it must hold.

    Raises:
        NerpipeError: If the file is damaged.
    """
    advice = "delete the file, and run the command again"
    try:
        scores: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise NerpipeError(f"{path}: these scores cannot be read ({error}); {advice}") from None
    if scores.shape != shape:
        raise NerpipeError(f"{path}: these scores are of {scores.shape} words and labels, not of {shape}; {advice}")
    return scores
