"""Fine-tunes a model from pretrained weights, and keeps an epoch by its dev F1."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from datasets import concatenate_datasets
from transformers import (
    DataCollatorForTokenClassification,
    ProgressCallback,
    set_seed,
)

from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.contracts.terminal import number_of, say
from nerpipe.contracts.views import Taught
from nerpipe.errors import NerpipeError
from nerpipe.inference.decoding import DecodingWeights
from nerpipe.inference.device_choice import choose_device
from nerpipe.training.batch_order import add_fillers
from nerpipe.training.best_epoch import check_kept, entity_warning, read_history
from nerpipe.training.checkpoints import Checkpoints, last_usable, restore_process, step_of
from nerpipe.training.dev_scores import DevScorer, DevSplit
from nerpipe.training.device import use_deterministic_sums
from nerpipe.training.fast_dropout import MaskGenerator, use_fast_dropout
from nerpipe.training.layers import freeze
from nerpipe.training.loss import AdjustedCrossEntropy
from nerpipe.training.mixed_precision import is_mixed, use_mixed_precision
from nerpipe.training.model import fold_embeddings, load_model
from nerpipe.training.processes import from_first, rank, world_size
from nerpipe.training.progress import Progress
from nerpipe.training.rate_warning import rate_warning
from nerpipe.training.resource_errors import explained_limits
from nerpipe.training.settings import TrainSettings
from nerpipe.training.trainer import DevScoringTrainer, training_arguments

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


@dataclass(frozen=True)
class TrainResult:
    """The model of the kept epoch, and the scores and losses of the training run."""

    model: "PreTrainedModel"
    # One entry for each epoch: epoch, steps (since the start), train_loss (the mean of what training minimised),
    # dev_loss, dev_precision, dev_recall, dev_f1, sample_loss (the loss of a sample of train, computed as dev_loss is),
    # and best (whether this epoch is kept). With `averaging`, all but train_loss are of the mean of the weights.
    epochs: list[dict[str, float]]
    # One entry for each logged loss: epoch (with its fraction), and train_loss (the mean since the previous entry).
    losses: list[dict[str, float]]
    seconds: float  # The time that training took, without the part of an earlier run that was resumed.
    resumed_at: int  # The step at which an earlier run was resumed, or 0.


def train_model(
    spec: str,
    tokenizer: "PreTrainedTokenizerFast",
    windows: "Dataset",
    dev: DevSplit,
    labels: Sequence[str],
    *,
    settings: TrainSettings,
    scratch: str | Path,
    taught: Taught | None = None,
    report_to: Sequence[str] = (),
) -> TrainResult:
    """Fine-tune a model.

    Args:
        spec: The value of `model` in params.yaml.
        tokenizer: The tokenizer that made the windows.
        windows: The windows of the training split, from `window_dataset.tokenize_split`.
        dev: The dev split, which is scored after each epoch. The last epoch is kept whose entity F1 is at most a point
            below the highest one (`best_epoch.supersedes`).
        labels: The label names by id.
        settings: The settings of the run.
        scratch: The folder for the checkpoints of this run. If it holds a complete checkpoint, training goes on from
            the newest.
        taught: Texts without labels that are learnt too, and what a teacher says of them.
        report_to: The names of the Trainer's integrations that the run is reported to.

    Raises:
        NerpipeError: If the training split has no windows, the processes cannot share out the batch size evenly, the
            device cannot be used, the model cannot be loaded, `frozen_layers` is too high, the loss is not finite,
            there is not enough disk space or memory, or the weights of the kept epoch were lost.
    """
    scratch = Path(scratch)
    if not len(windows):
        raise NerpipeError(
            "the training split holds no window, because none of its words has a sub-word. Choose a model whose "
            "tokenizer fits the language of the data"
        )
    if settings.batch_size % world_size():
        raise NerpipeError(
            f"[params.yaml -> batch_size] {number_of(settings.batch_size, 'window')} cannot be shared out evenly among "
            f"{world_size()} processes; expected a multiple of {world_size()}. Change batch_size, or the number of "
            "processes in launcher"
        )
    torch.set_num_threads(settings.threads)
    device = choose_device(settings.device)
    mixed = is_mixed(settings.precision, device)
    use_deterministic_sums(device)
    masks = MaskGenerator(settings.seed, rank())
    model = _build_model(spec, labels, tokenizer, settings)
    if device == "cpu":
        use_fast_dropout(model, masks)
        if mixed:
            use_mixed_precision(model.base_model)
    weights = DecodingWeights(settings.outside_bias, settings.adjoining_penalty)
    scorer = DevScorer(windows, dev, labels, tokenizer.pad_token_id, weights)
    shown = concatenate_datasets([windows, taught.windows]) if taught else windows
    steps = math.ceil(len(shown) / settings.batch_size)  # The steps of an epoch.
    _say(rate_warning(settings.lr, steps * settings.epochs))
    fillers = -len(shown) % settings.batch_size if world_size() > 1 else 0
    outside = labels.index(OUTSIDE)
    trainer = DevScoringTrainer(
        compute_loss_func=AdjustedCrossEntropy(
            len(labels),
            outside,
            settings.outside_bias,
            taught=taught,
            processes=world_size(),
        ),
        score_dev=scorer,
        fillers=fillers,
        autocast=mixed and device != "cpu",
        layer_decay=settings.layer_decay,
        averaging=settings.averaging == "steps",
        patience=settings.patience,
        model=model,
        args=training_arguments(scratch, settings, steps, report_to, device=device),
        train_dataset=add_fillers(shown, fillers),
        eval_dataset=dev.windows,
        data_collator=DataCollatorForTokenClassification(tokenizer),
        processing_class=tokenizer,
    )
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(Progress)
    trainer.add_callback(Checkpoints(trainer, steps, masks))
    checkpoint = from_first(last_usable(scratch) if rank() == 0 else None)
    resumed_at = step_of(checkpoint) if checkpoint else 0
    if checkpoint:
        restore_process(trainer, masks, checkpoint)
        _say(f"going on from step {resumed_at} of {steps * settings.epochs}: {checkpoint}")
    started = time.perf_counter()
    with explained_limits(scratch):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    seconds = time.perf_counter() - started
    fold_embeddings(trainer.model)
    epochs, losses = read_history(trainer.state.log_history, trainer.state.best_global_step)
    best = next(row for row in epochs if row["best"])
    if rank() == 0:
        _say(check_kept(best, scorer.on_dev(trainer.model)))
        _say(
            entity_warning(predicted=scorer.predicted, gold=scorer.gold, dev_losses=[row["dev_loss"] for row in epochs])
        )
    return TrainResult(trainer.model, epochs, losses, seconds, resumed_at)


def _say(message: str | None) -> None:
    """Print a message, if there is one, in the first process only."""
    if message and rank() == 0:
        say(message)


def _build_model(
    spec: str,
    labels: Sequence[str],
    tokenizer: "PreTrainedTokenizerFast",
    settings: TrainSettings,
) -> "PreTrainedModel":
    set_seed(settings.seed)
    model = load_model(spec, labels, tokenizer, attention_dropout=settings.attention_dropout)
    freeze(model, word_embeddings=settings.word_embeddings == "frozen", layers=settings.frozen_layers)
    return model
