"""Opening of raw files, and of pipes and devices that are read as files."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from nerpipe.errors import NerpipeError

RAW_EXPECTED = "expected a raw CoNLL file with one line `token<TAB>tag` for each word"  # In error messages.

_COPIES: dict[Path, Path] = {}  # Files that are read in place of others: those of `keeping_streams`.


def open_raw(source: Path) -> BinaryIO:
    """Open a raw file.

    Raises:
        NerpipeError: If the file is missing, is a folder or cannot be read.
    """
    try:
        return _COPIES.get(source, source).open("rb")
    except FileNotFoundError:
        raise NerpipeError(f"{source}: the file is not there; {RAW_EXPECTED}") from None
    except IsADirectoryError:
        raise NerpipeError(f"{source}: this is a folder; {RAW_EXPECTED}") from None
    except OSError as error:
        raise NerpipeError(f"{source}: cannot be read ({error.strerror}); check its owner and permissions") from None


@contextmanager
def keeping_streams(sources: Iterable[Path]) -> Iterator[None]:
    """Let pipes and devices be read as often as files within the block: each is copied once, to a temporary file.

    Raises:
        NerpipeError: If one of them cannot be read.
    """
    with TemporaryDirectory() as folder:
        try:
            for source in sources:
                if source.exists() and not source.is_file() and not source.is_dir() and source not in _COPIES:
                    copy = Path(folder) / str(len(_COPIES))
                    with open_raw(source) as stream, copy.open("wb") as file:
                        shutil.copyfileobj(stream, file)
                    _COPIES[source] = copy
            yield
        finally:
            _COPIES.clear()
