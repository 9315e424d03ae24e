"""What the Trainer and PyTorch are told of the device on which a model is trained."""

import os
from typing import Any

import torch


def device_arguments(device: str) -> dict[str, Any]:
    """Give the Trainer's arguments that depend on the device.

    Args:
        device: cuda, mps or cpu. The Trainer finds out itself which GPU it is.
    """
    # Processes on processors can connect to each other only if use_cpu is set.
    return {"use_cpu": device == "cpu", "dataloader_pin_memory": device == "cuda"}


def use_deterministic_sums(device: str) -> None:
    """Let PyTorch add numbers in the same order in each run, wherever it can.

    Args:
        device: cuda, mps or cpu.
    """
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    if device == "cuda":
        # PyTorch needs it for that, before the first matrix product.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
