"""The `predict` command: its arguments, its engines, and the counts that it prints at the end."""

import argparse
import io
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from nerpipe.batch.annotation_writers import ANNOTATION_FORMATS, FRAMES
from nerpipe.batch.input_files import KINDS, STDIN, WITH_FIELDS, input_files, kind_of
from nerpipe.batch.output_file import Output
from nerpipe.batch.readers import read_records
from nerpipe.batch.records import TEXT
from nerpipe.batch.run_state import job_fingerprint
from nerpipe.batch.stream import run
from nerpipe.batch.targets import find_targets
from nerpipe.batch.text_arguments import check_texts, take_texts, text_records
from nerpipe.batch.writers import FORMATS, OWN_FIELDS, RENAMED, Prediction, as_text
from nerpipe.command_line.help_text import add_examples
from nerpipe.command_line.parser import CommandParser
from nerpipe.contracts.terminal import naming, printable, say
from nerpipe.errors import NerpipeError
from nerpipe.params import AUTO
from nerpipe.prediction.exported_folder import check_exported, load_decoding
from nerpipe.prediction.marked_text import takes_colour
from nerpipe.prediction.min_confidence import least_confidences
from nerpipe.prediction.model_options import add_min_confidence, add_model_options, chosen_backend

Engine = Callable[[Output], None]
SOME_REJECTED = 4  # Exit code if some records were rejected and all others were predicted.
ENGINES = ("local", "ray")
PREDICT = """Find the entities of texts with an exported model. The exit code is 0 if all records were predicted, 1
after an error, and 4 if some records could not be predicted. The rejects file then holds those records with their
positions, and the output holds all other records."""

_EXAMPLES = {
    "a text": 'nerpipe predict models/exported "Flying to Lisbon with Anna Lindqvist tomorrow"',
    "a text that begins with a dash": 'nerpipe predict models/exported -- "-Anna"',
    "files, each read by its suffix": (
        "nerpipe predict models/exported --input posts.jsonl minutes.txt --output entities.jsonl"
    ),
    "pre-annotations for doccano": (
        "nerpipe predict models/exported --input new.txt --to doccano --output tasks.jsonl"
    ),
}


def add_predict(parser: CommandParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "model", type=Path, metavar="MODEL_FOLDER", help="folder of an exported model, such as models/exported"
    )
    parser.add_argument(
        "texts",
        nargs="*",
        default=[],
        metavar="TEXT",
        help="texts to predict, each in quotation marks (default: read --input, or else standard input). Put -- before "
        "a text that begins with a dash",
    )
    parser.add_argument("--input", nargs="+", metavar="FILE", help="files or folders to read, or - for standard input")
    parser.add_argument(
        "--from",
        dest="kind",
        choices=KINDS,
        help="format of all inputs (default: the suffix of each file says it, and standard input has lines). lines: "
        "one text on each line (.txt); files: one text in each file; jsonl: one JSON object with the field text on "
        "each line (.jsonl, .ndjson); conll: one word on each line, in the column that clean_conll would find (.conll, "
        ".bio, .iob2, .tsv and so on); parquet: rows with the column text (.parquet)",
    )
    parser.add_argument(
        "--text-field",
        metavar="NAME",
        help=f"field of jsonl, or column of parquet, that holds the text (default: {TEXT})",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="file to write (default, and -: standard output)")
    parser.add_argument(
        "--to",
        choices=(*FORMATS, *ANNOTATION_FORMATS, "text"),
        help="format of the output. jsonl: text and entities as one JSON object on each line (default); conll: one "
        "word on each line, with tag and confidence; doccano, label-studio, prodigy: pre-annotations that the "
        "annotation tool imports; text: text for people, with coloured entities "
        "(default if TEXT is given and the output is a terminal)",
    )
    add_model_options(parser)
    add_min_confidence(parser)
    parser.add_argument(
        "--rejects",
        type=Path,
        metavar="FILE",
        help="file of the rejected records (default: OUTPUT.rejects.jsonl; without --output, a new file among "
        "the temporary files, whose name is printed)",
    )
    parser.add_argument("--resume", action="store_true", help="continue a run of this output that was stopped")
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="local",
        help="where to predict. local: in this process (default); ray: on the processors of a Ray cluster, with actors "
        "of --threads threads (default there: 1)",
    )
    add_examples(parser, _EXAMPLES)
    parser.take_rest = take_texts
    parser.set_defaults(run=predict)


