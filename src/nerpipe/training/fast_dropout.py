"""Dropout whose masks come from a fast generator.

On a processor half of a forward pass in training goes into torch's generator, which draws one number after the other.
SFC64 (Doty-Humphrey's, in numpy) fills a mask of 16-bit numbers in a tenth of that time; a rate is then met to within
1/65,536.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

LEVELS = 1 << 16  # values of the 16-bit number that is drawn for each element


class MaskGenerator:
    """The source of all masks of a model; its state is part of a checkpoint."""

    def __init__(self, seed: int, rank: int) -> None:
        """Begin a stream of its own for each process of a run."""
        self._bits = np.random.SFC64((seed, rank))

    def draw(self, shape: torch.Size, rate: float) -> torch.Tensor:
        """Draw a mask: 0 with probability `rate`, and otherwise what keeps the mean, float32 of this shape."""
        count = shape.numel()
        threshold = round(rate * LEVELS)
        numbers = self._bits.random_raw(-(-count // 4)).view(np.uint16)[:count]
        scale = np.float32(LEVELS / (LEVELS - threshold))
        # numpy, because torch compares and converts such small numbers several times slower
        return torch.from_numpy(np.multiply(numbers >= threshold, scale, dtype=np.float32)).view(shape)

    def state(self) -> dict[str, Any]:
        """Return what `restore` takes, as JSON can hold it."""
        state: Any = self._bits.state
        return {**state, "state": {"state": [int(word) for word in state["state"]["state"]]}}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        whole: Any = {**state, "state": {"state": np.array(state["state"]["state"], dtype=np.uint64)}}
        self._bits.state = whole


class FastDropout(torch.nn.Module):
    """As `torch.nn.Dropout`; off a processor (on a GPU) it is that."""

    def __init__(self, rate: float, masks: MaskGenerator) -> None:
        """Take the probability of a zero, 0 to below 1, and the source of masks."""
        super().__init__()
        self.p = rate
        self._masks = masks

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return a tensor of the same shape."""
        if not self.training or not self.p:
            return hidden
        if hidden.device.type != "cpu":
            return torch.nn.functional.dropout(hidden, self.p)
        return hidden * self._masks.draw(hidden.shape, self.p).to(hidden.dtype)


def use_fast_dropout(model: torch.nn.Module, masks: MaskGenerator) -> None:
    """Replace every `torch.nn.Dropout` in a model; parameters and their names stay as they are."""
    for parent, name, rate in list(_dropouts(model)):
        setattr(parent, name, FastDropout(rate, masks))


def _dropouts(model: torch.nn.Module) -> Iterator[tuple[torch.nn.Module, str, float]]:
    for parent in model.modules():
        for name, child in parent.named_children():
            if type(child) is torch.nn.Dropout and child.p < 1:
                yield parent, name, child.p
