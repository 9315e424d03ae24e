"""Fine-tuning with the Hugging Face Trainer: length-grouped batches, dev scored each epoch, the best epoch kept."""

import math
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    ProgressCallback,
    Trainer,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    logging,
    set_seed,
)

from nerpipe.errors import NerpipeError
from nerpipe.inference import predict_words
from nerpipe.iob import OUTSIDE
from nerpipe.models import explained_loading, resolve_model
from nerpipe.sampling import LengthGroupedSampler
from nerpipe.scoring import score

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


class _DevScoringTrainer(Trainer):
    """The Trainer with this project's order of batches, and dev scored word by word as the evaluate stage scores."""

    def __init__(self, *, score_dev: "Callable[[PreTrainedModel], dict[str, float]]", **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.score_dev = score_dev

    def _get_train_sampler(self, train_dataset: "Dataset | None" = None) -> LengthGroupedSampler:
        dataset = self.train_dataset if train_dataset is None else train_dataset
        lengths = [len(ids) for ids in dataset["input_ids"]]
        return LengthGroupedSampler(lengths, self.args.train_batch_size, self.args.seed)

    def evaluate(self, *_: object, **__: object) -> dict[str, float]:
        metrics = {f"eval_{name}": value for name, value in self.score_dev(self.model).items()}
        self.log(metrics)
        self.control: TrainerControl = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


class _Progress(ProgressCallback):
    """A bar with an estimate, and one line an epoch."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - the callback's signature
        logs: dict[str, Any] | None = None,
        **_: object,
    ) -> None:
        if logs and "eval_f1" in logs and self.training_bar is not None:
            self.training_bar.write(
                f"epoch {round(state.epoch or 0)}/{round(args.num_train_epochs)}: dev F1 {logs['eval_f1']:.4f} "
                f"(precision {logs['eval_precision']:.4f}, recall {logs['eval_recall']:.4f}), dev loss "
                f"{logs['eval_loss']:.4f}"
            )


def load_model(spec: str, labels: Sequence[str]) -> "PreTrainedModel":
    """Load pretrained weights under a token-classification head for these labels.

    Raises:
        NerpipeError: if the model cannot be found or loaded.
    """
    source = resolve_model(spec)
    logging.set_verbosity_error()  # the head is new: transformers would list its weights as missing
    logging.disable_progress_bar()
    with explained_loading(spec):
        model: PreTrainedModel = AutoModelForTokenClassification.from_pretrained(
            source.location,
            revision=source.revision,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
            ignore_mismatched_sizes=True,  # a model already fine-tuned for other labels gets a new head
            dtype=torch.float32,
        )
    return model


def train_model(
    spec: str,
    tokenizer: "PreTrainedTokenizerFast",
    windows: "Dataset",
    dev: DevSplit,
    labels: Sequence[str],
    *,
    options: Mapping[str, float | int],
    scratch: Path,
) -> TrainResult:
    """Fine-tune a model.

    Args:
        spec: `model` of params.yaml.
        tokenizer: for padding.
        windows: the training split's windows, from `tokenization.tokenize_split`.
        dev: what each epoch is scored on; the first epoch with the highest entity F1 is kept.
        labels: label names by id.
        options: lr, epochs, batch_size, weight_decay, warmup, seed and threads of params.yaml.
        scratch: a folder for checkpoints; what is made in it is deleted at the end.

    Raises:
        NerpipeError: if there is nothing to train on, or the loss is not finite.
    """
    if not len(windows):
        raise NerpipeError(
            "the training split holds no window: none of its words gave a sub-word; does the tokenizer fit the "
            "language?"
        )
    torch.set_num_threads(int(options["threads"]))
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    set_seed(int(options["seed"]))
    model = load_model(spec, labels)
    dev_words = [len(tags) for tags in dev.gold]

    def score_dev(model: "PreTrainedModel") -> dict[str, float]:
        predicted = predict_words(
            model, dev.windows, dev_words, outside=labels.index(OUTSIDE), pad_id=tokenizer.pad_token_id
        )
        scores = score(dev.gold, [[labels[index] for index in row] for row in predicted.labels])
        micro = scores.readings["conlleval"]
        return {"loss": predicted.loss, "precision": micro.precision, "recall": micro.recall, "f1": micro.f1}

    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        trainer = _DevScoringTrainer(
            score_dev=score_dev,
            model=model,
            args=_arguments(folder, options, len(windows)),
            train_dataset=windows,
            eval_dataset=dev.windows,
            data_collator=DataCollatorForTokenClassification(tokenizer),
            processing_class=tokenizer,
        )
        trainer.remove_callback(ProgressCallback)
        trainer.add_callback(_Progress)
        started = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - started
    return _result(trainer, seconds)


def _arguments(folder: str, options: Mapping[str, float | int], windows: int) -> TrainingArguments:
    steps = math.ceil(windows / options["batch_size"])  # an epoch
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    return TrainingArguments(
        output_dir=folder,
        learning_rate=options["lr"],
        num_train_epochs=options["epochs"],
        per_device_train_batch_size=int(options["batch_size"]),
        weight_decay=options["weight_decay"],
        warmup_steps=options["warmup"],
        lr_scheduler_type="linear",
        seed=int(options["seed"]),
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,  # beside the best one
        save_only_model=True,
        load_best_model_at_end=True,
        metric_for_best_model="f1",
        greater_is_better=True,
        logging_steps=min(steps, math.ceil(steps * options["epochs"] / 50)),  # 50 points on the curve, or one an epoch
        logging_nan_inf_filter=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=False,
        report_to=[],
    )


def _result(trainer: Trainer, seconds: float) -> TrainResult:
    """Read the curves off the Trainer's history."""
    epochs: list[dict[str, float]] = []
    losses: list[dict[str, float]] = []
    since = 0  # the first loss that belongs to the epoch under way
    for entry in trainer.state.log_history:
        if "eval_f1" in entry:
            row = {
                "epoch": round(entry["epoch"]),
                "steps": entry["step"],
                "train_loss": _mean_loss(losses[since:]),
            }
            row |= {f"dev_{name}": entry[f"eval_{name}"] for name in ("loss", "precision", "recall", "f1")}
            epochs.append(row)
            since = len(losses)
        elif "loss" in entry:
            losses.append({"epoch": entry["epoch"], "train_loss": entry["loss"]})
    if not np.isfinite([value for row in epochs for value in row.values()]).all():
        raise NerpipeError("the loss is no finite number: training diverged. Lower lr, or raise warmup or batch_size")
    best = max(epochs, key=lambda row: row["dev_f1"])
    return TrainResult(trainer.model, [{**row, "best": row is best} for row in epochs], losses, seconds)


def _mean_loss(losses: Sequence[Mapping[str, float]]) -> float:
    return float(np.mean([row["train_loss"] for row in losses]))
