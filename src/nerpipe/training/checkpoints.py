"""The state of a training run: how often it is saved, when it is whole, and which of it is kept."""

import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from nerpipe.contracts.files import read_json, sha256_of, write_json
from nerpipe.errors import NerpipeError
from nerpipe.training.fast_dropout import MaskGenerator
from nerpipe.training.processes import from_first, rank, wait_for_all

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


MARKER = "complete.json"  # in a checkpoint: the SHA-256 of its other files, written after them


def mark_complete(checkpoint: Path) -> None:
    """Write down that all files of a checkpoint are there, and what they hold."""
    files = sorted(path for path in checkpoint.rglob("*") if path.is_file() and path.name != MARKER)
    write_json(checkpoint / MARKER, {path.relative_to(checkpoint).as_posix(): sha256_of(path) for path in files})


def forget_others(checkpoint: Path, best: str | None) -> None:
    """Delete all checkpoints but this one, which is whole, and the best epoch's.

    The Trainer's own limit deletes before the new one is marked: killed in between, a run would fall back to its best
    epoch.
    """
    for other in checkpoint.parent.glob("checkpoint-*"):
        if other != checkpoint and str(other) != best:
            shutil.rmtree(other)


def last_complete(folder: Path) -> Path | None:
    """Find the newest checkpoint that is whole, and delete those that are not.

    A checkpoint without its marker was being written when the run was killed; one whose files differ from it was
    damaged since.
    """
    checkpoints = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    whole = []
    for checkpoint in checkpoints:
        if _is_whole(checkpoint):
            whole.append(checkpoint)
        else:
            print(f"{checkpoint} is not whole: going back to the one before", flush=True)
            shutil.rmtree(checkpoint)
    return whole[-1] if whole else None


def _is_whole(checkpoint: Path) -> bool:
    try:
        wanted = read_json(checkpoint / MARKER)
        return all(sha256_of(checkpoint / name) == digest for name, digest in wanted.items())
    except (NerpipeError, OSError):
        return False
