"""Fine-tuning a model, from pretrained weights to the epoch with the best dev F1."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers import (
    DataCollatorForTokenClassification,
    EarlyStoppingCallback,
    ProgressCallback,
    Trainer,
    set_seed,
)

from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.errors import NerpipeError
from nerpipe.inference.word_predictions import predict_words
from nerpipe.scoring.scores import score
from nerpipe.training.checkpoints import Checkpoints, last_complete, restore_masks
from nerpipe.training.fast_dropout import MaskGenerator, use_fast_dropout
from nerpipe.training.layers import freeze
from nerpipe.training.loss import AdjustedCrossEntropy
from nerpipe.training.mixed_precision import is_mixed, use_mixed_precision
from nerpipe.training.model import fold_embeddings, load_model
from nerpipe.training.processes import from_first, rank, world_size
from nerpipe.training.progress import Progress
from nerpipe.training.resource_errors import explained_limits
from nerpipe.training.settings import TrainSettings
from nerpipe.training.trainer import DevScoringTrainer, training_arguments

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


@dataclass(frozen=True)
class DevSplit:
    """What dev scores are computed from: its windows, and the gold tags of every word."""

    windows: "Dataset"
    gold: Sequence[Sequence[str]]


@dataclass(frozen=True)
class TrainResult:
    """The best epoch's model and how it came about."""

    model: "PreTrainedModel"
    epochs: list[dict[str, float]]  # epoch, steps so far, train_loss, dev_loss, dev_precision, dev_recall, dev_f1, best
    losses: list[dict[str, float]]  # epoch (a fraction), train_loss: the mean since the entry before
    seconds: float
    resumed_at: int  # the step that a run before this one had reached, or 0


def train_model(
    spec: str,
    tokenizer: "PreTrainedTokenizerFast",
    windows: "Dataset",
    dev: DevSplit,
    labels: Sequence[str],
    *,
    settings: TrainSettings,
    scratch: Path,
    report_to: Sequence[str] = (),
) -> TrainResult:
    """Fine-tune a model.

    Args:
        spec: `model` of params.yaml.
        tokenizer: the one that made the windows.
        windows: the training split's windows, from `window_dataset.tokenize_split`.
        dev: what each epoch is scored on; the first epoch with the highest entity F1 is kept.
        labels: label names by id.
        settings: of the run.
        scratch: a folder for checkpoints of this very run; if there is one in it, training goes on from there.
        report_to: the Trainer's integrations to report to.

    Raises:
        NerpipeError: if there is nothing to train on, the loss is not finite, or disk or memory do not suffice.
    """
    if not len(windows):
        raise NerpipeError(
            "the training split holds no window: none of its words gave a sub-word; does the tokenizer fit the "
            "language?"
        )
    if settings.batch_size % world_size():
        raise NerpipeError(
            f"[params.yaml -> batch_size] {settings.batch_size} windows cannot be shared out evenly among "
            f"{world_size()} processes; choose a multiple, or other processes in launcher"
        )
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    masks = MaskGenerator(settings.seed, rank())
    model = _build_model(spec, labels, tokenizer, settings, masks)
    dev_words = [len(tags) for tags in dev.gold]

    def score_dev(model: "PreTrainedModel") -> dict[str, float]:
        predicted = predict_words(model, dev.windows, dev_words, labels=labels, pad_id=tokenizer.pad_token_id)
        micro = score(dev.gold, predicted.tags).readings["conlleval"]
        return {"loss": predicted.loss, "precision": micro.precision, "recall": micro.recall, "f1": micro.f1}

    steps = math.ceil(len(windows) / settings.batch_size)  # an epoch
    trainer = DevScoringTrainer(
        compute_loss_func=AdjustedCrossEntropy(len(labels), labels.index(OUTSIDE), settings.outside_bias),
        score_dev=score_dev,
        layer_decay=settings.layer_decay,
        model=model,
        args=training_arguments(scratch, settings, steps, report_to),
        train_dataset=windows,
        eval_dataset=dev.windows,
        data_collator=DataCollatorForTokenClassification(tokenizer),
        processing_class=tokenizer,
    )
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(Progress)
    trainer.add_callback(Checkpoints(steps, masks))
    if settings.patience:
        trainer.add_callback(EarlyStoppingCallback(settings.patience))
    checkpoint = from_first(last_complete(scratch) if rank() == 0 else None)
    resumed_at = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    if checkpoint:
        restore_masks(masks, checkpoint)
        if rank() == 0:
            print(f"going on from step {resumed_at} of {steps * settings.epochs}: {checkpoint}", flush=True)
    started = time.perf_counter()
    with explained_limits(scratch):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    fold_embeddings(trainer.model)
    return _result(trainer, time.perf_counter() - started, resumed_at)


def _build_model(
    spec: str,
    labels: Sequence[str],
    tokenizer: "PreTrainedTokenizerFast",
    settings: TrainSettings,
    masks: MaskGenerator,
) -> "PreTrainedModel":
    set_seed(settings.seed)
    model = load_model(spec, labels, tokenizer, attention_dropout=settings.attention_dropout)
    freeze(model, word_embeddings=settings.word_embeddings == "frozen", layers=settings.frozen_layers)
    use_fast_dropout(model, masks)
    if is_mixed(settings.precision) and not torch.accelerator.is_available():
        use_mixed_precision(model.base_model)
    return model


def _result(trainer: Trainer, seconds: float, resumed_at: int) -> TrainResult:
    """Read the curves off the Trainer's history, which a resumed run has whole."""
    epochs: list[dict[str, float]] = []
    losses: list[dict[str, float]] = []
    total, logged, begun = 0.0, 0, 0  # of the epoch under way: its loss so far, the last step logged, its first step
    for entry in trainer.state.log_history:
        if "loss" in entry:
            total += entry["loss"] * (entry["step"] - logged)
            logged = entry["step"]
            losses.append({"epoch": entry["epoch"], "train_loss": entry["loss"]})
        elif "eval_f1" in entry:
            row = {"epoch": round(entry["epoch"]), "steps": logged, "train_loss": total / (logged - begun)}
            row |= {f"dev_{name}": entry[f"eval_{name}"] for name in ("loss", "precision", "recall", "f1")}
            epochs.append(row)
            total, begun = 0.0, logged
    if not np.isfinite([value for row in epochs for value in row.values()]).all():
        raise NerpipeError("dev's loss is no finite number: training diverged. Lower lr, or raise warmup or batch_size")
    best = max(epochs, key=lambda row: row["dev_f1"])
    return TrainResult(trainer.model, [{**row, "best": row is best} for row in epochs], losses, seconds, resumed_at)
