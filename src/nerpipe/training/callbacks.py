"""What happens besides the steps of training: its state is kept, and a bar and the scores are shown."""

import math
import os
import time
from pathlib import Path
from typing import Any

from transformers import ProgressCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from nerpipe.contracts.files import read_json, write_json
from nerpipe.errors import NerpipeError
from nerpipe.training.fast_dropout import MaskGenerator
from nerpipe.training.processes import from_first, rank, wait_for_all
from nerpipe.training.run_folder import forget_others, mark_complete

CHECKPOINT_SECONDS = "NERPIPE_CHECKPOINT_SECONDS"  # how often at most the state is kept within an epoch
MASKS = "dropout-{}.json"  # in a checkpoint: the state of a process's generator of dropout masks


def restore_masks(masks: MaskGenerator, checkpoint: Path) -> None:
    """Set the generator of dropout masks to where it was when a checkpoint was taken."""
    masks.restore(read_json(checkpoint / MASKS.format(rank())))


class Checkpoints(TrainerCallback):
    """Save at times within an epoch, mark what is whole, stop where the loss is no number.

    A checkpoint is always taken where a loss was just logged, so that no sum of losses has to be in it.
    """

    def __init__(self, steps: int, masks: MaskGenerator) -> None:
        """Take the steps of an epoch, and the generator whose state belongs to the run's."""
        self.steps = steps
        self.masks = masks
        self.seconds = float(os.environ.get(CHECKPOINT_SECONDS, "60"))
        self.saved = time.monotonic()

    def on_epoch_end(self, args: object, state: object, control: TrainerControl, **_: object) -> None:  # noqa: ARG002
        """Have the loss logged, so that none is pending in the checkpoint that follows."""
        control.should_log = True

    def on_log(
        self,
        args: object,  # noqa: ARG002 - the callback's signature
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Stop where the loss is no number; keep the state if it is time."""
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
        """Mark the checkpoint as whole, and delete those before it."""
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        write_json(checkpoint / MASKS.format(rank()), self.masks.state())
        wait_for_all()  # each process has saved the state of its own generators
        if state.is_world_process_zero:
            mark_complete(checkpoint)
            forget_others(checkpoint, state.best_model_checkpoint)
        wait_for_all()
        self.saved = time.monotonic()


class Progress(ProgressCallback):
    """A bar with an estimate, and one line an epoch."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - the callback's signature
        logs: dict[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Print dev scores above the bar."""
        if logs and "eval_f1" in logs and self.training_bar is not None:
            self.training_bar.write(
                f"epoch {round(state.epoch or 0)}/{round(args.num_train_epochs)}: dev F1 {logs['eval_f1']:.4f} "
                f"(precision {logs['eval_precision']:.4f}, recall {logs['eval_recall']:.4f}), dev loss "
                f"{logs['eval_loss']:.4f}"
            )
