"""Files that a command writes where the user names them: whether they may be written is checked before the work."""

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from nerpipe.errors import NerpipeError


def is_special(path: Path) -> bool:
    """Return whether a path is a device, FIFO or socket, which is never replaced."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def follow_links(path: Path, name: str) -> Path:
    """Follow symbolic links, so that a link stays and what it leads to is replaced.

    Args:
        path: The path as the user typed it.
        name: The option that holds it, for the message.

    Raises:
        NerpipeError: If the links lead nowhere, as those in a circle do.
    """
    try:
        if is_special(path):
            return path  # The links of /dev/stdout lead to no path.
        target = path.resolve() if path.is_symlink() else path
        target.stat()
    except (FileNotFoundError, NotADirectoryError):
        return target  # `check_place` says what is wrong with the folder.
    except (OSError, RuntimeError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise NerpipeError(f"{name} {path}: the file cannot be reached ({said}); name another one") from None
    return target


def refuse_input(name: str, path: Path, files: Iterable[str | Path]) -> None:
    """Check that a file to write is none of the files that are read.

    Args:
        name: The option that holds it.
        path: The file to write.
        files: The files that are read.

    Raises:
        NerpipeError: If it is one, also under another name.
    """
    for file in files:
        if path.samefile(file) if path.exists() else path.resolve() == Path(file).resolve():
            raise NerpipeError(f"{name} {path}: this file is an input, which would be lost; name another file")


def check_place(name: str, path: Path) -> None:
    """Check that a file can be made beside this one, before the work begins.

    Args:
        name: The option that holds it.
        path: The file or folder to write.

    Raises:
        NerpipeError: If not.
    """
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise NerpipeError(f"{name} {path}: {folder} is a file, not a folder; name another place")
    if not is_special(path) and not os.access(folder, os.W_OK | os.X_OK):
        raise NerpipeError(
            f"{name} {path}: nothing may be written in {folder}; check its owner and permissions, or name another place"
        )


def find_output(name: str, path: Path) -> Path:
    """Check the place of a file that a command writes as a whole after its work.

    Args:
        name: The option that holds it.
        path: The file as the user typed it.

    Returns:
        The file, behind all links.

    Raises:
        NerpipeError: If it is a folder, a device or a pipe, or its folder is missing, or nothing can be written there.
    """
    target = follow_links(path, name)
    if target.is_dir():
        raise NerpipeError(f"{name} {path}: this is a folder; name a file")
    if is_special(target):
        raise NerpipeError(f"{name} {path}: this is a device or a pipe, where no file can be put; name a file")
    if not target.parent.is_dir():
        raise NerpipeError(f"{name} {path}: there is no folder {target.parent}; make it, or name another file")
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", suffix=".partial"):
            pass
    except OSError as error:
        raise NerpipeError(f"{name} {path}: cannot be written ({error.strerror}); name another file") from None
    return target


def refuse_read(name: str, path: Path, read: Iterable[Path]) -> None:
    """Check that a file to write is neither read nor in a folder that is read.

    Args:
        name: The option that holds it.
        path: The file to write.
        read: The files and folders that the command reads.

    Raises:
        NerpipeError: If it is.
    """
    for each in read:
        if each.is_dir() and path.resolve().is_relative_to(each.resolve()):
            raise NerpipeError(f"{name} {path}: this is in {each}, from which the command reads; name a file elsewhere")
        refuse_input(name, path, [file for file in each.rglob("*") if file.exists()] if each.is_dir() else [each])
