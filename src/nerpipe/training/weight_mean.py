"""The mean of the weights over the steps of training, which is scored on dev and kept instead of the weights of a step.

It is the polynomial-decay average of Shamir and Zhang (2013, section 4): with the power p, the weights after step t
enter the mean with a part of (p + 1) / (p + t), so that they count about as t to the power of p. With 8, the last tenth
of the steps makes up 61% of the mean, whatever the number of steps. The initial weights have no part in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback

if TYPE_CHECKING:
    from transformers import PreTrainedModel, TrainerState

POWER = 8.0
FILE = "mean.safetensors"  # The file of a checkpoint that holds the mean.


class WeightMean(TrainerCallback):
    """Keeps the mean of the weights that are trained. Weights that are frozen are the same in each step."""

    def __init__(self, model: "PreTrainedModel", *, power: float | None) -> None:
        """Start with the present weights.

        Args:
            model: The model that is trained, on its device. Its parameters must stay the same objects.
            power: The power of the number of a step that its weights count with, 0 or more. With None, the weights of
                the last step take the place of the mean.
        """
        self.power = power
        self._weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
        self._mean = {name: weight.detach().clone() for name, weight in self._weights.items()}

    def on_step_end(self, args: object, state: "TrainerState", control: object, **_: object) -> None:  # noqa: ARG002
        """Take the weights of a step into the mean."""
        part = 1.0 if self.power is None else (self.power + 1) / (self.power + state.global_step)
        with torch.no_grad():
            torch._foreach_lerp_([*self._mean.values()], [*self._weights.values()], part)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Give the model the mean as its weights, for the time of a block."""
        kept = {name: weight.detach().clone() for name, weight in self._weights.items()}
        self.keep()
        try:
            yield
        finally:
            self._write(kept)

    def keep(self) -> None:
        """Give the model the mean as its weights for good."""
        self._write(self._mean)

    def save(self, checkpoint: Path) -> None:
        """Write the mean into the folder of a checkpoint."""
        save_file({name: mean.contiguous() for name, mean in self._mean.items()}, checkpoint / FILE)

    def load(self, checkpoint: Path) -> None:
        """Read the mean from the folder of a checkpoint."""
        for name, mean in load_file(checkpoint / FILE).items():
            self._mean[name].copy_(mean)

    def _write(self, weights: dict[str, torch.Tensor]) -> None:
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(weights[name])
