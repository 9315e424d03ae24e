"""The command `nerpipe summary`: the scores of the last run, its warnings, where everything is, and what to do next."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from nerpipe.command_line.help_text import add_examples
from nerpipe.contracts.reports import (
    GoldSide,
    MainScores,
    MistakeRow,
    NoteRow,
    PredictedSide,
    ScoreRow,
    TypeRow,
)
from nerpipe.contracts.shapes import check_shape, read_shaped
from nerpipe.contracts.terminal import say
from nerpipe.inspection.example_sentence import show_example
from nerpipe.inspection.run_warnings import run_warnings
from nerpipe.params import load_params

SUMMARY = """Show the scores of the last run of the pipeline, what to be careful about, where the model, the metrics and
the reports are, commands to go on with, and an example of what the model finds."""
SUMMARISED: dict[str, Any] = {  # The tables that the command shows, and what they hold.
    "averages": list[ScoreRow],
    "per_type": list[TypeRow],
    "mistakes": list[MistakeRow],
    "notes": list[NoteRow],
}
# Of training. On 500 sentences of the sample, dev F1 is less than half after 96 steps of what it is after 384.
FEW_STEPS = 400
_METRICS, _MODEL, _DEV = Path("metrics"), Path("models/exported"), Path("data/clean/dev.conll")


class EpochRow(TypedDict):
    """An epoch in train.json."""

    steps: int  # Of training, from the first epoch on.


def add_summary(parser: argparse.ArgumentParser) -> None:
    """Add the command's examples."""
    add_examples(
        parser,
        {
            "after `dvc repro`": "nerpipe summary",
            "keep it as a text": "nerpipe summary > summary.txt",
        },
    )
    parser.set_defaults(run=summarise)


def summarise(_: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        NerpipeError: If a report of a stage is missing or damaged, or the exported model is damaged.
    """
    metrics = read_shaped(_METRICS / "metrics.json", MainScores)
    rows = {name: read_shaped(_METRICS / f"{name}.json", shape) for name, shape in SUMMARISED.items()}
    _check_sides(_METRICS / "mistakes.json", rows["mistakes"])
    warnings = list(run_warnings(_METRICS, load_params("params.yaml").model))
    change = next_try(read_shaped(_METRICS / "train.json", list[EpochRow]))

    import pandas as pd

    from nerpipe.evaluation.score_table import print_report

    print_report(metrics, {name: pd.DataFrame(table) for name, table in rows.items()})
    for warning in warnings:
        say(f"Warning: {warning}")
    activate = r".venv\Scripts\activate" if sys.platform == "win32" else "source .venv/bin/activate"
    say(
        f"\nmodel        {_MODEL}/ (Hugging Face folder and ONNX; README.md in it is the model card)\n"
        f"metrics      {_METRICS}/ (JSON in git: dvc metrics diff main)\n"
        "mistakes     reports/errors.html, and the tables beside it\n"
        "predictions  data/predictions/ (token, gold, predicted, confidence)\n"
        "plots        dvc plots show\n"
        f"next         {activate}  # in a new shell, for dvc and nerpipe\n"
        f"             {change}\n"
        "             nerpipe compare main       # is that better than main, or noise?\n"
    )
    if _MODEL.is_dir() and _DEV.is_file():
        show_example(_MODEL, _DEV)
    else:
        say(f"{_MODEL} is not here: `dvc checkout` fetches it from DVC's cache, and `dvc repro` makes it.")


def _check_sides(path: Path, mistakes: Sequence[MistakeRow]) -> None:
    """Check that each row has the types that its kind of mistake has."""
    for at, row in enumerate(mistakes):
        if row["error"] != "spurious":
            check_shape(row, GoldSide, path, f"[{at}]")
        if row["error"] != "missed":
            check_shape(row, PredictedSide, path, f"[{at}]")


def next_try(epochs: Sequence[EpochRow]) -> str:
    """Return a command that is worth trying, with its reason.

    Args:
        epochs: The epochs of the last training.
    """
    steps = epochs[-1]["steps"] if epochs else 0
    if 0 < steps < FEW_STEPS:
        return f"dvc exp run -S epochs={4 * len(epochs)}  # {steps} steps are few: train longer"
    return "dvc exp run -S lr=5e-4     # try a higher learning rate"
