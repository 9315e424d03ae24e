"""Fine-tuning with the Hugging Face Trainer: length-grouped batches, dev scored each epoch, the best epoch kept."""

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import (
    DataCollatorForTokenClassification,
    EarlyStoppingCallback,
    ProgressCallback,
    Trainer,
    TrainerControl,
    TrainingArguments,
    set_seed,
)

from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.errors import NerpipeError
from nerpipe.inference.word_predictions import predict_words
from nerpipe.scoring.scores import score
from nerpipe.training.batch_order import LengthGroupedSampler
from nerpipe.training.callbacks import Checkpoints, Progress, restore_masks
from nerpipe.training.fast_dropout import MaskGenerator, use_fast_dropout
from nerpipe.training.layers import freeze, parameter_groups
from nerpipe.training.loss import AdjustedCrossEntropy
from nerpipe.training.mixed_precision import is_mixed, use_mixed_precision
from nerpipe.training.model import fold_embeddings, load_model
from nerpipe.training.processes import from_first, rank, world_size
from nerpipe.training.resource_errors import explained_limits
from nerpipe.training.run_folder import last_complete

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


class _DevScoringTrainer(Trainer):
    """The Trainer with this project's order of batches, and dev scored word by word as the evaluate stage scores."""

    def __init__(
        self,
        *,
        score_dev: "Callable[[PreTrainedModel], dict[str, float]]",
        layer_decay: float,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**kwargs)
        self.score_dev = score_dev
        self.layer_decay = layer_decay

    def create_optimizer(self, model: object = None) -> torch.optim.Optimizer:  # noqa: ARG002 - the Trainer's signature
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

    def _get_train_sampler(self, train_dataset: object = None) -> LengthGroupedSampler:  # noqa: ARG002 - the Trainer's
        lengths = [len(ids) for ids in self.train_dataset["input_ids"]]
        # of all processes together: each takes a part of every batch
        batch_size = self.args.train_batch_size * self.args.world_size
        self.sampler = LengthGroupedSampler(lengths, batch_size, self.args.seed)
        return self.sampler

    def _run_epoch(self, *args: Any, epoch: int, **kwargs: Any) -> None:  # noqa: ANN401
        # accelerate's set_epoch does not reach the sampler of a resumed epoch, whose first batches are skipped
        self.sampler.set_epoch(epoch)
        super()._run_epoch(*args, epoch=epoch, **kwargs)

    def evaluate(self, *_: object, **__: object) -> dict[str, float]:
        metrics = {f"eval_{name}": value for name, value in self.score_dev(self.model).items()}
        self.log(metrics)
        self.control: TrainerControl = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def train_model(
    spec: str,
    tokenizer: "PreTrainedTokenizerFast",
    windows: "Dataset",
    dev: DevSplit,
    labels: Sequence[str],
    *,
    options: Mapping[str, Any],
    scratch: Path,
    report_to: Sequence[str] = (),
) -> TrainResult:
    """Fine-tune a model.

    Args:
        spec: `model` of params.yaml.
        tokenizer: the one that made the windows.
        windows: the training split's windows, from `tokenization.tokenize_split`.
        dev: what each epoch is scored on; the first epoch with the highest entity F1 is kept.
        labels: label names by id.
        options: of params.yaml lr, layer_decay, epochs, batch_size, weight_decay, warmup, word_embeddings,
            frozen_layers, attention_dropout, outside_bias, patience, precision, seed and threads.
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
    if options["batch_size"] % world_size():
        raise NerpipeError(
            f"[params.yaml -> batch_size] {options['batch_size']} windows cannot be shared out evenly among "
            f"{world_size()} processes; choose a multiple, or other processes in launcher"
        )
    torch.set_num_threads(int(options["threads"]))
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    masks = MaskGenerator(int(options["seed"]), rank())
    model = _build_model(spec, labels, tokenizer, options, masks)
    dev_words = [len(tags) for tags in dev.gold]

    def score_dev(model: "PreTrainedModel") -> dict[str, float]:
        predicted = predict_words(model, dev.windows, dev_words, labels=labels, pad_id=tokenizer.pad_token_id)
        micro = score(dev.gold, predicted.tags).readings["conlleval"]
        return {"loss": predicted.loss, "precision": micro.precision, "recall": micro.recall, "f1": micro.f1}

    steps = math.ceil(len(windows) / options["batch_size"])  # an epoch
    trainer = _DevScoringTrainer(
        compute_loss_func=AdjustedCrossEntropy(len(labels), labels.index(OUTSIDE), options["outside_bias"]),
        score_dev=score_dev,
        layer_decay=options["layer_decay"],
        model=model,
        args=_arguments(scratch, options, steps, report_to),
        train_dataset=windows,
        eval_dataset=dev.windows,
        data_collator=DataCollatorForTokenClassification(tokenizer),
        processing_class=tokenizer,
    )
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(Progress)
    trainer.add_callback(Checkpoints(steps, masks))
    if options["patience"]:
        trainer.add_callback(EarlyStoppingCallback(int(options["patience"])))
    checkpoint = from_first(last_complete(scratch) if rank() == 0 else None)
    resumed_at = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    if checkpoint:
        restore_masks(masks, checkpoint)
        if rank() == 0:
            print(f"going on from step {resumed_at} of {steps * int(options['epochs'])}: {checkpoint}", flush=True)
    started = time.perf_counter()
    with explained_limits(scratch):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    fold_embeddings(trainer.model)
    return _result(trainer, time.perf_counter() - started, resumed_at)


def _build_model(
    spec: str,
    labels: Sequence[str],
    tokenizer: "PreTrainedTokenizerFast",
    options: Mapping[str, Any],
    masks: MaskGenerator,
) -> "PreTrainedModel":
    set_seed(int(options["seed"]))
    model = load_model(spec, labels, tokenizer, attention_dropout=options["attention_dropout"])
    freeze(model, word_embeddings=options["word_embeddings"] == "frozen", layers=int(options["frozen_layers"]))
    use_fast_dropout(model, masks)
    if is_mixed(options["precision"]) and not torch.accelerator.is_available():
        use_mixed_precision(model.base_model)
    return model


def _arguments(folder: Path, options: Mapping[str, Any], steps: int, report_to: Sequence[str]) -> TrainingArguments:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    return TrainingArguments(
        output_dir=str(folder),
        learning_rate=options["lr"],
        num_train_epochs=options["epochs"],
        per_device_train_batch_size=int(options["batch_size"]) // world_size(),
        ddp_find_unused_parameters=False,
        average_tokens_across_devices=False,  # the loss is a mean already, and would be multiplied
        bf16=torch.accelerator.is_available() and is_mixed(options["precision"]),
        use_cpu=not torch.accelerator.is_available(),  # unless it is said, processes without one do not find together
        weight_decay=options["weight_decay"],
        warmup_steps=options["warmup"],
        lr_scheduler_type="linear",
        seed=int(options["seed"]),
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="f1",
        greater_is_better=True,
        logging_steps=min(steps, math.ceil(steps * options["epochs"] / 50)),  # 50 points on the curve, or one an epoch
        logging_nan_inf_filter=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=False,
        report_to=list(report_to),
    )


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
