"""Explains the errors that a full disk or too little memory cause in training."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError

from nerpipe.contracts.files import says_full
from nerpipe.errors import NerpipeError


@contextmanager
def explained_limits(scratch: Path) -> Iterator[None]:
    """Replace the errors of a full disk and of too little memory by messages with advice.

    Args:
        scratch: The folder with the checkpoints of the run. It is not changed.

    Raises:
        NerpipeError: If the disk is full or memory does not suffice.
    """
    try:
        yield
    except (OSError, RuntimeError, MemoryError, SafetensorError) as error:
        said = str(error).lower()
        again = f"The last checkpoint is kept in {scratch}: `dvc repro` goes on from there"
        if says_full(error):
            raise NerpipeError(f"{scratch}: the disk is full ({error}). Make room. {again}") from None
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in said:
            raise NerpipeError(
                f"a batch does not fit into memory ({str(error).splitlines()[0]}). Lower batch_size or max_length, or "
                f"free memory. {again} if the params are the same"
            ) from None
        raise
