"""Matrix products in bfloat16 while training; parameters, sums and everything else stay in float32.

As torch's autocast (Micikevicius et al. 2018), but for linear layers alone: on a processor autocast also moves
attention to bfloat16, whose gradient is several times slower there than in float32, and converts back and forth around
each layer.
"""

from typing import Any

import torch


def is_mixed(precision: str) -> bool:
    """Say whether `precision` of params.yaml stands for bfloat16 on this machine.

    `auto` does where the processor has instructions for it (AVX512-BF16 or AMX), and no accelerator is used.
    """
    if precision == "auto":
        capable = any(there for name, there in torch.cpu.get_capabilities().items() if name.endswith("bf16"))
        return capable and not torch.accelerator.is_available()
    return precision == "bfloat16"


class _Product(torch.autograd.Function):
    """x W' of float32 tensors, multiplied in bfloat16: x of shape (..., in), W (out, in)."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
        rows, matrix = hidden.flatten(0, -2).bfloat16(), weight.bfloat16()
        ctx.save_for_backward(rows, matrix)
        return (rows @ matrix.t()).float().view(*hidden.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:  # noqa: ANN401
        rows, matrix = ctx.saved_tensors
        above = gradient.flatten(0, -2).bfloat16()
        down = (above @ matrix).float().view(*gradient.shape[:-1], -1) if ctx.needs_input_grad[0] else None
        return down, (above.t() @ rows).float() if ctx.needs_input_grad[1] else None


class MixedLinear(torch.nn.Linear):
    """A linear layer that trains in mixed precision and evaluates in float32."""

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Map a tensor of shape (..., in) to (..., out)."""
        if not self.training:
            return super().forward(hidden)
        product: torch.Tensor = _Product.apply(hidden, self.weight)  # type: ignore[no-untyped-call]
        return product if self.bias is None else product + self.bias


def use_mixed_precision(model: torch.nn.Module) -> None:
    """Turn every linear layer into a `MixedLinear`; parameters and their names stay as they are.

    It is for processors: on an accelerator the Trainer's autocast does the same.
    """
    for layer in model.modules():
        if type(layer) is torch.nn.Linear:
            layer.__class__ = MixedLinear
