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
from pathspec import GitIgnoreSpec

from nerpipe.contracts.files import sha256_of
from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import load_yaml

CODE = ("src/", "stages/")  # folders that hold code
PREFIX = "train-"
OWNER = "pid"
KEPT = 3  # folders of runs that broke off; older ones are deleted
PATIENCE = 10.0  # seconds for a run whose parent was killed to end


def code_of(stage: str) -> list[Path]:
    """List the code that a stage depends on: what dvc.yaml names of it, relative to the working directory."""
    deps = load_yaml(Path("dvc.yaml"))["stages"][stage]["deps"]
    return [Path(dep) for dep in deps if dep.startswith(CODE)]


def run_fingerprint(options: Mapping[str, object], inputs: Iterable[Path]) -> str:
    """Hash params and the names and contents of files and folders; 16 hexadecimal digits.

    What .dvcignore names in the working directory is left out, such as bytecode: DVC does not see it either.
    """
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    ignore = Path(".dvcignore")
    patterns = ignore.read_text(encoding="utf-8").splitlines() if ignore.exists() else []
    ignored = GitIgnoreSpec.from_lines(patterns)
    for path in inputs:
        inside = sorted(each for each in path.rglob("*") if each.is_file() and not ignored.match_file(each))
        files = inside if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else path.name
            digest.update(f"\n{name} {sha256_of(file)}".encode())
    return digest.hexdigest()[:16]


def run_folder_of(root: Path, name: str) -> Path:
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
    folder = run_folder_of(root, name)
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
