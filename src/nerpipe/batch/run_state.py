"""The state of an unfinished run of `nerpipe predict`: what of its files is valid, and how many records they hold."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nerpipe.contracts.files import write_json
from nerpipe.errors import NerpipeError
from nerpipe.prediction.checksums import CHECKSUMS


@dataclass
class RunCounts:
    """The counts of a run. `records` includes the rejected records."""

    records: int = 0
    entities: int = 0
    rejected: int = 0
    renamed: int = 0  # Number of fields of the input that have another name in the output.


@dataclass
class RunState:
    """The content of the file `.NAME.progress`."""

    job: str  # Fingerprint of everything that determines the output.
    rejects: str  # File of the rejected records.
    output_bytes: int = 0
    rejects_bytes: int = 0
    complete: bool = False  # Whether all records are written, so that only the files have to get their names.
    counts: RunCounts = field(default_factory=RunCounts)


def write_state(path: Path, state: RunState) -> None:
    """Write the state in one step."""
    write_json(path, asdict(state))


def read_state(path: Path) -> RunState:
    """Read the state of an unfinished run.

    Raises:
        NerpipeError: If the file cannot be read or is damaged.
    """
    state = None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if counts := counts_in(values["counts"]):
            state = RunState(**values | {"counts": counts})
    except OSError as error:
        raise NerpipeError(f"{path}: cannot be read ({error.strerror}); check its owner and permissions") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    if state is None or not _are_counts([state.output_bytes, state.rejects_bytes]):
        raise NerpipeError(f"{path}: the state of the unfinished run is damaged; delete this file to start again")
    return state


def counts_in(values: Any) -> RunCounts | None:  # noqa: ANN401 - JSON can hold any type
    """Return the counts that a JSON file holds, or None if it holds something else."""
    try:
        counts = RunCounts(**values)
    except TypeError:
        return None
    return counts if _are_counts(asdict(counts).values()) else None


def _are_counts(numbers: Iterable[Any]) -> bool:
    return all(type(number) is int and number >= 0 for number in numbers)


def continued_state(path: Path, job: str, rejects: Path | None) -> RunState:
    """Read the state of an unfinished run that is to be continued.

    Raises:
        NerpipeError: If `read_state` raises it, or the run was another job or wrote another rejects file.
    """
    state = read_state(path)
    if state.job != job:
        raise NerpipeError(
            f"{path}: the unfinished run had another model, input or format, or another option that changes the "
            "output. Use the same ones as before, or delete this file to start again"
        )
    if state.rejects != str(rejects):
        raise NerpipeError(
            f"{path}: the unfinished run had another --rejects ({state.rejects}). Use the same one as before, or "
            "delete this file to start again"
        )
    return state


def job_fingerprint(model: Path, files: Sequence[str], options: dict[str, Any]) -> str:
    """Return a fingerprint of everything that determines the output of a job.

    It covers the checksums of the model, the name, size and time of change of each input file, and the options.

    Raises:
        NerpipeError: If a file cannot be read.
    """
    try:
        sums = model / CHECKSUMS
        inside = [] if sums.is_file() else sorted(path for path in model.rglob("*") if path.is_file())
        parts = [
            sums.read_text(encoding="utf-8", errors="backslashreplace") if sums.is_file() else str(model),
            *((str(path), *_stamp(str(path))) for path in inside),
            *((name, *_stamp(name)) for name in files),
            options,
        ]
    except OSError as error:
        raise NerpipeError(f"{error.filename}: cannot be read ({error.strerror}); check its permissions") from None
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _stamp(name: str) -> tuple[int, ...]:
    if name == "-":
        return ()
    state = Path(name).stat()
    return state.st_size, state.st_mtime_ns
