"""What training minimises."""

from typing import Any

import torch

from nerpipe.contracts.labels import IGNORED


class AdjustedCrossEntropy:
    """Mean cross entropy over the labelled sub-words, with the logit of `O` raised in training alone.

    Nine words in ten are `O`, so a model that is unsure answers `O` and misses entities: precision far above recall,
    and an F1 below what the same scores could give. Logit adjustment (Menon et al. 2021, "Long-tail learning via logit
    adjustment", section 5.2) adds a constant to the frequent class while training; the model learns to make up for it,
    and its own logits, which are all that leaves training, are lower for `O` by as much.
    """

    def __init__(self, labels: int, outside: int, bias: float) -> None:
        """Take the number of labels, the id of `O` and what its logit is raised by (nats)."""
        self.adjustment = torch.zeros(labels)
        self.adjustment[outside] = bias

    def __call__(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: object = None) -> torch.Tensor:  # noqa: ANN401, ARG002 - the Trainer's signature
        """Return the loss of a batch: logits of shape (windows, sub-words, labels), labels of (windows, sub-words)."""
        logits = outputs.logits + self.adjustment.to(outputs.logits.device)
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)
