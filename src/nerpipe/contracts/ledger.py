"""The ledger: counts of sentences, tokens and entities that each stage writes and the next stage compares.

A stage fails if its counts differ from those of the stage before it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from nerpipe.contracts.files import REBUILD, SPLITS
from nerpipe.contracts.reports import CountRow
from nerpipe.contracts.shapes import check_shape, read_shaped
from nerpipe.errors import NerpipeError

Counts = TypeVar("Counts", bound=CountRow)


class Tally(NamedTuple):
    """The counts that must stay the same from stage to stage. A token is a word of the input, not a sub-word."""

    sentences: int
    tokens: int
    entities: int


def tally(tag_rows: Iterable[Iterable[str]]) -> Tally:
    """Count the sentences, tokens and entities of IOB2 tags. Each row holds the tags of one sentence."""
    sentences = 0

    def rows() -> Iterator[Iterable[str]]:
        nonlocal sentences
        for tags in tag_rows:
            sentences += 1
            yield tags

    counted = Counter(chain.from_iterable(rows()))
    entities = sum(count for tag, count in counted.items() if tag[0] == "B")
    return Tally(sentences, counted.total(), entities)


def check_joint(joint: str, expected: Tally, found: Tally) -> None:
    """Compare the counts of one stage with those of the stage before it.

    Args:
        joint: The two stages and the split, for the message, such as "clean -> encode, split dev".
        expected: The counts that the stage before wrote.
        found: The counts of this stage.

    Raises:
        NerpipeError: If the counts differ. The message names each count that differs.
    """
    wrong = [
        f"{name}: {before} before, {after} after"
        for name, before, after in zip(Tally._fields, expected, found, strict=True)
        if before != after
    ]
    if wrong:
        raise NerpipeError(
            f"the counts of the ledger differ at {joint}: {'; '.join(wrong)}. A file between the stages was changed, "
            "or an input is from another run. `dvc repro --force` rebuilds all files; if the counts still differ, this "
            "is a bug in the pipeline"
        )


def read_counts(path: Path, shape: type[Counts]) -> list[Counts]:
    """Read the rows of the splits of a report. A row without `split` is about something else.

    Args:
        path: The JSON file.
        shape: What each row must hold.

    Raises:
        NerpipeError: If the file cannot be read or is damaged, or a split has no row.
    """
    report = read_shaped(path, list[dict[str, Any]])
    rows = [check_shape(row, shape, path, f"[{at}]") for at, row in enumerate(report) if "split" in row]
    missing = [split for split in SPLITS if split not in {row["split"] for row in rows}]
    if missing:
        raise NerpipeError(f"{path}: the counts of {', '.join(missing)} are missing in this file; {REBUILD}")
    return rows


def tallies(rows: Iterable[CountRow]) -> dict[str, Tally]:
    """Return the counts of each split."""
    return {row["split"]: Tally(row["sentences"], row["tokens"], row["entities"]) for row in rows}
