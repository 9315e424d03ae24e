"""The `predict` command: inputs, engine, output and what it says at the end."""

import argparse
import io
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nerpipe.batch.output_file import Output, job_fingerprint
from nerpipe.batch.readers import READERS, STDIN, input_files, read_records
from nerpipe.batch.stream import run
from nerpipe.batch.writers import FORMATS, as_text
from nerpipe.params import whole_number
from nerpipe.prediction.backends import BACKENDS, PRECISIONS
from nerpipe.prediction.exported_folder import load_decoding

Engine = Callable[[Output], None]
SOME_REJECTED = 4  # the exit code if a record was rejected and the rest predicted
ENGINES = ("local", "ray")
PREDICT = """Find the entities of texts with an exported model. Exit code: 0; 1 for an error; 4 if some records could
not be predicted (they are in the rejects file, with their place) and the rest is there."""


def add_predict(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", type=Path, metavar="MODEL_FOLDER", help="such as models/exported")
    parser.add_argument(
        "--input", nargs="+", default=[STDIN], metavar="FILE", help="files or folders (default: standard input)"
    )
    parser.add_argument(
        "--from",
        dest="kind",
        choices=tuple(READERS),
        default="lines",
        help="lines: a text a line (default); files: a text a file; jsonl: objects with a field text; conll: a word a "
        "line, in the first column; parquet: a column text",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument(
        "--to",
        choices=(*FORMATS, "text"),
        default="jsonl",
        help="jsonl: text and entities (default); conll: word, tag, confidence; text: for people, in colours",
    )
    parser.add_argument("--backend", choices=BACKENDS, default="onnx", help="default: %(default)s")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="default: %(default)s")
    parser.add_argument("--threads", type=whole_number(1), metavar="N", help="default: the cores this process may use")
    parser.add_argument("--rejects", type=Path, metavar="FILE", help="default: OUTPUT.rejects.jsonl")
    parser.add_argument("--resume", action="store_true", help="go on with a run of this output that was stopped")
    parser.add_argument(
        "--engine", choices=ENGINES, default="local", help="local: this process (default); ray: a Ray cluster"
    )
    parser.set_defaults(run=predict)


def predict(arguments: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the locale says
    files = input_files(arguments.input, arguments.kind)
    output: Path | None = arguments.output
    rejects = arguments.rejects or Path(f"{output}.rejects.jsonl" if output else "nerpipe.rejects.jsonl")
    show = FORMATS.get(arguments.to) or partial(as_text, colour=output is None and sys.stdout.isatty())
    sink = Output(output, rejects, sys.stdout, show)
    decisive = ("kind", "to", "backend", "precision")
    job = job_fingerprint(arguments.model, files, {name: getattr(arguments, name) for name in decisive})
    engine = _ray(arguments, files) if arguments.engine == "ray" else _local(arguments, files)
    with sink.open(job, resume=arguments.resume):
        engine(sink)
    counts = sink.counts
    said = f"records: {counts.records:,}, entities: {counts.entities:,}"
    if counts.rejected:
        said += f", rejected: {counts.rejected:,} (see {rejects})"
    print(said, file=sys.stderr)
    return SOME_REJECTED if counts.rejected else 0


def _local(arguments: argparse.Namespace, files: list[str]) -> Engine:
    """Load the model; what comes back predicts here."""
    from tqdm import tqdm

    from nerpipe.prediction.predictor import Predictor

    predictor = Predictor(
        arguments.model, backend=arguments.backend, precision=arguments.precision, threads=arguments.threads
    )
    total = None if STDIN in files else sum(Path(name).stat().st_size for name in files)
    # a bar would mix with what standard output shows on the same terminal; None: only on a terminal
    hidden = True if arguments.output is None and sys.stdout.isatty() else None

    def engine(sink: Output) -> None:
        with tqdm(total=total, unit="B", unit_scale=True, disable=hidden, file=sys.stderr) as bar:
            run(predictor, read_records(files, arguments.kind, sys.stdin.buffer, bar.update), sink)

    return engine


def _ray(arguments: argparse.Namespace, files: list[str]) -> Engine:
    """Check what can be checked here; what comes back predicts on a cluster."""
    from nerpipe.batch.ray_engine import check_ray, run_on_ray

    check_ray(files)
    load_decoding(arguments.model)
    return lambda sink: run_on_ray(arguments.model, files, sink, arguments)
