"""The folder in which a training run keeps its state, so that it can be killed at any moment and go on from there.

It is no output of the stage: DVC deletes outputs before a stage runs. Its name is a fingerprint of all that decides the
run, so that a change of params, data or code never meets an old state.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from nerpipe.contracts.files import read_json, sha256_of, write_json
from nerpipe.errors import NerpipeError

PREFIX = "train-"
MARKER = "complete.json"  # in a checkpoint: the SHA-256 of its other files, written after them
OWNER = "pid"
KEPT = 3  # folders of runs that broke off; older ones are deleted
PATIENCE = 10.0  # seconds for a run whose parent was killed to end


def fingerprint(options: Mapping[str, object], inputs: Iterable[Path]) -> str:
    """Hash params and the names and contents of files and folders; 16 hexadecimal digits."""
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    for path in inputs:
        files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else path.name
            digest.update(f"\n{name} {sha256_of(file)}".encode())
    return digest.hexdigest()[:16]


def path_of(root: Path, name: str) -> Path:
    """Return where the run with this fingerprint keeps its state."""
    return root / f"{PREFIX}{name}"


@contextmanager
def training_folder(root: Path, name: str) -> Iterator[Path]:
    """Yield this run's folder, locked against a second writer; it is deleted if the block ends without an error.

    Args:
        root: where such folders lie.
        name: the run's fingerprint.

    Raises:
        NerpipeError: if another process holds the lock.
    """
    folder = path_of(root, name)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{folder}.lock")
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        owner = (folder / OWNER).read_text() if (folder / OWNER).exists() else "unknown"
        raise NerpipeError(
            f"{folder}: another process (number {owner}) is training the same model with the same data and params; "
            "wait until it ends, or stop it"
        ) from None
    try:
        folder.mkdir(exist_ok=True)  # whoever held the lock may have finished and deleted it
        (folder / OWNER).write_text(str(os.getpid()))
        _forget_old(root, folder)
        yield folder
        shutil.rmtree(folder)
    finally:
        lock.release()
    Path(lock.lock_file).unlink(missing_ok=True)


def _forget_old(root: Path, mine: Path) -> None:
    """Delete what broke off runs left, but for the newest and those that another process is at."""
    others = sorted((path for path in root.glob(f"{PREFIX}*/") if path != mine), key=lambda path: path.stat().st_mtime)
    for folder in others[: max(0, len(others) - KEPT + 1)]:
        lock = FileLock(f"{folder}.lock")
        with suppress(Timeout), lock.acquire(timeout=0):
            shutil.rmtree(folder)
            Path(lock.lock_file).unlink(missing_ok=True)


def mark_complete(checkpoint: Path) -> None:
    """Write down that all files of a checkpoint are there, and what they hold."""
    files = sorted(path for path in checkpoint.rglob("*") if path.is_file() and path.name != MARKER)
    write_json(checkpoint / MARKER, {path.relative_to(checkpoint).as_posix(): sha256_of(path) for path in files})


def forget_others(checkpoint: Path, best: str | None) -> None:
    """Delete all checkpoints but this one, which is whole, and the best epoch's.

    The Trainer's own limit deletes before the new one is marked: killed in between, a run would fall back to its best
    epoch.
    """
    for other in checkpoint.parent.glob("checkpoint-*"):
        if other != checkpoint and str(other) != best:
            shutil.rmtree(other)


def last_complete(folder: Path) -> Path | None:
    """Find the newest checkpoint that is whole, and delete those that are not.

    A checkpoint without its marker was being written when the run was killed; one whose files differ from it was
    damaged since.
    """
    checkpoints = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    whole = []
    for checkpoint in checkpoints:
        if _is_whole(checkpoint):
            whole.append(checkpoint)
        else:
            print(f"{checkpoint} is not whole: going back to the one before", flush=True)
            shutil.rmtree(checkpoint)
    return whole[-1] if whole else None


def _is_whole(checkpoint: Path) -> bool:
    try:
        wanted = read_json(checkpoint / MARKER)
        return all(sha256_of(checkpoint / name) == digest for name, digest in wanted.items())
    except (NerpipeError, OSError):
        return False
