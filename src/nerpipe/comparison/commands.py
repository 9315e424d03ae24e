"""The commands `nerpipe score`, `nerpipe compare` and `nerpipe search`."""

import argparse
import json
from pathlib import Path

from nerpipe.errors import NerpipeError
from nerpipe.params import whole_number

WORSE = 3  # the exit code of --fail-if-worse, apart from an error's 1 and a wrong command line's 2
LEAST_RESAMPLES = 100

SCORE = """Score a system's output against the gold file. Either is CoNLL: a word a line, columns apart by tabs or
spaces, the last one the tag (O, B-TYPE or I-TYPE), a blank line after each sentence."""
SEARCH = """Try settings within the ranges of a file, proposed by Optuna, each as a DVC experiment; dev F1 decides.
Settings that fall behind are stopped early. The best is applied by `dvc exp apply NAME`."""
COMPARE = """Say whether OTHER is better than SIDE, by how much, where, and whether that is more than noise. Either is a
predictions file, a git revision (branch, tag, commit), a DVC experiment, or `workspace`. Exit code: 0; 1 for an error;
with --fail-if-worse 3 if OTHER is worse and the difference is not noise."""


def add_score(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `nerpipe score`."""
    parser.add_argument("gold", type=Path, metavar="GOLD")
    parser.add_argument("predicted", type=Path, metavar="PREDICTED")
    parser.add_argument("--json", action="store_true", help="print JSON, fractions instead of points")
    parser.set_defaults(run=_score)


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `nerpipe compare`."""
    parser.add_argument("side", nargs="?", metavar="SIDE", help="where you come from, such as main")
    parser.add_argument("other", nargs="?", metavar="OTHER", help="what may be better (default: workspace)")
    parser.add_argument("--split", choices=("dev", "test"), default="test", help="default: %(default)s")
    parser.add_argument(
        "--show", type=whole_number(0), default=10, metavar="N", help="changed sentences to list (default: %(default)s)"
    )
    parser.add_argument("--resamples", type=whole_number(LEAST_RESAMPLES), default=10_000, help="default: %(default)s")
    parser.add_argument("--seed", type=whole_number(0), default=1, help="of the resamples (default: %(default)s)")
    parser.add_argument(
        "--fail-if-worse", action="store_true", help=f"exit with {WORSE} if OTHER is worse, not by noise"
    )
    parser.add_argument(
        "--seeds", action="store_true", help="instead: the settings of all experiments, over their seeds"
    )
    parser.add_argument("--json", action="store_true", help="print all there is as JSON, fractions instead of points")
    parser.set_defaults(run=_compare)


def add_search(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `nerpipe search`."""
    parser.add_argument("--trials", type=whole_number(1), default=20, help="settings to try (default: %(default)s)")
    parser.add_argument("--ranges", type=Path, default=Path("search.yaml"), help="default: %(default)s")
    parser.add_argument("--seed", type=whole_number(0), default=1, help="of the proposals (default: %(default)s)")
    parser.set_defaults(run=_search)


def _score(arguments: argparse.Namespace) -> None:
    from nerpipe.comparison.display import print_scores, scores_as_json
    from nerpipe.comparison.score_files import score_files

    scores = score_files(arguments.gold, arguments.predicted)
    if arguments.json:
        _print_json(scores_as_json(scores))
    else:
        print_scores(scores)


def _compare(arguments: argparse.Namespace) -> int:
    """Compare two systems, or with --seeds all settings; return the exit code."""
    if arguments.seeds:
        return _compare_seeds(arguments)
    if arguments.side is None:
        raise NerpipeError("compare with what? Name a side, such as `nerpipe compare main`, or give --seeds")
    from nerpipe.comparison.display import comparison_as_json, print_comparison
    from nerpipe.comparison.revisions import WORKSPACE, load_output
    from nerpipe.comparison.systems import compare

    sides = [load_output(name, arguments.split) for name in (arguments.side, arguments.other or WORKSPACE)]
    comparison = compare(sides[0], sides[1], resamples=arguments.resamples, seed=arguments.seed)
    if arguments.json:
        settings = {"split": arguments.split, "resamples": arguments.resamples, "seed": arguments.seed}
        _print_json(comparison_as_json(comparison, *sides) | settings)
    else:
        print_comparison(comparison, *sides, show=arguments.show)
    return WORSE if arguments.fail_if_worse and comparison.verdict == "worse" else 0


def _compare_seeds(arguments: argparse.Namespace) -> int:
    if arguments.side is not None or arguments.fail_if_worse:
        raise NerpipeError(
            "--seeds compares the settings of all experiments that began at HEAD: it takes neither SIDE and OTHER nor "
            "--fail-if-worse; leave them out, or leave out --seeds"
        )
    from nerpipe.comparison.display import print_seeds, seeds_as_json
    from nerpipe.comparison.seeds import seed_rows

    rows = seed_rows()
    if arguments.json:
        _print_json(seeds_as_json(rows))
    else:
        print_seeds(rows)
    return 0


def _search(arguments: argparse.Namespace) -> None:
    from nerpipe.comparison.display import print_search
    from nerpipe.comparison.param_search import load_ranges, search

    print_search(search(load_ranges(arguments.ranges), arguments.trials, arguments.seed))


def _print_json(data: object) -> None:
    print(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False))
