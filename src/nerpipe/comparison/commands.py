"""The commands `nerpipe compare` and `nerpipe search`."""

import argparse
from pathlib import Path

from nerpipe.command_line.help_text import add_examples
from nerpipe.comparison.score_command import CHANGES_LISTED, RESAMPLES_OF_TESTS, SEED_OF_TESTS, WORSE, print_json
from nerpipe.contracts.terminal import say
from nerpipe.params import whole_number

LEAST_RESAMPLES = 100

SEARCH = """Search for better settings within the ranges of a file. Optuna proposes the settings, and each runs as a DVC
experiment. The best setting is the one with the highest dev F1. Settings that fall behind are stopped early. `dvc exp
apply NAME` applies the best one."""
COMPARE = """Say whether OTHER is better than SIDE, by how much, for which types and sentences, and whether the
difference is more than noise. SIDE and OTHER are each a predictions file, a git revision (branch, tag, commit), a DVC
experiment, or `workspace`. The exit code is 0 after a comparison, 1 after an error, and 3 with --fail-if-worse if OTHER
is worse and the difference is not noise."""


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `nerpipe compare`."""
    parser.add_argument("side", metavar="SIDE", help="the system to compare with, such as main")
    parser.add_argument("other", nargs="?", metavar="OTHER", help="the system to judge (default: workspace)")
    parser.add_argument(
        "--split", choices=("dev", "test"), default="test", help="the split to compare on (default: %(default)s)"
    )
    parser.add_argument(
        "--show",
        type=whole_number(0),
        default=CHANGES_LISTED,
        metavar="N",
        help="number of changed sentences to list, with --md of broken and of fixed ones (default: %(default)s)",
    )
    parser.add_argument(
        "--resamples",
        type=whole_number(LEAST_RESAMPLES),
        default=RESAMPLES_OF_TESTS,
        metavar="N",
        help=f"number of resamples of each test, at least {LEAST_RESAMPLES} (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0),
        default=SEED_OF_TESTS,
        metavar="N",
        help="seed of the resamples (default: %(default)s)",
    )
    parser.add_argument(
        "--fail-if-worse",
        action="store_true",
        help=f"exit with code {WORSE} if OTHER is worse and the difference is not noise",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--json", action="store_true", help="print all results as JSON, with fractions instead of points"
    )
    output.add_argument(
        "--md",
        action="store_true",
        help="print Markdown for a comment of a pull request, with the params and inputs that differ",
    )
    add_examples(
        parser,
        {
            "is the workspace better than main?": "nerpipe compare main",
            "a comment for a pull request": "nerpipe compare main --md",
            "two branches on dev, with 30 changed sentences": "nerpipe compare main lower-lr --split dev --show 30",
        },
    )
    parser.set_defaults(run=_compare)


def add_search(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `nerpipe search`."""
    parser.add_argument(
        "--trials",
        type=whole_number(1),
        default=20,
        metavar="N",
        help="number of settings to try (default: %(default)s)",
    )
    parser.add_argument(
        "--ranges",
        type=Path,
        default=Path("search.yaml"),
        metavar="FILE",
        help="YAML file with the ranges (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=whole_number(0), default=1, metavar="N", help="seed of the proposals (default: %(default)s)"
    )
    add_examples(
        parser,
        {
            "try 20 settings within the ranges of search.yaml": "nerpipe search",
            "try 50 settings within other ranges": "nerpipe search --trials 50 --ranges my_ranges.yaml",
        },
    )
    parser.set_defaults(run=_search)


def _compare(arguments: argparse.Namespace) -> int:
    """Compare two systems, and return the exit code."""
    from nerpipe.comparison.comparison_json import comparison_as_json, input_changes_as_json
    from nerpipe.comparison.comparison_markdown import comparison_as_markdown
    from nerpipe.comparison.display import print_comparison
    from nerpipe.comparison.revisions import WORKSPACE, load_output
    from nerpipe.comparison.systems import compare

    sides = [load_output(name, arguments.split) for name in (arguments.side, arguments.other or WORKSPACE)]
    comparison = compare(sides[0], sides[1], resamples=arguments.resamples, seed=arguments.seed)
    if arguments.json:
        settings = {"split": arguments.split, "resamples": arguments.resamples, "seed": arguments.seed}
        print_json(comparison_as_json(comparison, *sides) | input_changes_as_json(*sides) | settings)
    elif arguments.md:
        say(comparison_as_markdown(comparison, *sides, show=arguments.show))
    else:
        print_comparison(comparison, *sides, show=arguments.show)
    return WORSE if arguments.fail_if_worse and comparison.verdict == "worse" else 0


def _search(arguments: argparse.Namespace) -> None:
    from nerpipe.comparison.display import print_search
    from nerpipe.comparison.param_search import load_ranges, search

    print_search(search(load_ranges(arguments.ranges), arguments.trials, arguments.seed))
