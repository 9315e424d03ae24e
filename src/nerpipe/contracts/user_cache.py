"""The cache folder of the user, and small facts about files that are remembered there.

A fact is lost without harm: what it says is then found out again. So an error of the cache folder is never reported.
"""

import hashlib
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from nerpipe.contracts.files import write_json


def user_cache() -> Path:
    """Return the folder `nerpipe` where the system keeps caches, which also holds downloaded data sets."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.expanduser fails if the user has no home
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "nerpipe"
    if sys.platform == "darwin":
        return home / "Library/Caches/nerpipe"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "nerpipe"


def file_stamp(path: Path) -> list[int]:
    """Return numbers that change when the content of a file changes: size, times of change, and place on the disk.

    Raises:
        OSError: If there is no such file.
    """
    state = path.stat()
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]


def remember(kind: str, path: Path, stamp: list[int], facts: dict[str, Any]) -> None:
    """Remember facts about a file.

    Args:
        kind: What the facts are about. It is the name of a folder in the cache.
        path: File that the facts are about.
        stamp: What `file_stamp` returned before the facts were found out.
        facts: Facts that JSON can hold.
    """
    with suppress(OSError, RuntimeError):
        write_json(_place(kind, path), {"path": str(path.resolve()), "stamp": stamp, "facts": facts})


def recall(kind: str, path: Path) -> dict[str, Any]:
    """Return what `remember` was given, or nothing if that is not known or the file has changed since."""
    try:
        known = json.loads(_place(kind, path).read_text(encoding="utf-8"))
        if isinstance(known, dict) and known.get("stamp") == file_stamp(path) and isinstance(known["facts"], dict):
            return known["facts"]
    except (OSError, RuntimeError, ValueError, KeyError):  # A RecursionError is a RuntimeError.
        pass
    return {}


def _place(kind: str, path: Path) -> Path:
    return user_cache() / kind / f"{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()}.json"
