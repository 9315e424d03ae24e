"""The `predict` command: its arguments, its engines, and the counts that it prints at the end."""

import argparse
import io
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from nerpipe.batch.annotation_writers import ANNOTATION_FORMATS, FRAMES
from nerpipe.batch.output_file import Output
from nerpipe.batch.readers import READERS, STDIN, input_files, read_records
from nerpipe.batch.run_state import job_fingerprint
from nerpipe.batch.stream import run
from nerpipe.batch.targets import find_targets
from nerpipe.batch.writers import FORMATS, OWN_FIELDS, RENAMED, Prediction, as_text
from nerpipe.contracts.terminal import printable, say
from nerpipe.errors import NerpipeError
from nerpipe.params import AUTO, DEVICES, whole_number
from nerpipe.prediction.backends import BACKENDS, PRECISIONS, check_choice
from nerpipe.prediction.exported_folder import check_exported, load_decoding

Engine = Callable[[Output], None]
SOME_REJECTED = 4  # Exit code if some records were rejected and all others were predicted.
ENGINES = ("local", "ray")
PREDICT = """Find the entities of texts with an exported model. The exit code is 0 if all records were predicted, 1
after an error, and 4 if some records could not be predicted. The rejects file then holds those records with their
positions, and the output holds all other records."""


def add_predict(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "model", type=Path, metavar="MODEL_FOLDER", help="folder of an exported model, such as models/exported"
    )
    parser.add_argument(
        "--input", nargs="+", default=[STDIN], metavar="FILE", help="files or folders to read (default: standard input)"
    )
    parser.add_argument(
        "--from",
        dest="kind",
        choices=tuple(READERS),
        default="lines",
        help="format of the input. lines: one text on each line (default); files: one text in each file; jsonl: one "
        "JSON object with the field text on each line; conll: one word on each line, in the column that clean_conll "
        "would find; parquet: rows with the column text",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="file to write (default: standard output)")
    parser.add_argument(
        "--to",
        choices=(*FORMATS, *ANNOTATION_FORMATS, "text"),
        default="jsonl",
        help="format of the output. jsonl: text and entities as one JSON object on each line (default); conll: one "
        "word on each line, with tag and confidence; doccano, label-studio, prodigy: pre-annotations that the "
        "annotation tool imports; text: text for people, with coloured entities",
    )
    parser.add_argument(
        "--backend", choices=BACKENDS, default="onnx", help="library that runs the network (default: %(default)s)"
    )
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="fp32", help="number format of the model (default: %(default)s)"
    )
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default=AUTO,
        help="what runs the network of --backend torch: cuda or mps (a GPU), cpu, or auto, a GPU if PyTorch can use "
        "one (default); ONNX Runtime and --engine ray use the processor",
    )
    parser.add_argument(
        "--threads",
        type=whole_number(1),
        metavar="N",
        help="number of processor threads (default: the number of cores that this process may use; with --engine ray: "
        "1 for each actor)",
    )
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
        help="where to predict. local: in this process (default); ray: on a Ray cluster",
    )
    parser.set_defaults(run=predict)


def predict(arguments: argparse.Namespace) -> int:
    """Run the command and return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # The output is UTF-8 in every locale.
    files = input_files(arguments.input, arguments.kind)
    output, through, rejects = find_targets(arguments.output, arguments.rejects, files, sys.stdout)
    decisive = ("kind", "to", "backend", "precision")
    job = job_fingerprint(arguments.model, files, {name: getattr(arguments, name) for name in decisive})
    with ExitStack() as stack:
        stream = stack.enter_context(through.open("w", encoding="utf-8", newline="\n")) if through else sys.stdout
        show = _format(arguments.to, terminal=output is None and stream.isatty())
        frame, taken = FRAMES.get(arguments.to, ("", "", "")), OWN_FIELDS.get(arguments.to, ())
        sink = Output(output, rejects, stream, show, frame, taken)
        finished = arguments.resume and sink.is_finished(job)
        if not finished:
            engine = _ray(arguments, files) if arguments.engine == "ray" else _local(arguments, files, output)
            with sink.open(job, resume=arguments.resume):
                engine(sink)
    said = _in_words(sink)
    say(f"{output}: this run is already finished; {said}" if finished else said, stream=sys.stderr)
    return SOME_REJECTED if sink.counts.rejected else 0


def _in_words(sink: Output) -> str:
    """Give the counts of a run."""
    counts = sink.counts
    said = f"records: {counts.records:,}, entities: {counts.entities:,}"
    if counts.rejected:
        said += f", rejected: {counts.rejected:,} (see {sink.rejects.path})"
    if counts.renamed:
        said += f", fields of the input that were renamed to {RENAMED}NAME: {counts.renamed:,}"
    return said


def _format(name: str, *, terminal: bool) -> Callable[[Prediction], str]:
    """Return the function that shows a prediction. On a terminal, no word can control the terminal."""
    exact = (FORMATS | ANNOTATION_FORMATS).get(name)
    if exact is None:
        return partial(as_text, colour=terminal)
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
    )
    total = None if STDIN in files else sum(Path(name).stat().st_size for name in files)
    # True hides the bar, which would mix with predictions on the same terminal. None shows it only on a terminal.
    hidden = True if output is None and sys.stdout.isatty() else None

    def engine(sink: Output) -> None:
        with tqdm(total=total, unit="B", unit_scale=True, disable=hidden, file=sys.stderr) as bar:
            run(predictor, read_records(files, arguments.kind, sys.stdin.buffer, bar.update), sink)

    return engine


def _ray(arguments: argparse.Namespace, files: list[str]) -> Engine:
    """Check Ray, the input and the model, and return the function that predicts on a cluster."""
    from nerpipe.batch.ray_engine import check_ray, run_on_ray

    if arguments.device not in (AUTO, "cpu"):
        raise NerpipeError(f"--engine ray uses processors; leave out --device {arguments.device}")
    check_ray(files)
    check_choice(arguments.backend, arguments.precision)
    check_exported(arguments.model, backend=arguments.backend, precision=arguments.precision)
    load_decoding(arguments.model)
    return lambda sink: run_on_ray(arguments.model, files, sink, arguments)
