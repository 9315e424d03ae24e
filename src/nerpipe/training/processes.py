"""The processes of a distributed training run. torchrun starts them and sets RANK and WORLD_SIZE.

Every process trains. Only the first process writes outputs, prints, and decides what depends on time or on files.
"""

import os
from typing import TypeVar

from nerpipe.errors import NerpipeError

# What torchrun sets. PyTorch needs all of it to connect the processes.
NEEDED_BY_SEVERAL = ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
Value = TypeVar("Value")


def rank() -> int:
    """Return the number of this process, counted from 0."""
    return int(os.environ.get("RANK", "0"))


def world_size() -> int:
    """Return the number of processes."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def check_processes() -> None:
    """Check the variables of torchrun. A process that wrongly took itself for the second one would write nothing.

    Raises:
        NerpipeError: If RANK or WORLD_SIZE is no number, RANK is not below WORLD_SIZE, or a variable is missing.
    """
    said = {name: os.environ[name] for name in ("RANK", "WORLD_SIZE") if name in os.environ}
    advice = "torchrun sets these variables: set launcher in params.yaml, or unset RANK and WORLD_SIZE to train alone"
    for name, value in said.items():
        if not value.isdecimal() or (name == "WORLD_SIZE" and int(value) < 1):
            raise NerpipeError(
                f"the environment variable {name} is {value!r}, which is no number of processes; {advice}"
            )
    if rank() >= world_size():
        size = "WORLD_SIZE is not set" if "WORLD_SIZE" not in said else f"WORLD_SIZE is {world_size()}"
        raise NerpipeError(
            f"the environment variable RANK is {rank()}, but {size}; expected RANK to be below WORLD_SIZE; {advice}"
        )
    missing = [name for name in NEEDED_BY_SEVERAL if world_size() > 1 and name not in os.environ]
    if missing:
        raise NerpipeError(
            f"the environment variable WORLD_SIZE is {world_size()}, but {', '.join(missing)} is not set; {advice}"
        )


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
