"""The processes of a distributed training run. torchrun starts them and sets RANK and WORLD_SIZE.

Every process trains. Only the first process writes outputs, prints, and decides what depends on time or on files.
"""

import os
from typing import TypeVar

Value = TypeVar("Value")


def rank() -> int:
    """Return the number of this process, counted from 0."""
    return int(os.environ.get("RANK", "0"))


def world_size() -> int:
    """Return the number of processes."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def from_first(value: Value) -> Value:
    """Return the value of the first process in all processes. Each process has to call this at the same point."""
    if world_size() == 1:
        return value
    from torch import distributed

    values = [value]
    distributed.broadcast_object_list(values, src=0)
    return values[0]


def wait_for_all() -> None:
    """Wait until every process has called this function."""
    if world_size() > 1:
        from torch import distributed

        distributed.barrier()
