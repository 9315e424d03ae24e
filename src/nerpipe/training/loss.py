"""The loss function of training."""

from typing import TYPE_CHECKING, Any

import torch

from nerpipe.contracts.labels import IGNORED

if TYPE_CHECKING:
    from nerpipe.contracts.views import Taught


class AdjustedCrossEntropy:
    """Mean cross entropy over the labelled sub-words, with a constant added to the logit of `O`.

    Nine words in ten are `O`, so a model with low confidence predicts `O` and misses entities. Precision is then far
    above recall, and F1 is lower than it could be. Logit adjustment (Menon et al. 2021, "Long-tail learning via logit
    adjustment", section 5.2) adds a constant to the logit of the frequent class in training only. The model learns to
    compensate for the constant, so its own logit of `O` becomes lower by the same amount. Predictions use only the
    model's own logits.

    A sub-word of a text without labels has the probabilities that a teacher learnt, in place of a label (Hinton et al.
    2015, "Distilling the knowledge in a neural network").
    """

    def __init__(
        self,
        labels: int,
        outside: int,
        bias: float,
        *,
        taught: "Taught | None" = None,
        processes: int = 1,
    ) -> None:
        """Make the loss function.

        Args:
            labels: The number of labels.
            outside: The id of the label `O`.
            bias: The constant that is added to the logit of `O`, in nats.
            taught: What a teacher says. The label id of a sub-word that has the probabilities of a row is `labels` plus
                the row.
            processes: The number of processes that share each batch.
        """
        self.processes = processes
        self.adjustment = torch.zeros(labels)
        self.adjustment[outside] = bias
        self.wanted: torch.Tensor | None = None  # What each label id stands for. Shape: (labels + rows, labels).
        if taught is not None:
            bias_of_teacher = torch.zeros(labels)
            bias_of_teacher[outside] = taught.outside_bias
            weighted = torch.from_numpy(taught.probabilities) * bias_of_teacher.exp()
            self.wanted = torch.cat([torch.eye(labels), weighted / weighted.sum(dim=-1, keepdim=True)])

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
            labels: The label id of each sub-word, or that of a row of `taught`, or `IGNORED`.
                Shape: (windows, sub-words).
            num_items_in_batch: The number of labelled sub-words in the batch of all processes. It is used if there are
                several. Shape: ().

        Returns:
            The loss. Shape: ().
        """
        logits = (outputs.logits + self.adjustment.to(outputs.logits.device)).flatten(0, 1)
        labels = labels.flatten()
        alone = self.processes == 1
        if self.wanted is None:
            total = torch.nn.functional.cross_entropy(
                logits, labels, ignore_index=IGNORED, reduction="mean" if alone else "sum"
            )
        else:
            known = labels != IGNORED
            self.wanted = self.wanted.to(logits.device)
            total = torch.nn.functional.cross_entropy(
                logits[known], self.wanted[labels[known]], reduction="mean" if alone else "sum"
            )
        if alone:
            return total
        assert num_items_in_batch is not None  # noqa: S101 - the Trainer counts if the batch has labels
        return total / num_items_in_batch
