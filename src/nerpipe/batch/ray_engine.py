"""The engine of `nerpipe predict --engine ray`: the same predictor in actors of Ray Data.

The cluster is a local one or an existing one. Ray reads the files in tasks, distributes blocks of records to actors,
and repeats a block whose worker died. The blocks come back in the order of the input, because Ray is told to keep it.
This process writes them in the same way as predictions of its own.
"""

import argparse
import json
import logging
import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nerpipe.batch.input_files import STDIN
from nerpipe.batch.output_file import Output
from nerpipe.batch.readers import read_input
from nerpipe.batch.records import Record, Rejected
from nerpipe.batch.stream import CHUNK_RECORDS, predict_chunk
from nerpipe.batch.writers import Prediction
from nerpipe.contracts.terminal import number_of
from nerpipe.errors import NerpipeError
from nerpipe.prediction.finder import Entity, Reading
from nerpipe.prediction.predictor import Predictor

if TYPE_CHECKING:
    import pyarrow as pa

# A block is what one actor takes at a time. By default it has 128 MiB, so that one actor would predict a whole file.
BLOCK_BYTES = 256 * 1024
FAILURE = '{"error": '  # How a row begins that says why a file cannot be read.
PackedRow = dict[str, str]  # The key "row" holds JSON, so that all fields of all inputs fit one schema.


class PredictBlocks:
    """Predicts blocks of records in one actor, which holds one loaded model."""

    def __init__(self, model: str, options: dict[str, Any]) -> None:
        """Load the model once, in the actor, with the options of `Predictor`."""
        self._predictor = Predictor(model, device="cpu", **options)

    def __call__(self, batch: "pa.Table") -> "pa.Table":
        """Predict one block of packed records."""
        import pyarrow as pa

        rows = batch["row"].to_pylist()
        results = predict_chunk(self._predictor, [unpack_record(row) for row in rows if not row.startswith(FAILURE)])
        packed = map(pack_result, results)
        return pa.table({"row": [row if row.startswith(FAILURE) else next(packed) for row in rows]})


def check_ray(files: Sequence[str]) -> None:
    """Check that Ray can predict these files.

    Raises:
        NerpipeError: If Ray is not installed, or the input is standard input.
    """
    if STDIN in files:
        raise NerpipeError(
            "--engine ray needs --input, because other machines cannot read the standard input of this one"
        )
    if find_spec("ray") is None:
        raise NerpipeError("--engine ray needs Ray; install it with `pip install -r requirements/ray.txt`")


def run_on_ray(model: Path, files: Sequence[str], sink: Output, arguments: argparse.Namespace) -> None:
    """Predict files on the cluster that RAY_ADDRESS names, or on a local cluster of this machine's cores.

    Raises:
        NerpipeError: If the input holds fewer records than the output already has.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # Ray writes its plans and warnings to its own log files.
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    mine = not ray.is_initialized()
    if mine:
        ray.init(log_to_driver=False, logging_level="ERROR", include_dashboard=False)
    try:
        for block in _blocks(ray, model.resolve(), files, sink, arguments):
            sink.write(block)
    finally:
        if mine:
            ray.shutdown()


def _blocks(
    ray: Any,  # noqa: ANN401 - the type of an optional module
    model: Path,
    files: Sequence[str],
    sink: Output,
    arguments: argparse.Namespace,
) -> Iterator[list[Prediction | Rejected]]:
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.target_max_block_size = BLOCK_BYTES
    threads = arguments.threads or 1
    # Files are read in a tenth of a core, so that each core has an actor. Ray takes no fractions above one core.
    cores = int(ray.cluster_resources().get("CPU", 1))
    share, actors = (0.9, cores) if threads == 1 else (threads, max(1, (cores - 1) // threads))
    options = {name: getattr(arguments, name) for name in ("backend", "precision", "min_confidence")}
    options["threads"] = threads
    kind, text_field = arguments.kind, arguments.text_field
    folder = Path.cwd()
    left, skipped = skip_records(files, kind, text_field, sink.counts.records)
    if not left:
        return
    items = [{"name": name, "skipped": 0 if index else skipped} for index, name in enumerate(left)]
    results = (
        ray.data.from_items(items, override_num_blocks=len(items))
        .flat_map(lambda row: packed_records(folder, row["name"], kind, text_field, row["skipped"]), num_cpus=0.1)
        .map_batches(
            PredictBlocks,
            fn_constructor_args=(str(model), options),
            batch_format="pyarrow",
            batch_size=CHUNK_RECORDS,
            num_cpus=share,
            compute=ray.data.ActorPoolStrategy(size=actors),
        )
    )
    for block in results.iter_batches(batch_size=CHUNK_RECORDS, batch_format="pyarrow"):
        rows = block["row"].to_pylist()
        good = list(takewhile(lambda row: not row.startswith(FAILURE), rows))
        if good:
            yield [unpack_result(row) for row in good]
        if len(good) < len(rows):
            raise NerpipeError(json.loads(rows[len(good)])["error"])


def skip_records(files: Sequence[str], kind: str | None, text_field: str, done: int) -> tuple[list[str], int]:
    """Find where a run goes on, by reading the records that it has predicted already.

    Args:
        files: All input files.
        kind: Format of all files. None: the suffix of each file says its format.
        text_field: Name of the field or column that holds the text.
        done: Number of records that are predicted already.

    Returns:
        The files that are not predicted whole, and the number of records of the first of them that are predicted.

    Raises:
        NerpipeError: If a file cannot be read, or the files hold fewer records.
    """
    if not done:
        return list(files), 0
    for place, name in enumerate(files):
        found = sum(1 for _ in islice(read_input(name, kind, lambda _: None, text_field=text_field), done + 1))
        if found > done:
            return list(files[place:]), done
        done -= found
    if done:
        raise NerpipeError(
            f"the input holds {number_of(done, 'record')} fewer than the output already has; give the input of the "
            "first run"
        )
    return [], 0


def packed_records(folder: Path, name: str, kind: str | None, text_field: str, skipped: int) -> Iterator[PackedRow]:
    """Read one file in a Ray task, without its first records.

    The working directory of a task is not that of the command, so `folder` names that one. The records keep the name of
    the file as the user gave it. If the file cannot be read, the only row is the message, because an exception would
    lose its type on the way.
    """
    try:
        records = read_input(name, kind, lambda _: None, text_field=text_field, folder=folder)
        for record in islice(records, skipped, None):
            yield {"row": pack_record(record)}
    except NerpipeError as error:
        yield {"row": f"{FAILURE}{json.dumps(str(error))}}}"}


def pack_record(record: Record | Rejected) -> str:
    """Encode a record as a string."""
    return json.dumps([isinstance(record, Record), *record])


def unpack_record(packed: str) -> Record | Rejected:
    """Decode a record from the string of `pack_record`."""
    good, *fields = json.loads(packed)
    return Record(*fields) if good else Rejected(*fields)


def pack_result(result: Prediction | Rejected) -> str:
    """Encode a prediction or a rejected record as a string."""
    return json.dumps([isinstance(result, Prediction), *result])


def unpack_result(packed: str) -> Prediction | Rejected:
    """Decode a result from the string of `pack_result`."""
    good, *fields = json.loads(packed)
    if not good:
        return Rejected(*fields)
    record, entities, (words, tags, confidences) = fields
    reading = Reading([(start, end) for start, end in words], tags, confidences)
    return Prediction(Record(*record), [Entity(*entity) for entity in entities], reading)
