"""Files that grow under a temporary name and get their name when they are complete."""

import glob
import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from filelock import lock_descriptor

from nerpipe.batch.records import Rejected
from nerpipe.batch.targets import OWNERS
from nerpipe.batch.writers import rejected_as_json
from nerpipe.command_line.output_files import is_special
from nerpipe.contracts.files import replace_file
from nerpipe.contracts.user_cache import file_stamp, remember
from nerpipe.errors import NerpipeError

_PARTIAL = ".rejects.partial"
_SHOWN = 500  # Largest number of characters of a problem that is shown as an example.


def open_locked(path: Path) -> BinaryIO:
    """Open a file to append, and lock it. The lock ends with the process, even if the process is killed.

    Raises:
        NerpipeError: If another process has the lock.
    """
    file = path.open("a+b")
    if lock_descriptor(file.fileno(), blocking=False) and _is_still_there(path, file):
        return file
    file.close()
    raise NerpipeError(f"{path}: another process is writing this file; wait until it ends, or stop it")


def _is_still_there(path: Path, file: BinaryIO) -> bool:
    """Return whether the file still has its name. Another process may have completed it before this one locked it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def saved_size(file: BinaryIO) -> int:
    """Write what a file still holds in memory to the disk, and return its size."""
    file.flush()
    os.fsync(file.fileno())
    return file.seek(0, os.SEEK_END)


def close_quietly(file: BinaryIO) -> None:
    """Close a file of which all that counts is saved. On a full disk, closing fails too."""
    with suppress(OSError):
        file.close()


class RejectsFile:
    """The file of the rejected records of a run. It appears at the end of the run, and only if records are rejected."""

    def __init__(self, path: Path | None, owner: Path | None) -> None:
        """Take the names.

        Args:
            path: File to write. None: a new file in the folder for temporary files.
            owner: Output of the run. None: standard output.
        """
        self.path = path
        self.example = ""  # Position and problem of the first record that was rejected by this process.
        self._owner = owner
        self._direct = path is None or is_special(path)  # Whether the file is written under its own name.
        self._key = hashlib.sha256(os.fsencode(owner.resolve() if owner else "")).hexdigest()[:8]
        self._file: BinaryIO | None = None

    @property
    def _partial(self) -> Path:
        assert self.path is not None  # noqa: S101 - this is only called with a file
        return self.path.with_name(f".{self.path.name}.{self._key}{_PARTIAL}")

    def open(self, size: int) -> None:
        """Open the file, of which an unfinished run has written so many bytes.

        Raises:
            NerpipeError: If another run writes the same file, or the file is shorter.
        """
        if self.path is None or self._direct:
            return
        partial = self._partial
        partial.parent.mkdir(parents=True, exist_ok=True)
        self._file = open_locked(partial)
        if self._file.seek(0, os.SEEK_END) < size:
            raise NerpipeError(
                f"{partial}: the file is shorter than the unfinished run left it; delete the .progress file beside the "
                "output to start again"
            )
        self._file.truncate(size)
        for other in partial.parent.glob(f".{glob.escape(self.path.name)}.{'[0-9a-f]' * 8}{_PARTIAL}"):
            if other.name != partial.name:
                self.discard()
                raise NerpipeError(
                    f"--rejects {self.path}: a run with another output, which has not finished, writes the same file; "
                    f"name another file, or delete {other} if that run will not be continued"
                )

    def write(self, rejected: Rejected) -> None:
        """Add a record."""
        if not self.example:
            self.example = " ".join(f"{rejected.position}: {rejected.problem}".split())[:_SHOWN]
        if self._file is None:
            if self.path is None:
                handle, name = tempfile.mkstemp(".jsonl", "nerpipe-rejects-")
                self._file, self.path = os.fdopen(handle, "wb"), Path(name)
            else:
                self._file = self.path.open("wb")
        self._file.write(rejected_as_json(rejected).encode("utf-8"))
        if self._direct:
            self._file.flush()  # Nothing saves this file later, so a full disk has to show now.

    def save(self) -> int:
        """Write everything to the disk, and return the size of the file."""
        if self._file is None or self._direct:
            return 0
        return saved_size(self._file)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            close_quietly(self._file)

    def finish(self, rejected: int) -> None:
        """Give the file its name, or delete that of an earlier run if no record was rejected. A second call is fine."""
        self.close()
        if self.path is None or self._direct:
            return
        if rejected:
            with suppress(FileNotFoundError):
                replace_file(self._partial, self.path)
            remember(OWNERS, self.path, file_stamp(self.path), {"output": str(self._owner)})
        else:
            self.path.unlink(missing_ok=True)
            self._partial.unlink(missing_ok=True)

    def discard(self) -> None:
        """Close the file of a run that has not begun, and delete it if it holds nothing."""
        self.close()
        with suppress(OSError):
            if self._file is not None and not self._partial.stat().st_size:
                self._partial.unlink()
