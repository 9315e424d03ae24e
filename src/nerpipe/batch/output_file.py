"""The output of `nerpipe predict`: the file appears only when it is complete, and a killed run can be continued.

A continued run neither loses nor repeats a record.
"""

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
    """The counts of a run. `records` includes the rejected records."""

    records: int = 0
    entities: int = 0
    rejected: int = 0


class Output:
    """Writes predictions to a file or a stream, and rejected records to a second file.

    The output file appears only when it is complete. Until then it grows as `.NAME.partial`. The file `.NAME.progress`
    states how many bytes of it are valid and how many records they hold. Both files are written after each chunk, and
    a run that was killed continues from there.
    """

    def __init__(
        self,
        output: Path | None,
        rejects: Path,
        stream: "TextIO",
        show: Callable[[Prediction], str],
        frame: tuple[str, str, str] = ("", "", ""),
    ) -> None:
        """Take the files and the format.

        Args:
            output: File to write, or None to write to the stream.
            rejects: File of the rejected records.
            stream: Stream that is written if there is no output file.
            show: Function that returns a prediction as text.
            frame: Text before the first prediction, between two, and after the last.
        """
        self.counts = RunCounts()
        self._show = show
        self._frame = frame
        self._stream = stream
        self._output = output
        self._rejects = rejects
        self._files: list[BinaryIO] = []
        self._reject_file: BinaryIO | None = None

    @property
    def partial(self) -> Path:
        """The path of the output of an unfinished run."""
        assert self._output is not None  # noqa: S101 - this is only called with an output file
        return self._output.with_name(f".{self._output.name}.partial")

    @property
    def progress(self) -> Path:
        """The path of the state of an unfinished run."""
        assert self._output is not None  # noqa: S101
        return self._output.with_name(f".{self._output.name}.progress")

    @contextmanager
    def open(self, job: str, *, resume: bool) -> "Iterator[None]":
        """Open the files. If the block ends without an error, the output gets its name.

        Args:
            job: Fingerprint of everything that determines the output.
            resume: Whether to continue an unfinished run of the same job.

        Raises:
            NerpipeError: If there is an unfinished run and `resume` is false, or the unfinished run is of another job,
                or its output is shorter than its state says. Also if `resume` is true without an output file, or
                another process writes the output.
        """
        if self._output is None:
            if resume:
                raise NerpipeError(
                    "--resume needs --output, because a run that writes to standard output cannot be continued"
                )
            self._rejects.unlink(missing_ok=True)
            self._stream.write(self._frame[0])
            try:
                yield
            finally:
                self._close()
            self._stream.write(self._frame[2])
            self._stream.flush()
            return
        self._output.parent.mkdir(parents=True, exist_ok=True)
        sizes = self._begun(job) if resume and self.progress.exists() else None
        if sizes is None:
            if self.progress.exists():
                raise NerpipeError(
                    f"{self._output}: an earlier run of this output did not finish. Add --resume to continue it, or "
                    f"delete {self.progress} to start again"
                )
            sizes = (0, 0)
        self._job = job
        try:
            self._file = self._append(self.partial, sizes[0])
            if not sizes[0]:
                self._file.write(self._frame[0].encode())
            if sizes[1]:
                self._reject_file = self._append(self._rejects, sizes[1])
            else:
                self._rejects.unlink(missing_ok=True)  # This file is from an earlier run.
            self._save()
            yield
            self._file.write(self._frame[2].encode())
        finally:
            self._close()
        self.partial.replace(self._output)
        self.progress.unlink()

    def _begun(self, job: str) -> tuple[int, int]:
        state = read_json(self.progress)
        if state["job"] != job:
            raise NerpipeError(
                f"{self.progress}: the unfinished run had another model, input, format, backend or precision. Use the "
                "same ones as before, or delete this file to start again"
            )
        self.counts = RunCounts(**state["counts"])
        return state["output_bytes"], state["rejects_bytes"]

    def _append(self, path: Path, size: int) -> BinaryIO:
        file = path.open("a+b")
        self._files.append(file)
        # The lock ends with the process, even if the process is killed.
        if not lock_descriptor(file.fileno(), blocking=False):
            raise NerpipeError(f"{path}: another process is writing this file; wait until it ends, or stop it")
        if file.seek(0, os.SEEK_END) < size:
            raise NerpipeError(
                f"{path}: the file is shorter than {self.progress} says; delete {self.progress} to start again"
            )
        # A killed run may have written more after its last state. These records are predicted and written again.
        file.truncate(size)
        return file

    def write(self, results: Sequence[Prediction | Rejected]) -> None:
        """Write the results of a chunk, and then save the state that counts them."""
        lines = []
        for result in results:
            first = self.counts.records == self.counts.rejected
            self.counts.records += 1
            if isinstance(result, Prediction):
                self.counts.entities += len(result.entities)
                lines.append(("" if first else self._frame[1]) + self._show(result))
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
    """Return a fingerprint of everything that determines the output of a job.

    It covers the checksums of the model, the name, size and time of change of each input file, and the options.
    """
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
