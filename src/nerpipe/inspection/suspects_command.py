"""The command `nerpipe suspects`: training sentences whose labels contradict what a model says of them."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.batch.annotation_writers import ANNOTATION_FORMATS
from nerpipe.command_line.help_text import add_examples
from nerpipe.command_line.output_files import find_output, refuse_read
from nerpipe.contracts.escapes import shell_word
from nerpipe.contracts.files import write_text
from nerpipe.contracts.joining import Joining, find_joining, join_words
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError
from nerpipe.params import load_params, whole_number

if TYPE_CHECKING:
    from nerpipe.inspection.suspects import Suspect
    from nerpipe.inspection.suspects_run import RankedTraining

FOLDS, LEAST_FOLDS = 3, 2
SUSPECTS = """List the training sentences whose labels look wrong. They are divided into folds; for each fold, a model
is trained on the others with the params of params.yaml, and judges the fold. The sentence whose labels surprise it most
comes first. N folds take about as long as N-1 trainings; a second run with the same data and params trains nothing.
Nothing in the data changes: `nerpipe import --merge` takes corrections back."""


def add_suspects(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--folds",
        type=whole_number(LEAST_FOLDS),
        default=FOLDS,
        metavar="N",
        help="number of folds, and of models to train (default: %(default)s)",
    )
    parser.add_argument(
        "--top",
        type=whole_number(0),
        default=20,
        metavar="N",
        help="number of sentences to print, and to write as tasks (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON lines file to write, with all sentences")
    parser.add_argument("--page", type=Path, metavar="FILE", help="HTML file to write, to look at in a browser")
    parser.add_argument("--tasks", type=Path, metavar="FILE", help="file to write with tasks for an annotation tool")
    parser.add_argument("--tool", choices=tuple(ANNOTATION_FORMATS), help="annotation tool that the tasks are for")
    add_examples(
        parser,
        {
            "after `dvc repro`": "nerpipe suspects",
            "all sentences as JSON lines, and a page to browse": (
                "nerpipe suspects --out suspects.jsonl --page suspects.html"
            ),
            "200 tasks for doccano": "nerpipe suspects --top 200 --tool doccano --tasks tasks.jsonl",
        },
    )
    parser.set_defaults(run=_suspects)


def _suspects(arguments: argparse.Namespace) -> None:
    """Run the command."""
    outputs = _find_outputs(arguments)
    params = load_params("params.yaml")

    from nerpipe.inspection.suspects_run import find_inputs, rank_training

    inputs = find_inputs(params)
    for option, path in outputs.items():
        refuse_read(option, path, inputs.paths)
    found = rank_training(params, inputs.corpora, arguments.folds)
    joining = find_joining(suspect.words for suspect in found.suspects)
    for line in summary(found, arguments.top, joining):
        say(line)

    from nerpipe.inspection.suspect_files import write_suspects_page, write_tasks
    from nerpipe.inspection.suspects import as_json_lines

    if out := outputs.get("--out"):
        write_text(out, as_json_lines(found.suspects))
        say(f"written: {arguments.out}, with all {len(found.suspects):,} sentences")
    if page := outputs.get("--page"):
        write_suspects_page(
            page,
            found.suspects,
            dataset=params.dataset,
            folds=arguments.folds,
            resamples=params.bootstrap,
            seed=params.seed,
        )
        say(f"written: {arguments.page}, a page to look at in a browser")
    if tasks := outputs.get("--tasks"):
        write_tasks(tasks, found.suspects[: arguments.top], arguments.tool, joining)
        say(
            f"written: {arguments.tasks}, with {min(arguments.top, len(found.suspects)):,} tasks for {arguments.tool}. "
            "Correct them there, and take the corrections back:\n"
            f"  nerpipe import EXPORT --merge {shell_word(params.dataset)}"
        )


def _find_outputs(arguments: argparse.Namespace) -> dict[str, Path]:
    """Check before the training that all files can be written.

    Returns:
        The file of each option that was given, behind all links.

    Raises:
        NerpipeError: If not.
    """
    if (arguments.tasks is None) != (arguments.tool is None):
        raise NerpipeError(
            "--tool and --tasks belong together: the annotation tool, and the file of its tasks; give both, or neither"
        )
    if arguments.tasks and not arguments.top:
        raise NerpipeError("--top 0 leaves no sentence to write as a task; give --top 1 or more, or leave --tasks out")
    given = {"--out": arguments.out, "--page": arguments.page, "--tasks": arguments.tasks}
    found = {option: find_output(option, path) for option, path in given.items() if path}
    if len({path.resolve() for path in found.values()}) < len(found):
        raise NerpipeError("--out, --page and --tasks name the same file; give each a name of its own")
    return found


def summary(found: "RankedTraining", top: int, joining: Joining) -> Iterator[str]:
    """Say in plain lines how train was divided, and what the first suspects are."""
    suspects, folds = found
    by = "with documents kept whole" if folds.by == "document" else "by sentence: there are no documents, or too few"
    contradicted = sum(suspect.gold != suspect.predicted for suspect in suspects)
    yield (
        f"{len(suspects):,} sentences in {folds.folds} folds ({by}); in {contradicted:,} sentences the model says "
        "something else than the labels"
    )
    for rank, suspect in enumerate(suspects[:top], start=1):
        yield from ("", *_shown(rank, suspect, joining))
    if top:
        yield ""


def _shown(rank: int, suspect: "Suspect", joining: Joining) -> Sequence[str]:
    from nerpipe.inspection.suspects import entity_texts

    gold, predicted = ({each.span: each for each in suspect.entities(gold=side)} for side in (True, False))
    only_gold = [gold[span] for span in gold if span not in predicted]
    only_predicted = [predicted[span] for span in predicted if span not in gold]
    lines = [
        f"{rank}. {suspect.place}  surprise {suspect.surprise:.1f} nats",
        f"   {join_words(suspect.words, joining)[0]}",
    ]
    if not only_gold and not only_predicted:
        return [*lines, "   the model says the same, but is not sure"]
    return [
        *lines,
        f"   labelled: {entity_texts(only_gold, suspect.words) or 'no entity there'}",
        f"   model:    {entity_texts(only_predicted, suspect.words) or 'no entity there'}",
    ]
