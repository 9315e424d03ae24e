"""Matrix products in bfloat16 in training. Parameters, sums and everything else stay in float32.

This is like torch's autocast (Micikevicius et al. 2018), but only for linear layers. On a processor, autocast also
computes attention in bfloat16, whose gradient is several times slower there than in float32. Autocast also converts
numbers before and after each layer. On a GPU, autocast is used (`trainer.DevScoringTrainer`).
"""

from typing import Any

import torch

from nerpipe.params import AUTO


def is_mixed(precision: str, device: str) -> bool:
    """Return whether `precision` of params.yaml means bfloat16 on this device of the machine that runs this code.

    `auto` means bfloat16 if the processor has instructions for it (AVX512-BF16 or AMX), or if the GPU (cuda) has. GPUs
    without bfloat16 have no TF32 either, so they compute in float32.

    Args:
        precision: The param.
        device: cuda, mps or cpu.
    """
    if precision != AUTO:
        return precision == "bfloat16"
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and any(
        there for name, there in torch.cpu.get_capabilities().items() if name.endswith("bf16")
    )


class _Product(torch.autograd.Function):
    """The product of hidden states and a transposed weight, both float32. It is computed in bfloat16."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
        """Compute the product.

        Args:
            ctx: The object that keeps tensors for `backward`.
            hidden: The hidden states. Shape: (..., inputs).
            weight: The weight of the layer. Shape: (outputs, inputs).

        Returns:
            The product, in float32. Shape: (..., outputs).
        """
        rows, matrix = hidden.flatten(0, -2).bfloat16(), weight.bfloat16()
        ctx.save_for_backward(rows, matrix)
        return (rows @ matrix.t()).float().view(*hidden.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:  # noqa: ANN401
        """Compute the gradients.

        Args:
            ctx: The object that keeps the tensors of `forward`.
            gradient: The gradient of the product. Shape: (..., outputs).

        Returns:
            The gradient of the hidden states, or None if it is not needed. Shape: (..., inputs).
            The gradient of the weight, or None if it is not needed. Shape: (outputs, inputs).
        """
        rows, matrix = ctx.saved_tensors
        above = gradient.flatten(0, -2).bfloat16()
        down = (above @ matrix).float().view(*gradient.shape[:-1], -1) if ctx.needs_input_grad[0] else None
        return down, (above.t() @ rows).float() if ctx.needs_input_grad[1] else None


class MixedLinear(torch.nn.Linear):
    """A linear layer that trains in mixed precision and evaluates in float32."""

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Apply the layer.

        Args:
            hidden: The hidden states. Shape: (..., inputs).

        Returns:
            The outputs. Shape: (..., outputs).
        """
        if not self.training:
            return super().forward(hidden)
        product: torch.Tensor = _Product.apply(hidden, self.weight)  # type: ignore[no-untyped-call]
        return product if self.bias is None else product + self.bias


def use_mixed_precision(model: torch.nn.Module) -> None:
    """Turn every linear layer into a `MixedLinear`. Parameters and their names stay as they are.

    Use it only on processors.
    """
    for layer in model.modules():
        if type(layer) is torch.nn.Linear:
            layer.__class__ = MixedLinear
