"""Files that are whole or absent: write to a temporary name, then rename."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nerpipe.errors import NerpipeError

SPLITS = ("train", "dev", "test")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes the place of `path` only if the block ends without an error.

    Serves files and folders alike. Whatever was at `path` stays until then.
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
    """Write `text` as UTF-8 with LF line ends, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, data: Any) -> None:  # noqa: ANN401 - JSON is any of its types
    """Write JSON with sorted keys, two-space indent and a final newline; a NaN or infinity raises ValueError."""
    text = json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def read_json(path: Path) -> Any:  # noqa: ANN401 - JSON is any of its types
    """Read a JSON file that another stage wrote.

    Raises:
        NerpipeError: if it is missing or broken, naming the file and the way to rebuild it.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NerpipeError(f"{path}: not there; run `dvc repro` to build it") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NerpipeError(f"{path}: no valid JSON ({error}); run `dvc repro --force` to rebuild it") from None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def project_root() -> Path:
    """Return the repository the user works in.

    DVC sets DVC_ROOT for every stage, also under `--temp` and `--queue`, where the working directory is a copy that is
    deleted at the end; without DVC it is the working directory.
    """
    return Path(os.environ.get("DVC_ROOT") or Path.cwd())
