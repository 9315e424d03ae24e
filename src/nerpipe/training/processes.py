"""The processes of a distributed training run, as torchrun starts them: it sets RANK and WORLD_SIZE.

Every process computes; the first alone writes, prints and decides what depends on time or on files.
"""

import os
from typing import TypeVar

Value = TypeVar("Value")


def rank() -> int:
    """Return this process's number, from 0."""
    return int(os.environ.get("RANK", "0"))


def world_size() -> int:
    """Return the number of processes."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def from_first(value: Value) -> Value:
    """Return the first process's value in all of them; each has to call this at the same point."""
    if world_size() == 1:
        return value
    from torch import distributed

    values = [value]
    distributed.broadcast_object_list(values, src=0)
    return values[0]


def wait_for_all() -> None:
    """Go on when every process is here."""
    if world_size() > 1:
        from torch import distributed

        distributed.barrier()
