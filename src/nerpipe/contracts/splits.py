"""Reading of the data sets that stages hand to each other: a folder with a table of Arrow for each split."""

from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.contracts.files import REBUILD, SPLITS
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datasets import Dataset

_END = bytes.fromhex("ffffffff00000000")  # The last bytes of a whole Arrow stream.


def load_splits(folder: Path, *columns: str) -> "Mapping[str, Dataset]":
    """Load the data set that a stage wrote.

    Args:
        folder: The folder that `DatasetDict.save_to_disk` wrote.
        columns: The columns that each split must have.

    Raises:
        NerpipeError: If a file is missing or damaged, or a split or column is missing. The message names the folder or
            the file, and the command that builds it again.
    """
    from datasets import load_from_disk

    for path in sorted(folder.rglob("*.arrow")):
        _check_end(path)
    try:
        data = load_from_disk(str(folder))
        there = [data[split].column_names for split in SPLITS]
    except Exception as error:
        if isinstance(error, OSError) and error.errno and not isinstance(error, FileNotFoundError):
            raise  # The operating system says what is wrong, and it is not the data.
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise NerpipeError(f"{folder}: the data set in this folder cannot be read ({said}); {REBUILD}") from None
    lacking = [name for name in columns if not all(name in names for names in there)]
    if lacking:
        raise NerpipeError(f"{folder}: the data set in this folder lacks the column {lacking[0]}; {REBUILD}")
    splits: Mapping[str, Dataset] = data
    return splits


def _check_end(path: Path) -> None:
    """Refuse a file that was cut. Cut between two batches of rows, it would be read without a word."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(file.tell() - len(_END), 0))
        if file.read() != _END:
            raise NerpipeError(f"{path}: this Arrow file is not whole, its end is missing; {REBUILD}")
