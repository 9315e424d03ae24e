"""The command `nerpipe`. Every subcommand is defined in the package that does its work."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import nerpipe
from nerpipe.annotations.import_command import IMPORT, add_import
from nerpipe.batch.predict_command import PREDICT, add_predict
from nerpipe.command_line.completion_command import COMPLETION, add_completion
from nerpipe.command_line.help_text import grouped_help
from nerpipe.command_line.parser import CommandParser
from nerpipe.comparison.commands import COMPARE, SEARCH, add_compare, add_search
from nerpipe.comparison.runs_command import RUNS, add_runs
from nerpipe.comparison.score_command import SCORE, add_score
from nerpipe.contracts.program_end import run_program
from nerpipe.contracts.terminal import say
from nerpipe.inspection.check_command import CHECK, add_check
from nerpipe.inspection.summary_command import SUMMARY, add_summary
from nerpipe.inspection.suspects_command import SUSPECTS, add_suspects
from nerpipe.serving.serve_command import SERVE, add_serve

PROGRAM = """Commands around the DVC pipeline, in the order of the work. `dvc repro` trains a model, after check and
before score."""


def main() -> None:
    """Run a subcommand. An error that the user can correct is printed as one message, and the exit code is 1."""
    run_program(_run)


def _run() -> int | None:
    arguments = make_parser().parse_args(sys.argv[1:])
    code: int | None = arguments.run(arguments)
    return code


class _ShowVersion(argparse.Action):
    """Looks the version up only when it is asked for, because that takes longer than the rest of the start."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        say(f"nerpipe {nerpipe.__version__}")
        parser.exit()


class _Command(NamedTuple):
    """A command: its line in the help of the program, the description in its own help, and what adds its arguments."""

    line: str
    description: str
    add: Callable[[CommandParser], None]


def _groups(program: CommandParser) -> dict[str, dict[str, _Command]]:
    """Return the commands in the order of the work. Import stands before check, which looks at what it wrote."""
    return {
        "data": {
            "import": _Command("import what an annotation tool exported as a data set", IMPORT, add_import),
            "check": _Command("look at a data set before training", CHECK, add_check),
            "suspects": _Command("list training sentences whose labels look wrong", SUSPECTS, add_suspects),
        },
        "quality of a model": {
            "score": _Command("score a model or predictions on a labelled file", SCORE, add_score),
            "runs": _Command("list experiments and branches with their scores and params", RUNS, add_runs),
            "compare": _Command("compare two systems, with significance tests", COMPARE, add_compare),
        },
        "use of a model": {
            "predict": _Command("find entities in text", PREDICT, add_predict),
            "serve": _Command("answer requests over HTTP", SERVE, add_serve),
        },
        "work on a model": {
            "search": _Command("search for better params", SEARCH, add_search),
            "summary": _Command("show the scores, warnings and places of the last run", SUMMARY, add_summary),
        },
        "the shell": {
            "completion": _Command(
                "print a script that completes commands, options and files",
                COMPLETION,
                partial(add_completion, program=program),
            ),
        },
    }


class _Program(CommandParser):
    """The parser of the program, whose help shows the commands in groups."""

    def __init__(self) -> None:
        super().__init__(prog="nerpipe", description=PROGRAM)
        self.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version and exit")
        self.groups = _groups(self)
        self.commands = self.add_subparsers(required=True, metavar="COMMAND", parser_class=CommandParser)
        for group in self.groups.values():
            for name, command in group.items():
                command.add(self.commands.add_parser(name, help=command.line, description=command.description))

    def format_help(self) -> str:
        rows = list(self.commands._get_subactions())  # noqa: SLF001 - argparse has no public name for them
        return grouped_help(self, rows, {title: [*group] for title, group in self.groups.items()})


def make_parser() -> CommandParser:
    """Return the parser of the program with all its commands."""
    return _Program()
