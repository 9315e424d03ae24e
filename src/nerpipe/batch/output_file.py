"""The output of `nerpipe predict`: the file appears only when it is complete, and a killed run can be continued.

A continued run neither loses nor repeats a record.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nerpipe.batch.growing_files import RejectsFile, close_quietly, open_locked, saved_size
from nerpipe.batch.records import Rejected
from nerpipe.batch.run_state import RunCounts, RunState, continued_state, counts_in, write_state
from nerpipe.batch.writers import Prediction
from nerpipe.contracts.files import replace_file
from nerpipe.contracts.terminal import write_encodable
from nerpipe.contracts.user_cache import file_stamp, recall, remember
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from typing import TextIO

FINISHED = "outputs"  # Facts of the cache folder: the job and the counts of a finished output.


class Output:
    """Writes predictions to a file or a stream, and rejected records to a second file.

    The output file appears only when it is complete. Until then it grows as `.NAME.partial`. The file `.NAME.progress`
    states how many bytes of it are valid and how many records they hold. Both files are written after each chunk, and
    a run that was killed continues from there.
    """

    def __init__(
        self,
        output: Path | None,
        rejects: Path | None,
        stream: "TextIO",
        show: Callable[[Prediction], str],
        frame: tuple[str, str, str] = ("", "", ""),
        taken: Collection[str] = (),
    ) -> None:
        """Take the files and the format.

        Args:
            output: File to write, or None to write to the stream.
            rejects: File of the rejected records, or None for a new file in the folder for temporary files.
            stream: Stream that is written if there is no output file.
            show: Function that returns a prediction as text.
            frame: Text before the first prediction, between two, and after the last.
            taken: Names of the fields that the format needs. Such fields of the input get another name.
        """
        self.counts = RunCounts()
        self.rejects = RejectsFile(rejects, output)
        self._show = show
        self._frame = frame
        self._taken = frozenset(taken)
        self._stream = stream
        self._output = output
        self._file: BinaryIO | None = None
        self._state = RunState("", str(rejects))

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

    def is_finished(self, job: str) -> bool:
        """Return whether this job has written its output already. If only the last steps are missing, do them.

        Raises:
            NerpipeError: If the output is there, but not known to be that of this job.
        """
        if self._output is None:
            return False
        if self.progress.exists():
            state = continued_state(self.progress, job, self.rejects.path)
            if not state.complete:
                return False
            there = self.partial if self.partial.exists() else self._output
            if not there.is_file() or there.stat().st_size != state.output_bytes:
                raise NerpipeError(f"{there}: not as {self.progress} says; delete {self.progress} to start again")
            self.counts = state.counts
            self._finish(job)
            return True
        if not self._output.exists():
            return False
        known = recall(FINISHED, self._output)
        counts = counts_in(known.get("counts"))
        if known.get("job") != job or counts is None:
            raise NerpipeError(
                f"{self._output}: there is no stopped run to resume, because this file is complete. To predict again "
                "and replace it, leave out --resume"
            )
        self.counts = counts
        return True

    @contextmanager
    def open(self, job: str, *, resume: bool) -> "Iterator[None]":
        """Open the files. If the block ends without an error, the output gets its name.

        Args:
            job: Fingerprint of everything that determines the output.
            resume: Whether to continue an unfinished run of the same job.

        Raises:
            NerpipeError: If there is an unfinished run and `resume` is false, or the unfinished run is of another job,
                or its output is shorter than its state says. Also if `resume` is true without an output file, another
                process writes the output, or it cannot be written.
        """
        if self._output is None:
            if resume:
                raise NerpipeError(
                    "--resume needs --output with a file, because a run that writes to a stream cannot be continued"
                )
            with self._streaming():
                yield
            return
        with self._files(job, resume=resume):
            yield
            self._add(self._frame[2])
            self._save(complete=True)
        self._finish(job)

    @contextmanager
    def _streaming(self) -> "Iterator[None]":
        self.rejects.open(0)
        try:
            write_encodable(self._frame[0], self._stream)
            yield
            write_encodable(self._frame[2], self._stream)
        except BaseException:
            if self.counts.rejected:
                self.rejects.finish(self.counts.rejected)  # This run cannot be continued, so keep them now.
            else:
                self.rejects.discard()
            raise
        self.rejects.finish(self.counts.rejected)

    @contextmanager
    def _files(self, job: str, *, resume: bool) -> "Iterator[None]":
        assert self._output is not None  # noqa: S101
        self._output.parent.mkdir(parents=True, exist_ok=True)
        if self.progress.exists() and not resume:
            raise NerpipeError(
                f"{self._output}: an earlier run of this output did not finish. Add --resume to continue it, or "
                f"delete {self.progress} to start again"
            )
        self._file = open_locked(self.partial)
        try:
            self._state = RunState(job, str(self.rejects.path))
            if self.progress.exists():
                self._state = continued_state(self.progress, job, self.rejects.path)
            self._check_size(self._file, self._state.output_bytes)
            self.rejects.open(self._state.rejects_bytes)
            self.counts = self._state.counts
            self._file.truncate(self._state.output_bytes)
            if not self._state.output_bytes:
                self._add(self._frame[0])
            self._save(complete=False)
            yield
        finally:
            close_quietly(self._file)
            self.rejects.close()
            if not self.progress.exists() and not self.partial.stat().st_size:
                self.partial.unlink()  # The run did not begin.

    def _check_size(self, file: BinaryIO, size: int) -> None:
        if file.seek(0, 2) < size:  # A killed run may have written more: those records are predicted again.
            raise NerpipeError(
                f"{self.partial}: the file is shorter than {self.progress} says; delete {self.progress} to start again"
            )

    def write(self, results: Sequence[Prediction | Rejected]) -> None:
        """Write the results of a chunk, and then save the state that counts them.

        Raises:
            NerpipeError: If the output file cannot be written.
        """
        lines = []
        for result in results:
            first = self.counts.records == self.counts.rejected
            self.counts.records += 1
            shown = self._shown(result) if isinstance(result, Prediction) else result
            if isinstance(shown, Rejected):
                self.counts.rejected += 1
                self._reject(shown)
            else:
                lines.append(("" if first else self._frame[1]) + shown)
        if self._output is None:
            write_encodable("".join(lines), self._stream)
            return
        self._add("".join(lines))
        self._save(complete=False)

    def _shown(self, prediction: Prediction) -> str | Rejected:
        record = prediction.record
        try:
            text = self._show(prediction)
            text.encode("utf-8")
        except Exception as error:  # noqa: BLE001 - the rejected record states any error, and the others go on
            why = str(error) if isinstance(error, NerpipeError) else repr(error)
            return Rejected(record.position, f"the record cannot be written in this format: {why}", record.text)
        self.counts.entities += len(prediction.entities)
        self.counts.renamed += len(self._taken & record.fields.keys())
        return text

    def _reject(self, rejected: Rejected) -> None:
        try:
            self.rejects.write(rejected)
        except OSError as error:
            raise self._unwritten(error, self.rejects.path) from None

    def _add(self, text: str) -> None:
        assert self._file is not None  # noqa: S101
        try:
            self._file.write(text.encode("utf-8"))
        except OSError as error:
            raise self._unwritten(error) from None

    def _save(self, *, complete: bool) -> None:
        assert self._file is not None  # noqa: S101
        try:
            self._state.output_bytes = saved_size(self._file)
            self._state.rejects_bytes = self.rejects.save()
            self._state.counts, self._state.complete = self.counts, complete
            write_state(self.progress, self._state)
        except OSError as error:
            raise self._unwritten(error) from None

    def _unwritten(self, error: OSError, path: Path | None = None) -> NerpipeError:
        advice = "; free some space, then run the same command" + (" with --resume" if self._output else "")
        return NerpipeError(f"{path or self._output}: cannot be written ({error.strerror}){advice}")

    def _finish(self, job: str) -> None:
        """Give the files their names. Each step may have been done before by a run that was killed here."""
        assert self._output is not None  # noqa: S101
        self.rejects.finish(self.counts.rejected)
        if self.partial.exists():
            replace_file(self.partial, self._output)
        remember(FINISHED, self._output, file_stamp(self._output), {"job": job, "counts": asdict(self.counts)})
        self.progress.unlink(missing_ok=True)
