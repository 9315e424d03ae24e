"""No training goes on after the DVC that asked for it was killed."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil

SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "fish"}
PERIOD = 0.5  # seconds between two looks


def end_with_parent() -> None:
    """Watch the process that started this one from a thread, and end with it.

    A shell in between that only runs a command (`sh -c`, as DVC starts a stage) outlives what started it, and so does
    torchrun, so what is watched is the first ancestor that is neither. (Linux' PR_SET_PDEATHSIG sees the direct parent
    alone.)
    """
    parent = psutil.Process().parent()
    while parent is not None and _passes_on(parent):
        parent = parent.parent()
    if parent is not None and parent.pid != 1:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _passes_on(process: psutil.Process) -> bool:
    command = process.cmdline()
    return (process.name() in SHELLS and "-c" in command) or any(Path(word).name == "torchrun" for word in command[:2])


def _watch(parent: psutil.Process) -> None:
    while _lives(parent):
        time.sleep(PERIOD)
    print("the process that started this training is gone, so it ends too", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
