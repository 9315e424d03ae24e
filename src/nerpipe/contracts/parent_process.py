"""Ends a stage when the DVC process that started it was killed, so that no second writer is ever at work."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.contracts.terminal import say

if TYPE_CHECKING:
    import psutil

SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "fish"}
PERIOD = 0.5  # Seconds between two checks.


def end_with_parent() -> None:
    """Start a thread that ends this process when the process that started it has ended.

    The direct parent can be a shell that only runs a command (`sh -c`, as DVC starts a stage), or torchrun. Both go on
    running after the process that started them was killed. The thread therefore watches the first ancestor that is
    neither of them. (PR_SET_PDEATHSIG of Linux can watch only the direct parent.)
    """
    import psutil  # The core, which predicts, does without it.

    parent = psutil.Process().parent()
    with suppress(psutil.NoSuchProcess):  # It has just ended, and the watch says so.
        while parent is not None and _passes_on(parent):
            parent = parent.parent()
    if parent is not None and parent.pid != 1:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _passes_on(process: "psutil.Process") -> bool:
    import psutil

    try:
        command = process.cmdline()
    except psutil.AccessDenied:  # It is another user's, and so no shell that DVC started.
        return False
    return (process.name() in SHELLS and "-c" in command) or any(Path(word).name == "torchrun" for word in command[:2])


def _watch(parent: "psutil.Process") -> None:
    while _lives(parent):
        time.sleep(PERIOD)
    with suppress(OSError, ValueError):  # Whoever read the messages may have ended too.
        say("the process that started this stage has ended, so the stage stops too", stream=sys.stderr)
    os.kill(os.getpid(), signal.SIGKILL)


def _lives(process: "psutil.Process") -> bool:
    import psutil

    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
