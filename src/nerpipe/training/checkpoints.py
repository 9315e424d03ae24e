"""Checkpoints of a training run: when they are saved, whether they are complete, and which of them are kept."""

import math
import os
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from nerpipe.contracts.files import read_json, sha256_of, write_json
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError
from nerpipe.training.fast_dropout import MaskGenerator
from nerpipe.training.processes import from_first, rank, wait_for_all

if TYPE_CHECKING:
    from nerpipe.training.trainer import DevScoringTrainer

# The environment variable with the shortest time between two checkpoints within an epoch, in seconds (60 by default).
CHECKPOINT_SECONDS = "NERPIPE_CHECKPOINT_SECONDS"
# The file of a checkpoint with what the Trainer does not save: the state of the generator of dropout masks, and the sum
# of the losses that were not logged yet. There is one file for each process.
PROCESS_STATE = "process-{}.json"
MARKER = "complete.json"  # The file of a checkpoint with the SHA-256 of its other files. It is written last.


def shortest_time() -> float:
    """Read the shortest time between two checkpoints from the environment, in seconds.

    Raises:
        NerpipeError: If it is not a number of 0 or more.
    """
    said = os.environ.get(CHECKPOINT_SECONDS, "60")
    try:
        seconds = float(said)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise NerpipeError(
            f"the environment variable {CHECKPOINT_SECONDS} is {said!r}; expected a number of seconds, 0 or more"
        )
    return seconds


def restore_process(trainer: "DevScoringTrainer", masks: MaskGenerator, checkpoint: Path) -> None:
    """Set the generator of dropout masks, the sum of the losses and the mean of the weights as in a checkpoint."""
    state = read_json(checkpoint / PROCESS_STATE.format(rank()))
    masks.restore(state["masks"])
    trainer.mean.load(checkpoint)
    trainer.unlogged = state["unlogged"]


class Checkpoints(TrainerCallback):
    """Saves checkpoints within an epoch, marks complete checkpoints, and stops training if the loss is not finite.

    A checkpoint is saved after the first step at which enough time has passed, whatever the number of steps of the run.
    """

    def __init__(self, trainer: "DevScoringTrainer", steps: int, masks: MaskGenerator) -> None:
        """Make the callback.

        Args:
            trainer: The Trainer that calls it, whose sum of losses is saved in each checkpoint.
            steps: The number of steps of an epoch.
            masks: The generator of dropout masks, whose state is saved in each checkpoint.
        """
        self.trainer = trainer
        self.steps = steps
        self.masks = masks
        self.seconds = shortest_time()
        self.saved = time.monotonic()

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: object, **_: object) -> None:  # noqa: ARG002
        """Name the checkpoint of the kept epoch by where it is now, because the folder may have been moved."""
        if state.best_global_step:
            state.best_model_checkpoint = str(checkpoint_at(Path(args.output_dir), state.best_global_step))

    def on_step_end(self, args: object, state: TrainerState, control: TrainerControl, **_: object) -> None:  # noqa: ARG002
        """Save a checkpoint if enough time has passed since the last one."""
        # The Trainer itself saves a checkpoint at the end of an epoch, after dev was scored.
        if state.global_step % self.steps and from_first(time.monotonic() - self.saved >= self.seconds):
            control.should_save = True

    def on_epoch_end(self, args: object, state: object, control: TrainerControl, **_: object) -> None:  # noqa: ARG002
        """Have the loss logged, so that the losses of an epoch are complete before dev is scored."""
        control.should_log = True

    def on_log(
        self,
        args: object,  # noqa: ARG002 - as in TrainerCallback
        state: TrainerState,
        control: object,  # noqa: ARG002
        logs: dict[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Stop if the loss is not finite.

        Raises:
            NerpipeError: If the loss is not finite.
        """
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            raise NerpipeError(
                f"the training loss is not a finite number at step {state.global_step}: training diverged. Lower lr, "
                "or raise warmup or batch_size"
            )

    def on_save(self, args: TrainingArguments, state: TrainerState, control: object, **_: object) -> None:  # noqa: ARG002
        """Mark the checkpoint as complete, and delete the others that are no longer needed."""
        folder = Path(args.output_dir)
        checkpoint = checkpoint_at(folder, state.global_step)
        process = {"masks": self.masks.state(), "unlogged": self.trainer.unlogged_losses()}
        write_json(checkpoint / PROCESS_STATE.format(rank()), process)
        wait_for_all()  # Afterwards each process has saved the states of its generators.
        if state.is_world_process_zero:
            self.trainer.mean.save(checkpoint)
            mark_complete(checkpoint)
            best = state.best_global_step
            forget_others(checkpoint, checkpoint_at(folder, best) if best else None)
        wait_for_all()
        self.saved = time.monotonic()


def checkpoint_at(folder: Path, step: int) -> Path:
    """Return the folder of the checkpoint that was saved after this step."""
    return folder / f"checkpoint-{step}"


def step_of(checkpoint: Path) -> int:
    """Return the number of steps after which a checkpoint was saved."""
    return int(checkpoint.name.rpartition("-")[2])


def mark_complete(checkpoint: Path) -> None:
    """Mark a checkpoint as complete: write the SHA-256 of each of its files."""
    files = sorted(path for path in checkpoint.rglob("*") if path.is_file() and path.name != MARKER)
    write_json(checkpoint / MARKER, {path.relative_to(checkpoint).as_posix(): sha256_of(path) for path in files})


def forget_others(checkpoint: Path, best: Path | None) -> None:
    """Delete all checkpoints except this complete one and that of the epoch that is kept so far.

    The Trainer's own limit on checkpoints (save_total_limit) is not used, because it deletes old checkpoints before the
    new one is marked. A run that is killed in between would have to go back to its kept epoch.
    """
    for other in _checkpoints(checkpoint.parent):
        if other not in (checkpoint, best):
            shutil.rmtree(other)


def last_usable(folder: Path) -> Path | None:
    """Find the newest checkpoint that training can go on from, and delete those that it cannot use.

    A checkpoint is incomplete, and has no marker, if the run was killed while it was written. A checkpoint is damaged
    if its files differ from its marker. A complete checkpoint is of no use if that of the epoch kept so far is
    missing or damaged: its weights would be lost, and that epoch could not be kept. Training then goes on from an
    earlier checkpoint, or from the start, and trains that epoch again.

    Returns:
        The folder of the checkpoint, or None if there is none.
    """
    whole = []
    for checkpoint in _checkpoints(folder):
        if is_whole(checkpoint):
            whole.append(checkpoint)
        else:
            _delete(checkpoint, "is incomplete or damaged")
    for checkpoint in reversed(whole):
        best = read_json(checkpoint / "trainer_state.json")["best_global_step"]
        if not best or checkpoint_at(folder, best) in whole:
            return checkpoint
        _delete(checkpoint, f"needs {checkpoint_at(folder, best).name}, the epoch kept so far, which is lost")
    return None


def is_whole(checkpoint: Path) -> bool:
    """Say whether all files of a checkpoint are those that were marked as complete."""
    try:
        wanted = read_json(checkpoint / MARKER)
        return bool(wanted) and all(sha256_of(checkpoint / name) == digest for name, digest in wanted.items())
    except (NerpipeError, OSError, AttributeError):
        return False


def _checkpoints(folder: Path) -> list[Path]:
    return sorted((path for path in folder.glob("checkpoint-*") if re.search(r"-\d+$", path.name)), key=step_of)


def _delete(checkpoint: Path, why: str) -> None:
    say(f"{checkpoint} {why}: it is deleted; an earlier one is used if there is one, otherwise training starts again")
    shutil.rmtree(checkpoint)
