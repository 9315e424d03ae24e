"""The command `nerpipe`. Every subcommand is defined in the package that does its work."""

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

import nerpipe
from nerpipe.annotations.import_command import IMPORT, add_import
from nerpipe.batch.predict_command import PREDICT, add_predict
from nerpipe.batch.text_arguments import take_texts
from nerpipe.comparison.commands import COMPARE, SEARCH, add_compare, add_search
from nerpipe.comparison.score_command import SCORE, add_score
from nerpipe.contracts.program_end import run_program
from nerpipe.contracts.reports import MainScores, MistakeRow, NoteRow, ScoreRow, TypeRow
from nerpipe.contracts.shapes import read_shaped
from nerpipe.contracts.terminal import printable, say
from nerpipe.inspection.check_command import CHECK, add_check
from nerpipe.serving.serve_command import SERVE, add_serve

SUMMARISED: dict[str, Any] = {  # The tables that `nerpipe summary` shows, and what they hold.
    "averages": list[ScoreRow],
    "per_type": list[TypeRow],
    "mistakes": list[MistakeRow],
    "notes": list[NoteRow],
}


def main() -> None:
    """Run a subcommand. An error that the user can correct is printed as one message, and the exit code is 1."""
    run_program(_run)


def _run() -> int | None:
    parser = _parser()
    arguments, left = parser.parse_known_args()
    if left and not take_texts(arguments, left):
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    code: int | None = arguments.run(arguments)
    return code


class _ShowVersion(argparse.Action):
    """Looks the version up only when it is asked for, because that takes longer than the rest of the start."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        say(f"nerpipe {nerpipe.__version__}")
        parser.exit()


class _Parser(argparse.ArgumentParser):
    """A parser whose messages may quote names of files."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="nerpipe", description="Commands that complement the DVC pipeline")
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    summary = commands.add_parser("summary", help="show the headline metrics and the places of all results")
    summary.set_defaults(run=summarise)
    add_import(
        commands.add_parser("import", help="import what an annotation tool exported as a data set", description=IMPORT)
    )
    add_check(commands.add_parser("check", help="look at a data set before training", description=CHECK))
    add_score(commands.add_parser("score", help="score a model or predictions on a labelled file", description=SCORE))
    add_compare(
        commands.add_parser("compare", help="compare two systems, with significance tests", description=COMPARE)
    )
    add_predict(commands.add_parser("predict", help="find entities in text", description=PREDICT))
    add_serve(commands.add_parser("serve", help="answer requests over HTTP", description=SERVE))
    add_search(commands.add_parser("search", help="search for better params", description=SEARCH))
    return parser


def summarise(_: argparse.Namespace) -> None:
    """Print the metrics as a table, the places of the model and the reports, and the next commands."""
    folder = Path("metrics")
    metrics = read_shaped(folder / "metrics.json", MainScores)
    rows = {name: read_shaped(folder / f"{name}.json", shape) for name, shape in SUMMARISED.items()}

    import pandas as pd

    from nerpipe.evaluation.score_table import print_report

    print_report(metrics, {name: pd.DataFrame(table) for name, table in rows.items()})
    activate = r".venv\Scripts\activate" if sys.platform == "win32" else "source .venv/bin/activate"
    say(
        "model        models/exported/ (Hugging Face folder and ONNX; README.md in it is the model card)\n"
        "metrics      metrics/ (JSON in git: dvc metrics diff main)\n"
        "mistakes     reports/errors.html, and the tables beside it\n"
        "predictions  data/predictions/ (token, gold, predicted, confidence)\n"
        "plots        dvc plots show\n"
        f"next         {activate}\n"
        "             nerpipe predict models/exported 'some text'\n"
        "             dvc exp run -S lr=3e-5\n"
        "             nerpipe compare main"
    )
