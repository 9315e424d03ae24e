"""The command `nerpipe score`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.command_line.help_text import add_examples
from nerpipe.contracts.escapes import json_text
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError
from nerpipe.params import AUTO, whole_number
from nerpipe.prediction.backend_choice import BackendChoice
from nerpipe.prediction.model_options import add_model_options, chosen_backend

if TYPE_CHECKING:
    from nerpipe.comparison.labelled_file import LabelledFile
    from nerpipe.comparison.model_predictions import ModelChoice
    from nerpipe.comparison.revisions import SystemOutput

WORSE = 3  # Exit code of --fail-if-worse. An error has 1, a wrong command line 2.
RESAMPLES_OF_TESTS, SEED_OF_TESTS = 10_000, 1  # Of the tests that compare two systems.
MODEL_OPTIONS = ("backend", "precision", "device", "threads")
CHANGES_LISTED = 10  # Changed sentences that are listed.
SCORE = """Score a system on a labelled file. GOLD is a CoNLL file: one word on each line, columns separated by tabs or
spaces, and a blank line after each sentence. The columns are found by looking, as clean_conll does, in every scheme
that it knows; a corpus.yaml beside a file holds for it. PREDICTED is another such file with the same words, or the
folder of an exported model, which then predicts the words of GOLD. With OTHER, the command says whether the difference
between the two systems is more than noise."""


def add_score(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `nerpipe score`."""
    parser.add_argument("gold", type=Path, metavar="GOLD", help="CoNLL file with the gold tags")
    parser.add_argument(
        "predicted",
        type=Path,
        metavar="PREDICTED",
        help="CoNLL file with the predicted tags, or folder of an exported model, such as models/exported",
    )
    parser.add_argument(
        "other", type=Path, nargs="?", metavar="OTHER", help="a second system, which is compared with PREDICTED"
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FOLDER",
        help="folder to write for a model: the tables of the stage evaluate, the predictions, the page of mistakes",
    )
    parser.add_argument(
        "--semeval",
        action="store_true",
        help="also print the scores of SemEval-2013, which count partly right entities: strict, exact, partial, type",
    )
    add_model_options(parser)
    parser.add_argument(
        "--show",
        type=whole_number(0),
        metavar="N",
        help=f"number of changed sentences to list with OTHER (default: {CHANGES_LISTED})",
    )
    parser.add_argument(
        "--fail-if-worse",
        action="store_true",
        help=f"exit with code {WORSE} if OTHER is worse than PREDICTED and the difference is not noise",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with fractions instead of points")
    add_examples(
        parser,
        {
            "the exported model on the clean test split": "nerpipe score data/clean/test.conll models/exported",
            "the same, with tables and a page of mistakes in a folder": (
                "nerpipe score data/clean/test.conll models/exported --report scores"
            ),
            "tags of another system": "nerpipe score gold.conll predicted.conll --json",
            "stop a script if the second system is worse than the first": (
                "nerpipe score gold.conll first.conll second.conll --fail-if-worse"
            ),
        },
    )
    # None shows that an option was not given, because without a model it would have no effect.
    parser.set_defaults(run=_score, **dict.fromkeys(MODEL_OPTIONS))


def _score(arguments: argparse.Namespace) -> int:
    """Run the command and return the exit code."""
    from nerpipe.corpus.raw_files import keeping_streams

    sides = [arguments.predicted, *([arguments.other] if arguments.other else [])]
    choices = _check_options(arguments, sides)
    with keeping_streams([arguments.gold, *sides]):
        if arguments.other:
            return _compare_sides(arguments, sides, choices)
        if choices:
            _score_model(arguments, choices)
        else:
            _score_files(arguments)
    return 0


def _check_options(arguments: argparse.Namespace, sides: list[Path]) -> dict[Path, BackendChoice]:
    """Check that every system is there, and that every option is about something.

    Returns:
        What runs each of the models.

    Raises:
        NerpipeError: If that is not so.
    """
    for side in sides:
        if not side.exists():
            raise NerpipeError(
                f"{side}: no such file or folder; give a CoNLL file with predicted tags, as `nerpipe predict --to "
                "conll` writes it, or the folder of an exported model, such as models/exported"
            )
    models = [side for side in sides if side.is_dir()]
    for option in MODEL_OPTIONS:
        if getattr(arguments, option) is not None and not models:
            raise NerpipeError(
                f"--{option} is about a model, but {' and '.join(map(str, sides))} is no folder; leave --{option} out, "
                "or give the folder of an exported model"
            )
    if arguments.report and (arguments.other or not models):
        raise NerpipeError(
            "--report is about one model, because its tables need the model's confidences; give the folder of an "
            "exported model as PREDICTED, and no OTHER"
        )
    for option, given in (("--show", arguments.show is not None), ("--fail-if-worse", arguments.fail_if_worse)):
        if given and not arguments.other:
            raise NerpipeError(f"{option} is about two systems; give a second one as OTHER, or leave {option} out")
    if arguments.semeval and arguments.other:
        raise NerpipeError("--semeval is about one system; leave OTHER out, or leave --semeval out")
    return {model: chosen_backend(arguments, model) for model in dict.fromkeys(models)}


def _score_files(arguments: argparse.Namespace) -> None:
    from nerpipe.comparison.display import print_scores, scores_as_json
    from nerpipe.comparison.score_files import score_files

    scores = score_files(arguments.gold, arguments.predicted)
    if arguments.json:
        print_json(scores_as_json(scores))
    else:
        print_scores(scores)
        if arguments.semeval:
            from nerpipe.comparison.score_display import print_semeval

            print_semeval(scores.semeval)


def _score_model(arguments: argparse.Namespace, choices: dict[Path, BackendChoice]) -> None:
    from nerpipe.comparison.labelled_file import read_labelled
    from nerpipe.comparison.model_predictions import predict_labelled
    from nerpipe.comparison.model_scores import (
        check_report_folder,
        model_scores_as_json,
        score_predictions,
        write_model_report,
    )
    from nerpipe.comparison.score_display import print_model_scores, print_semeval

    target = check_report_folder(arguments.report) if arguments.report else None
    labelled, model = read_labelled(arguments.gold), _model(arguments, arguments.predicted, choices)
    found = score_predictions(labelled, model, predict_labelled(labelled, model))
    if target:
        write_model_report(target, found)
    if arguments.json:
        print_json(model_scores_as_json(found))
    else:
        print_model_scores(found)
        if arguments.semeval:
            print_semeval(found.scores().semeval)
        if target:
            say(f"the report is in {arguments.report}: errors.html is the page of mistakes")


def _model(arguments: argparse.Namespace, folder: Path, choices: dict[Path, BackendChoice]) -> "ModelChoice":
    from nerpipe.comparison.model_predictions import ModelChoice

    return ModelChoice(folder, *choices[folder], arguments.device or AUTO, arguments.threads)


def _compare_sides(arguments: argparse.Namespace, sides: list[Path], choices: dict[Path, BackendChoice]) -> int:
    """Compare two systems on the same gold tags, and return the exit code."""
    from nerpipe.comparison.comparison_json import comparison_as_json
    from nerpipe.comparison.display import print_comparison
    from nerpipe.comparison.labelled_file import read_labelled
    from nerpipe.comparison.systems import compare

    labelled = read_labelled(arguments.gold)
    (first, notes), (other, more) = (_output(arguments, labelled, side, choices) for side in sides)
    found = compare(first, other, resamples=RESAMPLES_OF_TESTS, seed=SEED_OF_TESTS)
    notes = [*labelled.notes, *notes, *more]
    if arguments.json:
        data = comparison_as_json(found, first, other)
        settings = {"gold": str(arguments.gold), "resamples": RESAMPLES_OF_TESTS, "seed": SEED_OF_TESTS}
        print_json(data | settings | {"notes": [*notes, *data["notes"]]})
    else:
        print_comparison(
            found, first, other, show=CHANGES_LISTED if arguments.show is None else arguments.show, notes=notes
        )
    return WORSE if arguments.fail_if_worse and found.verdict == "worse" else 0


def _output(
    arguments: argparse.Namespace, labelled: "LabelledFile", side: Path, choices: dict[Path, BackendChoice]
) -> "tuple[SystemOutput, list[str]]":
    """Read or predict the tags of a system, and say what is to be known of them."""
    from nerpipe.comparison.labelled_file import read_system
    from nerpipe.comparison.revisions import SystemOutput

    if side in choices:
        from nerpipe.comparison.model_predictions import predict_labelled

        predictions = predict_labelled(labelled, _model(arguments, side, choices))
        tags, notes = predictions.tags, predictions.notes
    else:
        tags, notes = read_system(labelled, side)
    given = (labelled.tokens, labelled.gold, tags, labelled.boundaries, labelled.scheme)
    return SystemOutput(str(side), str(side), *given), notes


def print_json(data: object) -> None:
    """Print JSON for programs."""
    say(json_text(data, indent=2, sort_keys=True))
