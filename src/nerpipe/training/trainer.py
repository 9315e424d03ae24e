"""The Hugging Face Trainer with the optimiser, batch order and dev scores of this project, and its arguments."""

import math
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    Trainer,
    TrainerControl,
    TrainingArguments,
)

from nerpipe.errors import NerpipeError
from nerpipe.training.batch_order import LengthGroupedSampler
from nerpipe.training.best_epoch import dev_entry, epochs_without_gain, supersedes
from nerpipe.training.checkpoints import is_whole
from nerpipe.training.device import device_arguments
from nerpipe.training.layers import parameter_groups
from nerpipe.training.processes import from_first, rank, world_size
from nerpipe.training.settings import TrainSettings
from nerpipe.training.weight_mean import POWER, WeightMean

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class DevScoringTrainer(Trainer):
    """The Trainer with the optimiser and batch order of this project.

    The dev split is scored by words, in the same way as in the evaluate stage.
    """

    def __init__(
        self,
        *,
        score_dev: "Callable[[PreTrainedModel], dict[str, float]]",
        layer_decay: float,
        averaging: bool,
        patience: int,
        fillers: int,
        autocast: bool,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**kwargs)
        self.score_dev = score_dev
        self.layer_decay = layer_decay
        self.patience = patience  # Epochs without a better dev F1 after which training stops, or 0.
        self.autocast = autocast  # Whether a step computes matrix products in bfloat16, as PyTorch does it on GPUs.
        self.fillers = fillers  # The last windows of the training split that have no labels.
        self.mean = WeightMean(self.model, power=POWER if averaging else None)
        self.add_callback(self.mean)
        # What `unlogged_losses` returned when the checkpoint was saved from which training goes on.
        self.unlogged: dict[str, float] | None = None

    def unlogged_losses(self) -> dict[str, float]:
        """Return the sum of the losses that were not logged yet, and the last step whose loss was logged."""
        return {"sum": self._tr_loss.item(), "logged": self._globalstep_last_logged}

    def compute_loss_context_manager(self) -> ExitStack:
        """Compute the loss of a step in bfloat16 if that is asked for, and nothing else.

        The Trainer's own option (bf16) would do the same when dev is scored, which evaluate does in float32.
        """
        contexts: ExitStack = super().compute_loss_context_manager()
        if self.autocast:
            contexts.enter_context(torch.autocast(self.args.device.type, dtype=torch.bfloat16))
        return contexts

    def create_optimizer(self, model: object = None) -> torch.optim.Optimizer:  # noqa: ARG002 - as in Trainer
        """Make the optimiser with the parameter groups of `layers.parameter_groups`."""
        if self.optimizer is None:
            make, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            groups = parameter_groups(
                self.model,
                self.get_decay_parameter_names(self.model),
                lr=self.args.learning_rate,
                layer_decay=self.layer_decay,
                weight_decay=self.args.weight_decay,
            )
            self.optimizer: torch.optim.Optimizer = make(groups, **options)
        return self.optimizer

    def _get_train_sampler(self, train_dataset: object = None) -> LengthGroupedSampler:  # noqa: ARG002 - as in Trainer
        windows = len(self.train_dataset) - self.fillers
        lengths = [len(ids) for ids in self.train_dataset["input_ids"][:windows]]
        # This is the batch size of all processes together. Each process takes a part of every batch.
        batch_size = self.args.train_batch_size * self.args.world_size
        self.sampler = LengthGroupedSampler(lengths, batch_size, self.args.seed, fillers=self.fillers)
        return self.sampler

    def _run_epoch(self, *args: Any, epoch: int, **kwargs: Any) -> None:  # noqa: ANN401
        if self._out_of_patience():  # The run broke off after the checkpoint of its last epoch.
            self.control.should_training_stop = True
            return
        # In a resumed epoch, whose first batches are skipped, set_epoch of accelerate does not reach the sampler.
        self.sampler.set_epoch(epoch)
        if self.unlogged:  # The Trainer has set both to what they are at the start of a run.
            self._tr_loss.fill_(self.unlogged["sum"])
            self._globalstep_last_logged = self.unlogged["logged"]
            self.unlogged = None
        super()._run_epoch(*args, epoch=epoch, **kwargs)

    def evaluate(self, *_: object, **__: object) -> dict[str, float]:
        """Score the mean of the weights on dev by words in the first process, and return the scores in all."""
        with self.mean.in_place():
            scores = from_first(self.score_dev(self.model) if rank() == 0 else {})
        metrics = {f"eval_{name}": value for name, value in scores.items()}
        self.log(metrics)
        self.control: TrainerControl = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        if self._out_of_patience():
            self.control.should_training_stop = True
        return metrics

    def _out_of_patience(self) -> bool:
        # The Trainer's own callback for this counts in memory, so that a run that goes on would train for longer.
        return 0 < self.patience <= epochs_without_gain(self.state.log_history)

    def _determine_best_metric(self, metrics: dict[str, float], trial: object) -> bool:  # noqa: ARG002 - as in Trainer
        """Choose the epoch to keep by `best_epoch.supersedes`."""
        kept = dev_entry(self.state.log_history, self.state.best_global_step)
        self.state.best_metric = max(self.state.best_metric or 0.0, metrics["eval_f1"])
        if kept is not None and not supersedes(metrics, kept, self.state.best_metric):
            return False
        self.state.best_global_step = self.state.global_step
        return True

    def _load_best_model(self) -> None:
        checkpoint = Path(self.state.best_model_checkpoint)
        if not is_whole(checkpoint):
            raise NerpipeError(
                f"{checkpoint}: this checkpoint of the kept epoch was damaged or deleted while training ran, so its "
                "weights are lost. Run `dvc repro` again: it trains the lost epoch again"
            )
        super()._load_best_model()
        self.mean.load(checkpoint)
        self.mean.keep()


def training_arguments(
    scratch: Path, settings: TrainSettings, steps: int, report_to: Sequence[str], *, device: str
) -> TrainingArguments:
    """Translate the settings into the arguments of the Trainer.

    Args:
        scratch: The folder for checkpoints.
        settings: The settings of the run.
        steps: The number of steps of an epoch.
        report_to: The names of the Trainer's integrations that the run is reported to.
        device: cuda, mps or cpu.
    """
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    arguments = TrainingArguments(
        output_dir=str(scratch),
        learning_rate=settings.lr,
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size // world_size(),
        ddp_find_unused_parameters=False,
        average_tokens_across_devices=world_size() > 1,  # See `AdjustedCrossEntropy`. The mean of one is left as it is.
        weight_decay=settings.weight_decay,
        warmup_steps=settings.warmup,
        lr_scheduler_type="linear",
        seed=settings.seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="f1",
        greater_is_better=True,
        # The loss is logged about 50 times in a run, and at least once in each epoch.
        logging_steps=min(steps, math.ceil(steps * settings.epochs / 50)),
        logging_nan_inf_filter=False,
        disable_tqdm=False,
        report_to=list(report_to),
        **device_arguments(device),
    )
    if arguments.n_gpu > 1:
        # Otherwise the Trainer would give a batch of this size to each GPU. Several GPUs take a process each.
        arguments._n_gpu = 1  # noqa: SLF001 - there is no option for it
    return arguments
