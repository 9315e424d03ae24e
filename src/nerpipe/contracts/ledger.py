"""The ledger: what goes into a stage comes out of it, or the stage fails and says where."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple

from nerpipe.errors import NerpipeError


class Tally(NamedTuple):
    """What a stage must neither lose nor invent; a token is a word of the input, not a sub-word."""

    sentences: int
    tokens: int
    entities: int


def tally(tag_rows: Iterable[Iterable[str]]) -> Tally:
    """Count the sentences, tokens and entities of IOB2 tags, one row of tags a sentence."""
    rows = list(tag_rows)
    counted = Counter(chain.from_iterable(rows))
    entities = sum(count for tag, count in counted.items() if tag[0] == "B")
    return Tally(len(rows), counted.total(), entities)


def check_joint(joint: str, expected: Tally, found: Tally) -> None:
    """Compare the counts on the two sides of a joint.

    Args:
        joint: where, for the message: "clean -> encode, split dev".
        expected: what the stage before wrote down.
        found: what this stage counted.

    Raises:
        NerpipeError: naming each count that does not meet.
    """
    wrong = [
        f"{name}: {before} before, {after} after"
        for name, before, after in zip(Tally._fields, expected, found, strict=True)
        if before != after
    ]
    if wrong:
        raise NerpipeError(
            f"the ledger does not meet at {joint}: {'; '.join(wrong)}. A file between the stages was changed or an "
            "input is from another run: `dvc repro --force` rebuilds all; if it stays, it is a bug in this pipeline"
        )


def tallies(report: Iterable[Mapping[str, Any]]) -> dict[str, Tally]:
    """Read each split's counts from a stage's report: rows with `split`, `sentences`, `tokens` and `entities`."""
    return {row["split"]: Tally(*(int(row[name]) for name in Tally._fields)) for row in report}
