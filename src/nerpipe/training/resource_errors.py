"""What a machine may run out of in the middle of training, turned into advice."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError

from nerpipe.errors import NerpipeError

# What safetensors and torch.save say when the disk is full; the last is all that torch says of a file it could not end.
DISK_FULL = ("no space left", "file write failed", "unexpected pos")


@contextmanager
def explained_limits(scratch: Path) -> Iterator[None]:
    """Turn a full disk and missing memory into messages; the state kept last stays."""
    try:
        yield
    except (OSError, RuntimeError, MemoryError, SafetensorError) as error:
        said = str(error).lower()
        again = f"What was reached is kept in {scratch}: `dvc repro` goes on from there"
        if getattr(error, "errno", None) == errno.ENOSPC or any(sign in said for sign in DISK_FULL):
            raise NerpipeError(f"{scratch}: the disk is full ({error}). Make room. {again}") from None
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in said:
            raise NerpipeError(
                f"a batch does not fit into memory ({str(error).splitlines()[0]}). Lower batch_size or max_length, or "
                f"free memory. {again} (with the same params)"
            ) from None
        raise
