"""Writing and reading of files. A file is written under a temporary name and then renamed, so it is always complete."""

import errno
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nerpipe.contracts.escapes import json_text
from nerpipe.errors import NerpipeError

SPLITS = ("train", "dev", "test")
EXTRA = (
    "extra"  # Name of the training sentences of a second corpus: a file beside train.conll, and a row of clean.json.
)
# What to do about a damaged file between stages. Without --force DVC builds it again only if dvc.lock has other bytes.
REBUILD = "run `dvc repro` to build it again, and `dvc repro --force` if this message comes back"
RAW_FOLDER = Path("data/raw")  # The folder of the data sets, for commands that take the name of one.


# What the operating system says when another process has just put its own folder into the place of ours.
TAKEN = (errno.ENOTEMPTY, errno.EEXIST)
# Parts of the messages of safetensors and torch.save when the disk is full. The last one is all that torch says when it
# cannot even finish the file.
DISK_FULL = re.compile(r"no space left|file write failed|unexpected pos \d", re.IGNORECASE)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` if the block ends without an error.

    Both files and folders can be replaced. An existing file or folder at `path` stays unchanged until the renaming. The
    temporary name holds the computer and the process, so that no two processes write into the same file. What killed
    processes of this computer left there is deleted first. A file keeps the mode of the one that it replaces, and its
    owner and group where the system allows it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _delete_abandoned(path)
    temporary = path.with_name(f".{path.name}.{_host()}-{os.getpid()}.partial")
    _remove(temporary)
    try:
        yield temporary
        _keep_access(temporary, path)
        _put(temporary, path)
    except Exception as error:
        if says_full(error):  # Libraries raise exceptions of many types then, and none names the file.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise
    finally:
        _remove(temporary)


def replace_file(new: Path, old: Path) -> None:
    """Rename a file that is complete to the name of one that may be there, and keep its mode, owner and group."""
    _keep_access(new, old)
    new.replace(old)


def _keep_access(new: Path, old: Path) -> None:
    with suppress(OSError):  # There is no old file, or the file system knows no modes.
        was = old.lstat()
        if stat.S_ISREG(was.st_mode) and new.is_file():
            mode = was.st_mode & 0o777  # To run as another user is for the content that somebody looked at.
            if os.name == "posix" and new.stat().st_gid != was.st_gid:
                try:
                    os.chown(new, -1, was.st_gid)
                except OSError:  # The user is not in that group. Another group may do what everybody may.
                    mode = mode & ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3
            new.chmod(mode)  # While the file is this user's: only root can give it away.
            if os.name == "posix" and new.stat().st_uid != was.st_uid:
                os.chown(new, was.st_uid, -1)


def _put(temporary: Path, path: Path) -> None:
    """Rename, also if another process replaces the same folder at the same time: one of the two whole folders stays."""
    old = temporary.with_name(temporary.name.replace(".partial", ".old.partial"))
    while True:
        if path.is_dir():
            with suppress(FileNotFoundError):  # The other process has taken the old folder away.
                path.replace(old)
        try:
            temporary.replace(path)
        except OSError as error:
            if error.errno not in TAKEN:
                raise
        else:
            return
        finally:
            _remove(old)


def says_full(error: Exception) -> bool:
    """Say whether an error means that the disk, or the share of it that the user may fill, is full."""
    if isinstance(error, OSError) and error.errno:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return not isinstance(error, NerpipeError) and bool(DISK_FULL.search(str(error)))


def _host() -> str:
    return re.sub(r"[^\w-]", "-", platform.node())[:40]


def _delete_abandoned(path: Path) -> None:
    """Delete the temporary files and folders for `path` whose process has ended without deleting them."""
    if os.name != "posix":  # Elsewhere there is no harmless way to ask whether a process lives.
        return
    for left in path.parent.glob(f".{glob.escape(path.name)}.{_host()}-*.partial"):
        process = left.name.removeprefix(f".{path.name}.{_host()}-").partition(".")[0]
        if process.isdecimal() and not _lives(int(process)):
            with suppress(FileNotFoundError):  # A second process may delete it at the same time.
                _remove(left)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with LF line ends. The file is replaced in one step."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, data: Any) -> None:  # noqa: ANN401 - JSON can hold any type
    """Write JSON with sorted keys, an indent of two spaces and a final newline.

    Of a list of objects, each object is a line, so that a diff shows which rows changed.

    Raises:
        ValueError: If `data` holds NaN or infinity.
    """
    if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        rows = ",\n".join(f"  {json_text(row, sort_keys=True)}" for row in data)
        write_text(path, f"[\n{rows}\n]\n")
    else:
        write_text(path, json_text(data, indent=2, sort_keys=True) + "\n")


def read_json(path: Path) -> Any:  # noqa: ANN401 - JSON can hold any type
    """Read a JSON file that another stage wrote.

    Raises:
        NerpipeError: If the file is missing, cannot be read or is not valid JSON. The message names the file and the
            command that rebuilds it.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NerpipeError(f"{path}: not there; run `dvc repro` to build it") from None
    except IsADirectoryError:
        raise NerpipeError(
            f"{path}: this is a folder, but a JSON file is needed; remove it and run `dvc repro`"
        ) from None
    except OSError as error:
        raise NerpipeError(f"{path}: cannot be read ({error.strerror}); check its owner and permissions") from None
    except (
        ValueError,
        RecursionError,
    ) as error:  # Not UTF-8, not JSON, a number of 5,000 digits, or nested too deeply.
        raise NerpipeError(f"{path}: the file is not valid JSON ({error}); {REBUILD}") from None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def project_root() -> Path:
    """Return the root folder of the user's repository.

    DVC sets DVC_ROOT to this folder for every stage. This holds for `--temp` and `--queue` too, where the working
    directory is a copy that is deleted at the end. Without DVC, the root is the working directory.
    """
    return Path(os.environ.get("DVC_ROOT") or Path.cwd())
