"""The folder with the checkpoints of a training run. A run that is killed at any moment can go on from there.

The folder is not an output of the stage, because DVC deletes outputs before a stage runs. The name of the folder is a
fingerprint of everything that the result depends on. After a change of params, data or code, no old checkpoint is used.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from pathspec import GitIgnoreSpec

from nerpipe.contracts.files import sha256_of
from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import load_yaml

PREFIX = "train-"
# Locks are made, taken and deleted only by the process that holds this one. Otherwise a process could take a lock that
# another one deletes at the same moment, and a third one could get in. This file is never deleted.
GUARD = "lock"
OWNER = "pid"  # The file with the number of the process that trains.
KEPT = 3  # The most folders that are kept, that of the current run included. The oldest others are deleted.
PATIENCE = 10.0  # Seconds to wait for a run to end whose parent process was killed.
PERIOD_OF_LOCK = 0.1  # Seconds between two attempts to take a lock.


def code_of(stage: str) -> list[Path]:
    """List what dvc.yaml names as dependencies of a stage, its code among them, relative to the working directory.

    If dvc.yaml cannot be read here, holds variables, or does not list this module, the list is the whole package.
    """
    own = Path(__file__).resolve()
    try:
        deps = [Path(dep) for dep in load_yaml(Path("dvc.yaml"))["stages"][stage]["deps"]]
    except (NerpipeError, KeyError, TypeError):
        deps = []
    if all(dep.exists() for dep in deps) and any(own.is_relative_to(dep.resolve()) for dep in deps):
        return sorted(deps)
    return [own.parent.parent]


def run_fingerprint(options: Mapping[str, object], inputs: Iterable[Path]) -> str:
    """Compute a hash of params and of the names and contents of files and folders.

    Files that match .dvcignore in the working directory, such as bytecode, are left out, because DVC ignores them too.

    Args:
        options: The params and other values that the result depends on.
        inputs: The files and folders that the result depends on.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    ignore = Path(".dvcignore")
    patterns = ignore.read_text(encoding="utf-8", errors="replace").splitlines() if ignore.exists() else []
    ignored = GitIgnoreSpec.from_lines(patterns)
    for path in inputs:
        if not path.is_absolute():
            digest.update(f"\n{path.as_posix()}".encode())
        inside = sorted(each for each in path.rglob("*") if each.is_file() and not ignored.match_file(each))
        files = inside if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else path.name
            digest.update(f"\n{name} {sha256_of(file)}".encode())
    return digest.hexdigest()[:16]


def run_folder_of(root: Path, name: str) -> Path:
    """Return the folder for the checkpoints of the run with this fingerprint."""
    return root / f"{PREFIX}{name}"


@contextmanager
def training_folder(root: Path, name: str) -> Iterator[Path]:
    """Make and lock the folder of a run, so that no second process writes into it.

    The folder is deleted if the block ends without an error.

    Args:
        root: The folder that holds the folders of all runs.
        name: The fingerprint of the run.

    Yields:
        The folder of the run.

    Raises:
        NerpipeError: If another process holds the lock.
    """
    root.mkdir(parents=True, exist_ok=True)
    folder, guard = run_folder_of(root, name), FileLock(root / GUARD)
    lock = _lock_of(folder)
    deadline = time.monotonic() + PATIENCE
    while not _enter(folder, guard, lock):
        if time.monotonic() > deadline:
            raise NerpipeError(
                f"{folder}: another process (number {_owner(folder)}) is training the same model with the same data "
                "and params; wait until it ends, or stop it"
            )
        time.sleep(PERIOD_OF_LOCK)
    ended_well = False
    try:
        yield folder
        ended_well = True
    finally:
        with guard:
            try:
                if ended_well:
                    shutil.rmtree(folder)
            finally:
                lock.release()
            if ended_well:
                Path(lock.lock_file).unlink(missing_ok=True)


def _lock_of(folder: Path) -> FileLock:
    return FileLock(f"{folder}.lock")


def _enter(folder: Path, guard: FileLock, lock: FileLock) -> bool:
    """Take the lock, make the folder, and delete old ones, or return False if another process holds the lock."""
    with guard:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        folder.mkdir(exist_ok=True)
        (folder / OWNER).write_text(str(os.getpid()))
        _forget_old(folder)
    return True


def _owner(folder: Path) -> str:
    try:
        return (folder / OWNER).read_text() or "unknown"
    except OSError:  # The other process has just ended.
        return "unknown"


def _forget_old(mine: Path) -> None:
    """Delete the folders of interrupted runs, except the newest ones and those that another process uses.

    The caller holds the guard.
    """
    folders = mine.parent.glob(f"{PREFIX}*/")
    others = sorted((path for path in folders if path != mine), key=lambda path: path.stat().st_mtime)
    for folder in others[: max(0, len(others) - KEPT + 1)]:
        lock = _lock_of(folder)
        with suppress(Timeout):
            with lock.acquire(timeout=0):
                shutil.rmtree(folder)
            Path(lock.lock_file).unlink(missing_ok=True)
