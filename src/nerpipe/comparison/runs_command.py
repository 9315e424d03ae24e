"""The command `nerpipe runs`."""

import argparse
import sys
import time

from nerpipe.command_line.help_text import add_examples
from nerpipe.contracts.terminal import say

RUNS = """List the runs of HEAD, of the working folder, and of the experiments that started from HEAD, with F1 on dev
and test, 95% intervals, and the params in which they differ. Queued, running and failed experiments are listed too.
Runs on different data sets are in different tables, because their scores cannot be compared. The best dev F1 comes
first."""


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `nerpipe runs`."""
    parser.add_argument(
        "--all",
        action="store_true",
        help="take all branches and tags, and the experiments that started from any commit",
    )
    parser.add_argument(
        "--seeds",
        action="store_true",
        help="make one row of the runs that differ only in their seed, with mean ± standard deviation of F1, and "
        "compare the settings seed by seed",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--md", action="store_true", help="print Markdown, for a pull request")
    form.add_argument("--csv", action="store_true", help="print CSV, for a spreadsheet, with F1 as fractions")
    add_examples(
        parser,
        {
            "the experiments that started from HEAD": "nerpipe runs",
            "is a setting better than that of HEAD, or was it the seed?": "nerpipe runs --seeds",
            "all branches, tags and experiments, for a pull request": "nerpipe runs --all --md > runs.md",
            "the same, for a spreadsheet": "nerpipe runs --all --csv > runs.csv",
        },
    )
    parser.set_defaults(run=list_runs)


def list_runs(arguments: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        NerpipeError: If there is no repository of DVC and git, nothing was run in it, or seeds cannot be compared.
    """
    from nerpipe.comparison.run_collection import collect_runs
    from nerpipe.comparison.run_lines import print_run_tables
    from nerpipe.comparison.run_outputs import csv_of_runs, csv_of_settings, markdown_of
    from nerpipe.comparison.run_tables import (
        ABOUT_PARAMS,
        ABOUT_RUNS,
        ABOUT_SETTINGS,
        tables_of_runs,
        tables_of_settings,
    )

    found = collect_runs(everything=arguments.all)
    if arguments.csv:
        say(csv_of_settings(found) if arguments.seeds else csv_of_runs(found))
        for note in found.notes:
            say(note, stream=sys.stderr)
        return
    if arguments.seeds:
        tables, about = tables_of_settings(found), ABOUT_SETTINGS
    else:
        tables, about = tables_of_runs(found, now=None if arguments.md else time.time()), ABOUT_RUNS
    notes = [about, *([ABOUT_PARAMS] if found.differing else []), *found.notes]
    if arguments.md:
        say(markdown_of(tables, notes))
    else:
        print_run_tables(tables, notes)
