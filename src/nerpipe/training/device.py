"""The device on which a model is trained: an accelerator (a GPU) if PyTorch sees one, otherwise the processor."""

from typing import Any

import torch


def has_accelerator() -> bool:
    """Say whether PyTorch can use a GPU or another accelerator."""
    return torch.accelerator.is_available()


def device_arguments(*, mixed: bool) -> dict[str, Any]:
    """Give the Trainer's arguments that depend on the device.

    Args:
        mixed: Whether matrix products are computed in bfloat16. On a processor this project's own layers do that
            (`mixed_precision`), on an accelerator the Trainer's autocast does.
    """
    accelerated = has_accelerator()
    return {
        "bf16": accelerated and mixed,
        # Processes without an accelerator can connect to each other only if this is set.
        "use_cpu": not accelerated,
        "dataloader_pin_memory": torch.cuda.is_available(),
    }
