"""The end of a program: what a command or stage prints for an error, and its exit code.

An error that the user can correct is one message. Any other error is a bug: its details go into a file, and one line
names that file and says what to do.
"""

import errno
import io
import os
import platform
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NoReturn

from nerpipe.contracts.terminal import naming, say
from nerpipe.contracts.user_cache import user_cache
from nerpipe.errors import NerpipeError

FAILED = 1  # Exit code after an error.
INSTALL = "run `make run` or `pip install '.[pipeline]'` in a clone of the project"
_ADVICE = {  # What to do after an error of the operating system.
    errno.ENOSPC: "free some space, then run the same command again",
    errno.EDQUOT: "free some space, then run the same command again",
    errno.EACCES: "check the owner and the permissions, or name another place",
    errno.EPERM: "check the owner and the permissions, or name another place",
    errno.EROFS: "nothing can be written there; name another place",
    errno.EISDIR: "name a file, not a folder",
    errno.ENOTDIR: "a file stands where a folder is needed; name another place",
    errno.EEXIST: "something else has this name already; name another place",
    errno.ENOENT: "check the name",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
    errno.ENFILE: "too many files are open; raise the limit (ulimit -n)",
    errno.EIO: "the disk does not work as it should; check it, or name another place",
    errno.ESPIPE: "this is no ordinary file; name one",
    errno.ELOOP: "symbolic links lead to each other; name a file",
    errno.ENOMEM: "free some memory, or give less at once",
}


def run_program(main: Callable[[], int | None]) -> NoReturn:
    """Run a program, print the message of an error, and exit.

    The exit code is what `main` returns, 1 after an error, and 130 after Ctrl-C. If the reader of the output has
    stopped reading, as `head` does, the exit code is 0.
    """
    _open_streams()
    try:
        code = _code_of(main)
        with naming(sys.stdout):
            sys.stdout.flush()  # Here, because an error of the flush at the very end has no good message.
    except KeyboardInterrupt:
        code = _say("stopped", 128 + signal.SIGINT)
    except BrokenPipeError:
        code = 0
    except BaseException as error:  # noqa: BLE001 - nothing may end with a traceback
        code = _say(f"error: {in_words(error)}", FAILED)
    _drop_unwritten(sys.stdout)
    sys.exit(code)


def _code_of(main: Callable[[], int | None]) -> int:
    try:
        return main() or 0
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        return _say(end.code, FAILED)


def in_words(error: BaseException) -> str:
    """Say what is wrong and what to do. The details of a bug are written to a file, which the text names."""
    if isinstance(error, NerpipeError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and not (error.name or "nerpipe").startswith("nerpipe"):
        return f"this command needs the package {error.name}, which is not installed: {INSTALL}"
    if isinstance(error, MemoryError):
        return "there is not enough memory; close other programs, or give less at once"
    if isinstance(error, OSError) and error.errno in _ADVICE:
        named = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, (str, bytes))]
        place = " -> ".join(named) or "a file that is written or read, or standard output"
        return f"{place}: {error.strerror}; {_ADVICE[error.errno]}"
    return _bug_in_words(error)


def _bug_in_words(error: BaseException) -> str:
    summary = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    said = f"this is a bug in nerpipe ({summary})"
    details = (
        f"nerpipe {_version()}, Python {platform.python_version()}, {platform.platform()}\n"
        f"command: {sys.argv}\nfolder: {_folder()}\n\n{''.join(traceback.format_exception(error))}"
    )
    for folder in (user_cache() / "errors", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(".log", time.strftime("nerpipe-%Y%m%d-%H%M%S-"), folder)
            with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123 - a descriptor
                file.write(details)
        except (OSError, RuntimeError):
            continue
        return f"{said}; please report it to the maintainers, with the command and this file: {name}"
    return f"{said}; please report it to the maintainers, with the command and these details:\n{details}"


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "that was deleted"


def _version() -> str:
    try:
        return version("nerpipe")
    except PackageNotFoundError:
        return "that is not installed"


def _say(message: object, code: int) -> int:
    try:
        say(str(message), stream=sys.stderr)
    except (OSError, ValueError):
        _drop_unwritten(sys.stderr)  # Nobody can read it.
    return code


def _drop_unwritten(stream: object) -> None:
    """Send to nowhere what a stream still holds, if it cannot be written. Python would print an error at the end."""
    try:
        stream.flush()  # type: ignore[attr-defined]
    except (OSError, ValueError, NerpipeError):
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]
        except (OSError, ValueError):
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the process ends


class _Closed(io.RawIOBase):
    """A standard stream that was closed before the program began (`<&-`, `>&-`). Its use is an error."""

    def __init__(self, name: str) -> None:
        self._name = name

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise NerpipeError(f"{self._name} is closed, so nothing can be read from it; open it, or name a file")

    def write(self, _: object) -> int:
        raise NerpipeError(f"{self._name} is closed, so nothing can be written to it; open it, or name a file")


def _open_streams() -> None:
    """Replace the standard streams that are closed, so that no file that is opened later takes their place."""
    if sys.stdin and sys.stdout and sys.stderr:
        return
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # It gets the lowest number that is free, which is this one.
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BufferedReader(_Closed("standard input")))
    sys.stdout = sys.stdout or io.TextIOWrapper(_Closed("standard output"), write_through=True)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the process ends
