"""Where predictions go: whole or absent, and a killed run continued without losing or repeating a record."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from filelock import lock_descriptor

from nerpipe.batch.readers import Rejected
from nerpipe.batch.writers import Prediction, rejected_as_json
from nerpipe.contracts.files import read_json, write_json
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from typing import TextIO


@dataclass
class RunCounts:
    """What a run has done."""

    records: int = 0
    entities: int = 0
    rejected: int = 0


class Output:
    """Where predictions go: a file that is there only when it is whole, or a stream; rejects go to a file beside.

    A file grows as `.NAME.partial`, and `.NAME.progress` says how much of it is good and of how many records: both are
    written after each chunk, and a run that was killed goes on from there.
    """

    def __init__(self, output: Path | None, rejects: Path, stream: "TextIO", show: Callable[[Prediction], str]) -> None:
        """Take a file to write, or None for the stream."""
        self.counts = RunCounts()
        self._show = show
        self._stream = stream
        self._output = output
        self._rejects = rejects
        self._files: list[BinaryIO] = []
        self._reject_file: BinaryIO | None = None

    @property
    def partial(self) -> Path:
        """The output of an unfinished run."""
        assert self._output is not None  # noqa: S101 - only called with one
        return self._output.with_name(f".{self._output.name}.partial")

    @property
    def progress(self) -> Path:
        """The state of an unfinished run."""
        assert self._output is not None  # noqa: S101
        return self._output.with_name(f".{self._output.name}.progress")

    @contextmanager
    def open(self, job: str, *, resume: bool) -> "Iterator[None]":
        """Open the files; if the block ends well, the output takes its place.

        Args:
            job: a fingerprint of all that decides the output.
            resume: go on with an unfinished run of the same job.

        Raises:
            NerpipeError: if there is an unfinished run and `resume` is not wanted, or it is of another job.
        """
        if self._output is None:
            if resume:
                raise NerpipeError("--resume needs --output: what went to standard output cannot be taken back")
            self._rejects.unlink(missing_ok=True)
            try:
                yield
            finally:
                self._close()
            return
        self._output.parent.mkdir(parents=True, exist_ok=True)
        sizes = self._begun(job) if resume and self.progress.exists() else None
        if sizes is None:
            if self.progress.exists():
                raise NerpipeError(
                    f"{self._output}: an earlier run of this output did not finish. Add --resume to go on with it, or "
                    f"delete {self.progress} to begin again"
                )
            sizes = (0, 0)
        self._job = job
        try:
            self._file = self._append(self.partial, sizes[0])
            if sizes[1]:
                self._reject_file = self._append(self._rejects, sizes[1])
            else:
                self._rejects.unlink(missing_ok=True)  # of a run before
            self._save()
            yield
        finally:
            self._close()
        self.partial.replace(self._output)
        self.progress.unlink()

    def _begun(self, job: str) -> tuple[int, int]:
        state = read_json(self.progress)
        if state["job"] != job:
            raise NerpipeError(
                f"{self.progress}: the unfinished run had another input, model or format. Give it the same as before, "
                "or delete this file to begin again"
            )
        self.counts = RunCounts(**state["counts"])
        return state["output_bytes"], state["rejects_bytes"]

    def _append(self, path: Path, size: int) -> BinaryIO:
        file = path.open("a+b")
        self._files.append(file)
        if not lock_descriptor(file.fileno(), blocking=False):  # the lock ends with the process, however that ends
            raise NerpipeError(f"{path}: another process is writing it; wait for its end, or stop it")
        if file.seek(0, os.SEEK_END) < size:
            raise NerpipeError(f"{path}: shorter than {self.progress} says; delete that file to begin again")
        file.truncate(size)  # what a killed run wrote after its last state is written again
        return file

    def write(self, results: Sequence[Prediction | Rejected]) -> None:
        """Write a chunk, and only then say that it is there."""
        lines = []
        for result in results:
            self.counts.records += 1
            if isinstance(result, Prediction):
                self.counts.entities += len(result.entities)
                lines.append(self._show(result))
            else:
                self.counts.rejected += 1
                self._reject(result)
        text = "".join(lines)
        if self._output is None:
            self._stream.write(text)
            self._stream.flush()
            return
        self._file.write(text.encode("utf-8"))
        self._save()

    def _reject(self, result: Rejected) -> None:
        if self._reject_file is None:
            self._reject_file = self._append(self._rejects, 0)
        self._reject_file.write(rejected_as_json(result).encode("utf-8"))

    def _save(self) -> None:
        sizes = []
        for file in (self._file, self._reject_file):
            if file is not None:
                file.flush()
                os.fsync(file.fileno())
            sizes.append(file.tell() if file is not None else 0)
        state = {"job": self._job, "counts": asdict(self.counts), "output_bytes": sizes[0], "rejects_bytes": sizes[1]}
        write_json(self.progress, state)

    def _close(self) -> None:
        with ExitStack() as stack:
            for file in self._files:
                stack.callback(file.close)


def job_fingerprint(model: Path, files: Sequence[str], options: dict[str, str]) -> str:
    """Name a job by all that decides its output: the model's checksums, each input's size and time, the options."""
    parts = [
        (model / "SHA256SUMS").read_text(encoding="utf-8") if (model / "SHA256SUMS").exists() else str(model),
        *((name, *_stamp(name)) for name in files),
        options,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _stamp(name: str) -> tuple[int, ...]:
    if name == "-":
        return ()
    state = Path(name).stat()
    return state.st_size, state.st_mtime_ns
