"""The layout of a raw file: which column holds what, and how its tags are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
FIELDS = "|"  # It separates the `key=value` fields of a column.


class Column(NamedTuple):
    """A column, or one key in a column of `key=value` fields."""

    at: int  # The first column is 0.
    key: str = ""

    def read(self, cells: list[str]) -> str:
        """Return what the row holds here. The result is empty if the row lacks the key."""
        cell = cells[self.at]
        if not self.key:
            return cell
        for field in cell.split(FIELDS):
            if field.startswith(f"{self.key}="):
                return field[len(self.key) + 1 :]
        return ""


FIRST, SECOND = Column(0), Column(1)


class AsideColumn(NamedTuple):
    """A column of tags that is not the tag column."""

    column: Column
    scheme: str
    entities: int = 0  # Number of entities in the rows that were looked at.
    types: Sequence[str] = ()
    rows: int = 0  # Number of these rows.


@dataclass(frozen=True)
class Layout:
    """How the rows of a file are read."""

    token: Column = FIRST
    tag: Column | None = SECOND  # None if the file holds words alone, which only `predict` reads.
    width: int = 2  # Number of columns.
    tabs: bool = True  # Whether tabs separate the columns. Otherwise runs of spaces do.
    scheme: str = "auto"  # How the tags are written: a key of SCHEMES.
    types: frozenset[str] = frozenset()  # Entity types of the rows that were looked at.
    number: int | None = None  # Column of running numbers.
    flag: int | None = None  # Column with flags such as `EndOfSentence`.
    header: tuple[str, ...] = ()  # Cells of the header row.
    aside: tuple[AsideColumn, ...] = ()

    def name(self, column: Column) -> str:
        """Name a column as corpus.yaml does: by its number, or by its key in a column of fields."""
        if not column.key:
            return str(column.at + 1)
        conllu = self.width == len(CONLLU) and not self.header
        names = CONLLU if conllu else self.header
        return f"{names[column.at] if names else column.at + 1}.{column.key}"

    def describe(self, column: Column) -> str:
        """Name a column in a sentence."""
        header = f" ({self.header[column.at]})" if self.header and not column.key else ""
        return f"{'field' if column.key else 'column'} {self.name(column)}{header}"
