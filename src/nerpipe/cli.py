"""The `nerpipe` command."""

import argparse
import sys
from pathlib import Path

from nerpipe.errors import NerpipeError
from nerpipe.files import read_json


def main() -> None:
    """Run a subcommand; an error that the user can mend is one message, and the exit code is 1."""
    parser = argparse.ArgumentParser(prog="nerpipe", description="Helpers beside the DVC pipeline")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    summary = commands.add_parser("summary", help="show the headline metrics and where everything lies")
    summary.set_defaults(run=summarise)
    arguments = parser.parse_args()
    try:
        arguments.run()
    except NerpipeError as error:
        sys.exit(f"error: {error}")


def summarise() -> None:
    """Print the metrics as a table, where the model and the reports lie, and how to go on."""
    metrics = read_json(Path("metrics/metrics.json"))
    per_type = read_json(Path("metrics/per_type.json"))

    from nerpipe.tables import print_scores

    print_scores(metrics, per_type)
    activate = r".venv\Scripts\activate" if sys.platform == "win32" else "source .venv/bin/activate"
    print(
        "model        models/exported/ (Hugging Face folder; README.md in it is the model card)\n"
        "metrics      metrics/ (JSON in git: dvc metrics diff main)\n"
        "predictions  data/predictions/ (token, gold, predicted, confidence)\n"
        "plots        dvc plots show\n"
        f"go on        {activate}\n"
        "             dvc exp run -S lr=3e-5"
    )
