"""The experiments that DVC has queued, that run now, or that failed. Nothing is waited for, and nothing is written."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dvc.repo import Repo
    from dvc.repo.experiments.queue.base import BaseStashQueue, QueueEntry

RUNNING_NOW, QUEUED, STOPPED, FAILED_RUN = "running", "queued", "stopped", "failed"


class PendingRun(NamedTuple):
    """An experiment without results."""

    name: str
    commit: str  # The commit in which DVC keeps its params.
    start: str  # The commit that it started from.
    state: str  # RUNNING_NOW, QUEUED, STOPPED (its process is gone) or FAILED_RUN.


def pending_runs(repo: "Repo") -> tuple[list[PendingRun], str]:
    """List the experiments without results.

    An experiment that is taken from the queue while this function reads is listed once, as running.

    Returns:
        The experiments, and why the list is not complete, or an empty text.
    """
    from dvc.exceptions import DvcException

    found: dict[str, PendingRun] = {}
    fault = ""
    try:
        for entry, state in _entries(repo):
            found[entry.stash_rev] = PendingRun(entry.name or "", entry.stash_rev, entry.baseline_rev, state)
    except (DvcException, OSError, ValueError) as error:
        fault = f"DVC's queue cannot be read ({error}), so queued and running experiments may be missing"
    return list(found.values()), fault


def running_in_workspace(repo: "Repo") -> bool:
    """Say whether `dvc exp run` runs in the working folder."""
    return repo.experiments.workspace_queue.get_running_exp() is not None


def _entries(repo: "Repo") -> "Iterator[tuple[QueueEntry, str]]":
    queue = repo.experiments.celery_queue
    if Path(queue.wdir).is_dir():  # Otherwise DVC would make the folder.
        yield from ((entry, QUEUED) for entry in queue.iter_queued())
        yield from ((entry, RUNNING_NOW if _lives(queue, entry) else STOPPED) for entry in queue.iter_active())
        yield from ((entry, FAILED_RUN) for entry, _ in queue.iter_failed())
    temporary = repo.experiments.tempdir_queue
    yield from ((entry, RUNNING_NOW) for entry in temporary.iter_active() if _works(temporary, entry))


def _lives(queue: "BaseStashQueue", entry: "QueueEntry") -> bool:
    """Say whether the process of a queued experiment lives, or has not begun, or has ended by itself."""
    import psutil

    process = queue.proc.get(entry.stash_rev)
    return process is None or process.returncode is not None or psutil.pid_exists(process.pid)


def _works(queue: "BaseStashQueue", entry: "QueueEntry") -> bool:
    """Say whether a process works in the folder of a `dvc exp run --temp`, which stays after a kill."""
    import psutil
    from dvc.repo.experiments.executor.base import ExecutorInfo, TaskStatus

    info = ExecutorInfo.load_json(queue.get_infofile_path(entry.stash_rev))
    if info.status < TaskStatus.RUNNING:
        return True
    places = (process.info["cwd"] for process in psutil.process_iter(["cwd"]))
    return any(place and Path(place).is_relative_to(info.root_dir) for place in places)
