"""The epoch of a run that is kept: how it is chosen, and the check that its weights are the ones that are kept."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from nerpipe.contracts.terminal import number_of
from nerpipe.errors import NerpipeError

# How far the dev F1 of an epoch may lie below the highest one, for it to be kept because it was trained for longer.
# Such a difference says little: on a dev split of 800 entities, the 95% interval of F1 reaches 3 points to either side.
MARGIN = 0.01
# A loss that is more than this fraction of what it was after the first epoch stands still.
STILL = 0.99
SCORES = ("loss", "precision", "recall", "f1")  # What dev is scored by after each epoch.
# The same weights give the same scores on the same machine. Another machine, to which a stopped run was moved, rounds
# sums in another order: the dev F1 may then differ by this much, and the dev loss by this fraction.
F1_TOLERANCE = 0.002
LOSS_TOLERANCE = 1e-4


def supersedes(entry: Mapping[str, float], kept: Mapping[str, float], highest: float) -> bool:
    """Say whether an epoch is kept instead of an earlier one.

    The last epoch is kept whose dev F1 is at most `MARGIN` below the highest. An epoch with
    the same dev F1 as the one that is kept so far has to have a lower dev loss.

    Args:
        entry: The dev scores of the epoch, as in the history of the Trainer.
        kept: Those of the epoch that is kept so far.
        highest: The highest dev F1 of all epochs so far, this one included.
    """
    if entry["eval_f1"] == kept["eval_f1"]:
        return entry["eval_loss"] < kept["eval_loss"]
    return entry["eval_f1"] >= highest - MARGIN


def dev_entry(history: Sequence[Mapping[str, Any]], step: int | None) -> Mapping[str, Any] | None:
    """Find the dev scores after a step in the history of the Trainer, or return None if dev was not scored then."""
    return next((entry for entry in history if "eval_f1" in entry and entry["step"] == step), None)


def epochs_without_gain(history: Sequence[Mapping[str, Any]]) -> int:
    """Count the epochs in the history of the Trainer that came after the first one with the highest dev F1."""
    f1 = [entry["eval_f1"] for entry in history if "eval_f1" in entry]
    return len(f1) - 1 - f1.index(max(f1)) if f1 else 0


def read_history(
    history: Sequence[Mapping[str, Any]], best_step: int
) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Read the losses and dev scores from the history of the Trainer, which is complete in a resumed run too.

    Args:
        history: The history of the Trainer.
        best_step: The last step of the epoch that is kept.

    Returns:
        One row for each epoch, and one row for each logged loss, as in `fine_tuning.TrainResult`.

    Raises:
        NerpipeError: If a value is not a finite number.
    """
    epochs: list[dict[str, float]] = []
    losses: list[dict[str, float]] = []
    # The sum of the losses of the current epoch, the last step with a logged loss, and the last step of the previous
    # epoch.
    total, logged, begun = 0.0, 0, 0
    for entry in history:
        if "loss" in entry:
            total += entry["loss"] * (entry["step"] - logged)
            logged = entry["step"]
            losses.append({"epoch": entry["epoch"], "train_loss": entry["loss"]})
        elif "eval_f1" in entry:
            row = {"epoch": round(entry["epoch"]), "steps": logged, "train_loss": total / (logged - begun)}
            row |= {f"dev_{name}": entry[f"eval_{name}"] for name in SCORES}
            epochs.append(row | {"sample_loss": entry["eval_sample_loss"], "best": entry["step"] == best_step})
            total, begun = 0.0, logged
    if not all(math.isfinite(value) for row in epochs for value in row.values()):
        raise NerpipeError(
            "the dev loss is not a finite number: training diverged. Lower lr, or raise warmup or batch_size"
        )
    return epochs, losses


def check_kept(best: Mapping[str, float], again: Mapping[str, float]) -> str | None:
    """Compare the dev scores of the kept epoch with those of the weights that are kept.

    Args:
        best: The row of the kept epoch.
        again: The dev scores of the kept weights: loss and f1.

    Returns:
        A sentence if the scores differ as those of two machines do, and None if they are the same.

    Raises:
        NerpipeError: If they differ more, so that the weights cannot be those of that epoch.
    """
    then, now = best["dev_f1"], again["f1"]
    scores = f"dev F1 {then:.4f} and dev loss {best['dev_loss']:.6f} then, {now:.4f} and {again['loss']:.6f} now"
    if (then, best["dev_loss"]) == (now, again["loss"]):
        return None
    if abs(then - now) > F1_TOLERANCE or not math.isclose(best["dev_loss"], again["loss"], rel_tol=LOSS_TOLERANCE):
        raise NerpipeError(
            f"the kept weights do not score on dev what epoch {best['epoch']}, the kept one, scored ({scores}), so "
            "they are not its weights. Delete .nerpipe and run `dvc repro` to train again; if the error stays, it is a "
            "bug in this pipeline"
        )
    return f"the kept weights score a little differently than after their epoch, as on another machine: {scores}"


def entity_warning(*, predicted: int, gold: int, dev_losses: Sequence[float]) -> str | None:
    """Say what to try if the kept epoch predicts no entity in dev, or that dev holds none.

    If the loss of such a model has not fallen since the first epoch, its weights may have moved too far at the start of
    training, so that it gives one answer to all words (Mosbach et al. 2021, "On the stability of fine-tuning BERT").

    Args:
        predicted: The number of entities that were predicted in dev.
        gold: The number of entities of dev.
        dev_losses: The loss of dev after each epoch.

    Returns:
        The warning, or None if there is nothing to warn of.
    """
    if not gold:
        return (
            "warning: dev holds no entity, so its F1 is 0 in each epoch, and the epoch with the lowest dev loss is "
            "kept. Put sentences with entities into dev"
        )
    if not predicted:
        said, advice = "", "more epochs, a higher lr, a smaller batch_size (more steps) or fewer frozen_layers"
        if len(dev_losses) > 1 and dev_losses[-1] > STILL * dev_losses[0]:
            said = ", and its loss has not fallen since the first epoch"
            advice = "a higher warmup, a lower lr with more epochs, or another seed"
        return (
            f"warning: the kept epoch predicts no entity at all in dev, which holds {number_of(gold, 'entity')}{said}. "
            f"Try {advice}; `nerpipe check` shows whether train holds enough entities"
        )
    return None
