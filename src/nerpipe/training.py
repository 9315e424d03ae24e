"""Fine-tuning with the Hugging Face Trainer: length-grouped batches, dev scored each epoch, the best epoch kept."""

import errno
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    EarlyStoppingCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    logging,
    set_seed,
)

from nerpipe.checkpoints import forget_others, last_complete, mark_complete
from nerpipe.errors import NerpipeError
from nerpipe.inference import predict_words
from nerpipe.iob import OUTSIDE
from nerpipe.models import explained_loading, resolve_model
from nerpipe.processes import from_first, rank, wait_for_all, world_size
from nerpipe.sampling import LengthGroupedSampler
from nerpipe.scoring import score

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


CHECKPOINT_SECONDS = "NERPIPE_CHECKPOINT_SECONDS"  # how often at most the state is kept within an epoch


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

    def __init__(self, *, score_dev: "Callable[[PreTrainedModel], dict[str, float]]", **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.score_dev = score_dev

    def _get_train_sampler(self, train_dataset: "Dataset | None" = None) -> LengthGroupedSampler:
        dataset = self.train_dataset if train_dataset is None else train_dataset
        lengths = [len(ids) for ids in dataset["input_ids"]]
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


class _Checkpoints(TrainerCallback):
    """Save at times within an epoch, mark what is whole, stop where the loss is no number.

    A checkpoint is always taken where a loss was just logged, so that no sum of losses has to be in it.
    """

    def __init__(self, steps: int) -> None:
        """Take the steps of an epoch."""
        self.steps = steps
        self.seconds = float(os.environ.get(CHECKPOINT_SECONDS, "60"))
        self.saved = time.monotonic()

    def on_epoch_end(self, args: object, state: object, control: TrainerControl, **_: object) -> None:  # noqa: ARG002
        control.should_log = True

    def on_log(
        self,
        args: object,  # noqa: ARG002 - the callback's signature
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: object,
    ) -> None:
        loss = (logs or {}).get("loss")
        if loss is None:
            return
        if not math.isfinite(loss):
            raise NerpipeError(
                f"the loss is no finite number at step {state.global_step}: training diverged. Lower lr, or raise "
                "warmup or batch_size"
            )
        # the end of an epoch is saved by itself, after dev was scored
        if state.global_step % self.steps and from_first(time.monotonic() - self.saved >= self.seconds):
            control.should_save = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: object, **_: object) -> None:  # noqa: ARG002
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        wait_for_all()  # each process has saved the state of its own generators
        if state.is_world_process_zero:
            mark_complete(checkpoint)
            forget_others(checkpoint, state.best_model_checkpoint)
        wait_for_all()
        self.saved = time.monotonic()


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
    report_to: Sequence[str] = (),
) -> TrainResult:
    """Fine-tune a model.

    Args:
        spec: `model` of params.yaml.
        tokenizer: for padding.
        windows: the training split's windows, from `tokenization.tokenize_split`.
        dev: what each epoch is scored on; the first epoch with the highest entity F1 is kept.
        labels: label names by id.
        options: lr, epochs, batch_size, weight_decay, warmup, patience, seed and threads of params.yaml.
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

    steps = math.ceil(len(windows) / options["batch_size"])  # an epoch
    trainer = _DevScoringTrainer(
        score_dev=score_dev,
        model=model,
        args=_arguments(scratch, options, steps, report_to),
        train_dataset=windows,
        eval_dataset=dev.windows,
        data_collator=DataCollatorForTokenClassification(tokenizer),
        processing_class=tokenizer,
    )
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(_Progress)
    trainer.add_callback(_Checkpoints(steps))
    if options["patience"]:
        trainer.add_callback(EarlyStoppingCallback(int(options["patience"])))
    checkpoint = from_first(last_complete(scratch) if rank() == 0 else None)
    resumed_at = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    if checkpoint and rank() == 0:
        print(f"going on from step {resumed_at} of {steps * int(options['epochs'])}: {checkpoint}", flush=True)
    started = time.perf_counter()
    with _explained_limits(scratch):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return _result(trainer, time.perf_counter() - started, resumed_at)


@contextmanager
def _explained_limits(scratch: Path) -> Iterator[None]:
    """Turn a full disk and missing memory into messages; the state kept last stays."""
    try:
        yield
    except (OSError, RuntimeError, MemoryError, SafetensorError) as error:
        said = str(error).lower()
        again = f"What was reached is kept in {scratch}: `dvc repro` goes on from there"
        if getattr(error, "errno", None) == errno.ENOSPC or "no space left" in said or "file write failed" in said:
            raise NerpipeError(f"{scratch}: the disk is full ({error}). Make room. {again}") from None
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in said:
            raise NerpipeError(
                f"a batch does not fit into memory ({str(error).splitlines()[0]}). Lower batch_size or max_length, or "
                f"free memory. {again} (with the same params)"
            ) from None
        raise


def _arguments(
    folder: Path, options: Mapping[str, float | int], steps: int, report_to: Sequence[str]
) -> TrainingArguments:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    return TrainingArguments(
        output_dir=str(folder),
        learning_rate=options["lr"],
        num_train_epochs=options["epochs"],
        per_device_train_batch_size=int(options["batch_size"]) // world_size(),
        ddp_find_unused_parameters=False,
        average_tokens_across_devices=False,  # a model's loss is a mean already, and would be multiplied
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
