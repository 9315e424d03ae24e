"""Explains the errors that a full disk or too little memory cause in training."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError

from nerpipe.errors import NerpipeError

# Parts of the messages of safetensors and torch.save when the disk is full. The last one is all that torch says when it
# cannot finish a file.
DISK_FULL = ("no space left", "file write failed", "unexpected pos")


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
        if getattr(error, "errno", None) == errno.ENOSPC or any(sign in said for sign in DISK_FULL):
            raise NerpipeError(f"{scratch}: the disk is full ({error}). Make room. {again}") from None
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in said:
            raise NerpipeError(
                f"a batch does not fit into memory ({str(error).splitlines()[0]}). Lower batch_size or max_length, or "
                f"free memory. {again} if the params are the same"
            ) from None
        raise
