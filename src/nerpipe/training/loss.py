"""The loss function of training."""

from typing import Any

import torch

from nerpipe.contracts.labels import IGNORED


class AdjustedCrossEntropy:
    """Mean cross entropy over the labelled sub-words, with a constant added to the logit of `O`.

    Nine words in ten are `O`, so a model with low confidence predicts `O` and misses entities. Precision is then far
    above recall, and F1 is lower than it could be. Logit adjustment (Menon et al. 2021, "Long-tail learning via logit
    adjustment", section 5.2) adds a constant to the logit of the frequent class in training only. The model learns to
    compensate for the constant, so its own logit of `O` becomes lower by the same amount. Predictions use only the
    model's own logits.
    """

    def __init__(self, labels: int, outside: int, bias: float, *, processes: int = 1) -> None:
        """Make the loss function.

        Args:
            labels: The number of labels.
            outside: The id of the label `O`.
            bias: The constant that is added to the logit of `O`, in nats.
            processes: The number of processes that share each batch.
        """
        self.processes = processes
        self.adjustment = torch.zeros(labels)
        self.adjustment[outside] = bias

    def __call__(
        self,
        outputs: Any,  # noqa: ANN401 - as in Trainer
        labels: torch.Tensor,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Compute the loss of a batch, or this process's part of it.

        The parts of all processes add up to the mean over the labelled sub-words of the whole batch. The Trainer
        multiplies them by the number of processes, because the mean of the gradients is taken over the processes.

        Args:
            outputs: The output of the model, with `logits`. Shape: (windows, sub-words, labels).
            labels: The label id of each sub-word, or `IGNORED`. Shape: (windows, sub-words).
            num_items_in_batch: The number of labelled sub-words in the batch of all processes. It is used if there are
                several. Shape: ().

        Returns:
            The loss. Shape: ().
        """
        logits = outputs.logits + self.adjustment.to(outputs.logits.device)
        if self.processes == 1:
            return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)
        assert num_items_in_batch is not None  # noqa: S101 - the Trainer counts if the batch has labels
        total = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        return total / num_items_in_batch
