"""Checkpoints of a training run: when they are saved, whether they are complete, and which of them are kept."""

import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from nerpipe.contracts.files import read_json, sha256_of, write_json
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError
from nerpipe.training.fast_dropout import MaskGenerator
from nerpipe.training.processes import from_first, rank, wait_for_all

# The environment variable with the shortest time between two checkpoints within an epoch, in seconds (60 by default).
CHECKPOINT_SECONDS = "NERPIPE_CHECKPOINT_SECONDS"
# The file of a checkpoint with the state of the generator of dropout masks, one file for each process.
MASKS = "dropout-{}.json"


def restore_masks(masks: MaskGenerator, checkpoint: Path) -> None:
    """Set the generator of dropout masks to the state that is saved in a checkpoint."""
    masks.restore(read_json(checkpoint / MASKS.format(rank())))


class Checkpoints(TrainerCallback):
    """Saves checkpoints within an epoch, marks complete checkpoints, and stops training if the loss is not finite.

    A checkpoint is always saved directly after the loss was logged. It therefore does not need the sum of the losses
    that were not logged yet.
    """

    def __init__(self, steps: int, masks: MaskGenerator) -> None:
        """Make the callback.

        Args:
            steps: The number of steps of an epoch.
            masks: The generator of dropout masks, whose state is saved in each checkpoint.
        """
        self.steps = steps
        self.masks = masks
        self.seconds = float(os.environ.get(CHECKPOINT_SECONDS, "60"))
        self.saved = time.monotonic()

    def on_epoch_end(self, args: object, state: object, control: TrainerControl, **_: object) -> None:  # noqa: ARG002
        """Have the loss logged, so that the checkpoint that follows is saved directly after a logged loss."""
        control.should_log = True

    def on_log(
        self,
        args: object,  # noqa: ARG002 - as in TrainerCallback
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Stop if the loss is not finite, and save a checkpoint if enough time has passed since the last one.

        Raises:
            NerpipeError: If the loss is not finite.
        """
        loss = (logs or {}).get("loss")
        if loss is None:
            return
        if not math.isfinite(loss):
            raise NerpipeError(
                f"the training loss is not a finite number at step {state.global_step}: training diverged. Lower lr, "
                "or raise warmup or batch_size"
            )
        # The Trainer itself saves a checkpoint at the end of an epoch, after dev was scored.
        if state.global_step % self.steps and from_first(time.monotonic() - self.saved >= self.seconds):
            control.should_save = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: object, **_: object) -> None:  # noqa: ARG002
        """Mark the checkpoint as complete, and delete the others that are no longer needed."""
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        write_json(checkpoint / MASKS.format(rank()), self.masks.state())
        wait_for_all()  # Afterwards each process has saved the states of its generators.
        if state.is_world_process_zero:
            mark_complete(checkpoint)
            forget_others(checkpoint, state.best_model_checkpoint)
        wait_for_all()
        self.saved = time.monotonic()


MARKER = "complete.json"  # The file of a checkpoint with the SHA-256 of its other files. It is written last.


def mark_complete(checkpoint: Path) -> None:
    """Mark a checkpoint as complete: write the SHA-256 of each of its files."""
    files = sorted(path for path in checkpoint.rglob("*") if path.is_file() and path.name != MARKER)
    write_json(checkpoint / MARKER, {path.relative_to(checkpoint).as_posix(): sha256_of(path) for path in files})


def forget_others(checkpoint: Path, best: str | None) -> None:
    """Delete all checkpoints except this complete one and that of the best epoch.

    The Trainer's own limit on checkpoints (save_total_limit) is not used, because it deletes old checkpoints before the
    new one is marked. A run that is killed in between would have to go back to its best epoch.
    """
    for other in checkpoint.parent.glob("checkpoint-*"):
        if other != checkpoint and str(other) != best:
            shutil.rmtree(other)


def last_complete(folder: Path) -> Path | None:
    """Find the newest complete checkpoint, and delete the incomplete and the damaged ones.

    A checkpoint is incomplete, and has no marker, if the run was killed while it was written. A checkpoint is damaged
    if its files differ from its marker.

    Returns:
        The folder of the newest complete checkpoint, or None if there is none.
    """
    checkpoints = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    whole = []
    for checkpoint in checkpoints:
        if _is_whole(checkpoint):
            whole.append(checkpoint)
        else:
            say(f"{checkpoint} is incomplete or damaged: it is deleted, and an earlier one is used if there is one")
            shutil.rmtree(checkpoint)
    return whole[-1] if whole else None


def _is_whole(checkpoint: Path) -> bool:
    try:
        wanted = read_json(checkpoint / MARKER)
        return all(sha256_of(checkpoint / name) == digest for name, digest in wanted.items())
    except (NerpipeError, OSError):
        return False