def predict(arguments: argparse.Namespace) -> int:
    """Run the command and return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # The output is UTF-8 in every locale.
    if arguments.engine == "ray" and arguments.device not in (AUTO, "cpu"):
        raise NerpipeError(f"--engine ray uses processors; leave out --device {arguments.device}")
    files = _inputs(arguments)
    read = [*files, *([str(arguments.min_confidence)] if isinstance(arguments.min_confidence, Path) else [])]
    if arguments.min_confidence is not None:
        arguments.min_confidence = least_confidences(arguments.min_confidence, load_decoding(arguments.model).types)
    arguments.backend, arguments.precision = chosen_backend(arguments, arguments.model)
    output, through, rejects = find_targets(arguments.output, arguments.rejects, read, sys.stdout, arguments.model)
    with ExitStack() as stack:
        stream = through.open("w", encoding="utf-8", newline="\n") if through else sys.stdout
        if through:
            stack.enter_context(naming(stream))
            stack.enter_context(stream)
        terminal = output is None and stream.isatty()
        to = arguments.to or ("text" if arguments.texts and terminal else "jsonl")
        decisive = ("texts", "kind", "text_field", "backend", "precision", "min_confidence")
        options = {name: getattr(arguments, name) for name in decisive} | {"to": to}
        job = job_fingerprint(arguments.model, files, options)
        frame, taken = FRAMES.get(to, ("", "", "")), OWN_FIELDS.get(to, ())
        sink = Output(output, rejects, stream, _format(to, terminal=terminal), frame, taken)
        finished = arguments.resume and sink.is_finished(job)
        if not finished:
            engine = _ray(arguments, files) if arguments.engine == "ray" else _local(arguments, files, output)
            with sink.open(job, resume=arguments.resume):
                engine(sink)
    said = _in_words(sink)
    say(f"{output}: this run is already finished; {said}" if finished else said, stream=sys.stderr)
    return SOME_REJECTED if sink.counts.rejected else 0


def _inputs(arguments: argparse.Namespace) -> list[str]:
    """List the files to read, and give --text-field its default.

    Raises:
        NerpipeError: If a file cannot be read, or options contradict each other.
    """
    if arguments.texts:
        check_texts(arguments)
        files = []
    else:
        files = input_files(arguments.input or [STDIN], arguments.kind)
        if arguments.text_field is not None and not {kind_of(name, arguments.kind) for name in files} & {*WITH_FIELDS}:
            raise NerpipeError(
                f"--text-field: no input has fields; only the formats {' and '.join(WITH_FIELDS)} have them, which "
                "--from or the suffix of a file names"
            )
    if arguments.text_field is None:
        arguments.text_field = TEXT
    return files


def _in_words(sink: Output) -> str:
    """Give the counts of a run."""
    counts = sink.counts
    said = f"records: {counts.records:,}, entities: {counts.entities:,}"
    if counts.rejected:
        said += f", rejected: {counts.rejected:,} (see {sink.rejects.path})"
    if counts.renamed:
        said += f", fields of the input that were renamed to {RENAMED}NAME: {counts.renamed:,}"
    return f"{said}. Rejected, for example: {sink.rejects.example}" if sink.rejects.example else said


def _format(name: str, *, terminal: bool) -> Callable[[Prediction], str]:
    """Return the function that shows a prediction. On a terminal, no word can control the terminal."""
    exact = (FORMATS | ANNOTATION_FORMATS).get(name)
    if exact is None:
        return partial(as_text, colour=takes_colour(sys.stdout))
    return (lambda prediction: printable(exact(prediction))) if terminal else exact


def _local(arguments: argparse.Namespace, files: list[str], output: Path | None) -> Engine:
    """Load the model, and return the function that predicts in this process."""
    from tqdm import tqdm

    from nerpipe.prediction.predictor import Predictor

    predictor = Predictor(
        arguments.model,
        backend=arguments.backend,
        precision=arguments.precision,
        device=arguments.device,
        threads=arguments.threads,
        min_confidence=arguments.min_confidence,
    )
    total = None if STDIN in files else sum(Path(name).stat().st_size for name in files)
    # True hides the bar, which would mix with predictions on the same terminal. None shows it only on a terminal.
    hidden = True if output is None and sys.stdout.isatty() else None

    def engine(sink: Output) -> None:
        if arguments.texts:
            run(predictor, text_records(arguments.texts), sink)
            return
        with tqdm(total=total, unit="B", unit_scale=True, disable=hidden, file=sys.stderr) as bar:
            records = read_records(files, arguments.kind, sys.stdin.buffer, bar.update, text_field=arguments.text_field)
            run(predictor, records, sink)

    return engine


def _ray(arguments: argparse.Namespace, files: list[str]) -> Engine:
    """Check Ray, the input and the model, and return the function that predicts on a cluster."""
    from nerpipe.batch.ray_engine import check_ray, run_on_ray

    check_ray(files)
    check_exported(arguments.model, backend=arguments.backend, precision=arguments.precision)
    load_decoding(arguments.model)
    return lambda sink: run_on_ray(arguments.model, files, sink, arguments)
