"""Writing and reading of files. A file is written under a temporary name and then renamed, so it is always complete."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nerpipe.contracts.escapes import json_text
from nerpipe.errors import NerpipeError

SPLITS = ("train", "dev", "test")
EXTRA = (
    "extra"  # Name of the training sentences of a second corpus: a file beside train.conll, and a row of clean.json.
)
RAW_FOLDER = Path("data/raw")  # The folder of the data sets, for commands that take the name of one.


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` if the block ends without an error.

    Both files and folders can be replaced. An existing file or folder at `path` stays unchanged until the renaming.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    _remove(temporary)
    try:
        yield temporary
        if path.is_dir():
            _remove(path)
        temporary.replace(path)
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with LF line ends. The file is replaced in one step."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, data: Any) -> None:  # noqa: ANN401 - JSON can hold any type
    """Write JSON with sorted keys, an indent of two spaces and a final newline.

    Raises:
        ValueError: If `data` holds NaN or infinity.
    """
    write_text(path, json_text(data, indent=2, sort_keys=True) + "\n")


def read_json(path: Path) -> Any:  # noqa: ANN401 - JSON can hold any type
    """Read a JSON file that another stage wrote.

    Raises:
        NerpipeError: If the file is missing or is not valid JSON. The message names the file and the command that
            rebuilds it.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NerpipeError(f"{path}: not there; run `dvc repro` to build it") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NerpipeError(
            f"{path}: the file is not valid JSON ({error}); run `dvc repro --force` to rebuild it"
        ) from None


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
