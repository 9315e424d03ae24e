"""The `nerpipe` command."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from nerpipe.batch.predict_command import PREDICT, add_predict
from nerpipe.contracts.files import read_json
from nerpipe.errors import NerpipeError
from nerpipe.serving.serve_command import SERVE, add_serve

WORSE = 3  # the exit code of --fail-if-worse, apart from an error's 1 and a wrong command line's 2
LEAST_RESAMPLES = 100

SCORE = """Score a system's output against the gold file. Either is CoNLL: a word a line, columns apart by tabs or
spaces, the last one the tag (O, B-TYPE or I-TYPE), a blank line after each sentence."""
SEARCH = """Try settings within the ranges of a file, proposed by Optuna, each as a DVC experiment; dev F1 decides.
Settings that fall behind are stopped early. The best is applied by `dvc exp apply NAME`."""
COMPARE = """Say whether OTHER is better than SIDE, by how much, where, and whether that is more than noise. Either is a
predictions file, a git revision (branch, tag, commit), a DVC experiment, or `workspace`. Exit code: 0; 1 for an error;
with --fail-if-worse 3 if OTHER is worse and the difference is not noise."""


def main() -> None:
    """Run a subcommand; an error that the user can mend is one message, and the exit code is 1."""
    arguments = _parser().parse_args()
    try:
        sys.exit(arguments.run(arguments))
    except NerpipeError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nerpipe", description="Helpers beside the DVC pipeline")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    summary = commands.add_parser("summary", help="show the headline metrics and where everything lies")
    summary.set_defaults(run=summarise)

    score = commands.add_parser("score", help="score any two CoNLL files", description=SCORE)
    score.add_argument("gold", type=Path, metavar="GOLD")
    score.add_argument("predicted", type=Path, metavar="PREDICTED")
    score.add_argument("--json", action="store_true", help="print JSON, fractions instead of points")
    score.set_defaults(run=score_two_files)

    compare = commands.add_parser("compare", help="is it better, and is that real?", description=COMPARE)
    compare.add_argument("side", nargs="?", metavar="SIDE", help="where you come from, such as main")
    compare.add_argument("other", nargs="?", metavar="OTHER", help="what may be better (default: workspace)")
    compare.add_argument("--split", choices=("dev", "test"), default="test", help="default: %(default)s")
    compare.add_argument(
        "--show", type=_at_least(0), default=10, metavar="N", help="changed sentences to list (default: %(default)s)"
    )
    compare.add_argument("--resamples", type=_at_least(LEAST_RESAMPLES), default=10_000, help="default: %(default)s")
    compare.add_argument("--seed", type=_at_least(0), default=1, help="of the resamples (default: %(default)s)")
    compare.add_argument(
        "--fail-if-worse", action="store_true", help=f"exit with {WORSE} if OTHER is worse, not by noise"
    )
    compare.add_argument(
        "--seeds", action="store_true", help="instead: the settings of all experiments, over their seeds"
    )
    compare.add_argument("--json", action="store_true", help="print all there is as JSON, fractions instead of points")
    compare.set_defaults(run=compare_sides)

    add_predict(commands.add_parser("predict", help="find entities in text", description=PREDICT))
    add_serve(commands.add_parser("serve", help="answer requests over HTTP", description=SERVE))

    search = commands.add_parser("search", help="look for better params", description=SEARCH)
    search.add_argument("--trials", type=_at_least(1), default=20, help="settings to try (default: %(default)s)")
    search.add_argument("--ranges", type=Path, default=Path("search.yaml"), help="default: %(default)s")
    search.add_argument("--seed", type=_at_least(0), default=1, help="of the proposals (default: %(default)s)")
    search.set_defaults(run=search_params)
    return parser


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least}")
        return int(text)

    return number


def summarise(_: argparse.Namespace) -> None:
    """Print the metrics as a table, where the model and the reports lie, and how to go on."""
    metrics = read_json(Path("metrics/metrics.json"))
    rows = {name: read_json(Path(f"metrics/{name}.json")) for name in ("averages", "per_type", "mistakes")}

    import pandas as pd

    from nerpipe.evaluation.score_table import print_report

    print_report(metrics, {name: pd.DataFrame(table) for name, table in rows.items()})
    activate = r".venv\Scripts\activate" if sys.platform == "win32" else "source .venv/bin/activate"
    print(
        "model        models/exported/ (Hugging Face folder and ONNX; README.md in it is the model card)\n"
        "metrics      metrics/ (JSON in git: dvc metrics diff main)\n"
        "mistakes     reports/errors.html, and the tables beside it\n"
        "predictions  data/predictions/ (token, gold, predicted, confidence)\n"
        "plots        dvc plots show\n"
        f"go on        {activate}\n"
        "             echo 'some text' | nerpipe predict models/exported\n"
        "             dvc exp run -S lr=3e-5\n"
        "             nerpipe compare main"
    )


def score_two_files(arguments: argparse.Namespace) -> None:
    """Score one CoNLL file against another."""
    from nerpipe.comparison.display import print_scores, scores_as_json
    from nerpipe.comparison.score_files import score_files

    scores = score_files(arguments.gold, arguments.predicted)
    if arguments.json:
        _print_json(scores_as_json(scores))
    else:
        print_scores(scores)


def compare_sides(arguments: argparse.Namespace) -> int:
    """Compare two sides, or with --seeds all settings; return the exit code."""
    if arguments.seeds:
        return _compare_seeds(arguments)
    if arguments.side is None:
        raise NerpipeError("compare with what? Name a side, such as `nerpipe compare main`, or give --seeds")
    from nerpipe.comparison.display import comparison_as_json, print_comparison
    from nerpipe.comparison.revisions import WORKSPACE, load_side
    from nerpipe.comparison.systems import compare

    sides = [load_side(name, arguments.split) for name in (arguments.side, arguments.other or WORKSPACE)]
    comparison = compare(sides[0], sides[1], resamples=arguments.resamples, seed=arguments.seed)
    if arguments.json:
        settings = {"split": arguments.split, "resamples": arguments.resamples, "seed": arguments.seed}
        _print_json(comparison_as_json(comparison, *sides) | settings)
    else:
        print_comparison(comparison, *sides, show=arguments.show)
    return WORSE if arguments.fail_if_worse and comparison.verdict == "worse" else 0


def search_params(arguments: argparse.Namespace) -> None:
    """Search for better params."""
    from nerpipe.comparison.display import print_search
    from nerpipe.comparison.param_search import load_ranges, search

    print_search(search(load_ranges(arguments.ranges), arguments.trials, arguments.seed))


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


def _print_json(data: object) -> None:
    print(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False))
