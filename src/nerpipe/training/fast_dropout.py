"""Dropout with a fast generator of random numbers.

On a processor, torch's generator takes half of the time of a forward pass in training, because it draws one number
after the other. The generator SFC64 (by Doty-Humphrey, in numpy) fills a mask with 16-bit numbers in a tenth of that
time. The dropout rate is then exact to within 1/65,536.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

LEVELS = 1 << 16  # The number of values of the 16-bit number that is drawn for each element.


class MaskGenerator:
    """The generator of all dropout masks of a model. Its state is saved in each checkpoint."""

    def __init__(self, seed: int, rank: int) -> None:
        """Make the generator. The random numbers depend on the seed and on the number of the process (rank)."""
        self._bits = np.random.SFC64((seed, rank))

    def draw(self, shape: torch.Size, rate: float) -> torch.Tensor:
        """Draw a mask.

        Args:
            shape: The shape of the mask.
            rate: The probability of a 0, 0 to below 1.

        Returns:
            A float32 tensor. An element is 0 with probability `rate`, and otherwise the factor that keeps the mean.
            Shape: the argument `shape`.
        """
        count = shape.numel()
        threshold = round(rate * LEVELS)
        numbers = self._bits.random_raw(-(-count // 4)).view(np.uint16)[:count]
        scale = np.float32(LEVELS / (LEVELS - threshold))
        # numpy is used because torch compares and converts 16-bit numbers several times slower.
        return torch.from_numpy(np.multiply(numbers >= threshold, scale, dtype=np.float32)).view(shape)

    def state(self) -> dict[str, Any]:
        """Return the state of the generator as JSON can hold it, for `restore`."""
        state: Any = self._bits.state
        return {**state, "state": {"state": [int(word) for word in state["state"]["state"]]}}

    def restore(self, state: dict[str, Any]) -> None:
        """Set the generator to a state that `state` returned."""
        whole: Any = {**state, "state": {"state": np.array(state["state"]["state"], dtype=np.uint64)}}
        self._bits.state = whole


class FastDropout(torch.nn.Module):
    """Dropout with masks from a `MaskGenerator`. Use it only on processors."""

    def __init__(self, rate: float, masks: MaskGenerator) -> None:
        """Make the layer.

        Args:
            rate: The probability of a 0, 0 to below 1.
            masks: The generator of the masks.
        """
        super().__init__()
        self.p = rate
        self._masks = masks

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Apply dropout in training; otherwise return the tensor itself.

        Args:
            hidden: A tensor. Shape: any.

        Returns:
            The result. Shape: that of `hidden`.
        """
        if not self.training or not self.p:
            return hidden
        return hidden * self._masks.draw(hidden.shape, self.p).to(hidden.dtype)


def use_fast_dropout(model: torch.nn.Module, masks: MaskGenerator) -> None:
    """Replace every `torch.nn.Dropout` in a model. Parameters and their names stay as they are."""
    for parent, name, rate in list(_dropouts(model)):
        setattr(parent, name, FastDropout(rate, masks))


def _dropouts(model: torch.nn.Module) -> Iterator[tuple[torch.nn.Module, str, float]]:
    for parent in model.modules():
        for name, child in parent.named_children():
            if type(child) is torch.nn.Dropout and child.p < 1:
                yield parent, name, child.p
