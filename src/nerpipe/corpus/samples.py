"""Rows from the beginning of a raw file, column by column. `columns` finds the words and tags from them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from nerpipe.contracts.conll import DOCSTART
from nerpipe.contracts.schemes import OUTSIDE, is_tag, read_tag, to_iob2
from nerpipe.corpus.documents import read_boundary
from nerpipe.corpus.layout import CONLLU, FIELDS, Column
from nerpipe.corpus.rows import COMMENTS, SENTENCE_END, SPACES

TOKEN_NAMES = frozenset({"token", "tokens", "word", "words", "form", "text", "char", "chars", "character", "surface"})
TAG_NAME = re.compile(
    r"tags?$|labels?$|\bner?\b|ner?[_-]|[_-]ner?$|\b(iob2?|bio|bioes|entity|entities)\b", re.IGNORECASE
)
RUNNING = re.compile(r"[0-9]{1,9}")
NUMBER = re.compile(r"\d+(?:[.,-]\d+)*")
ASIDE = re.compile(r"\d+[-.]\d+")
WHITE = re.compile(r"[ \t]+")
MOSTLY = 0.9


class Shape(NamedTuple):
    """The separator and the number of columns. Files in which both are the same are looked at together."""

    tabs: bool
    width: int


@dataclass(frozen=True)
class Sample:
    """The rows that were looked at, of one file or of several files of one shape."""

    shape: Shape
    rows: list[list[str]]
    starts: list[int]  # Index of the first row of each sentence.
    header: tuple[str, ...]
    whole: bool  # Whether these are all rows.

    def column(self, index: int) -> list[str]:
        """Return the cells of a column."""
        return [row[index] for row in self.rows]

    def values(self, column: Column) -> Counter[str]:
        """Count the values of a column or field."""
        if not column.key:
            return Counter(self.column(column.at))
        return Counter(column.read(row) for row in self.rows)

    def tags(self, column: Column, scheme: str) -> Iterator[list[str]]:
        """Yield the IOB2 tags of each sentence. A cell that is no tag counts as `O`."""
        for start, end in pairwise([*self.starts, len(self.rows)]):
            yield to_iob2(read_tag(column.read(row), scheme) or OUTSIDE for row in self.rows[start:end])[0]

    def fields(self, index: int) -> list[str]:
        """List the keys of a column of `key=value` fields. They are those that nine of ten rows have."""
        found: Counter[str] = Counter()
        for cell, count in Counter(self.column(index)).items():
            for key in {field.partition("=")[0] for field in cell.split(FIELDS) if "=" in field} - {""}:
                found[key] += count
        return [key for key, count in found.items() if count >= MOSTLY * len(self.rows)]

    def is_number(self, index: int) -> bool:
        """Return whether a column holds numbers."""
        counts = Counter(self.column(index))
        return sum(count for cell, count in counts.items() if NUMBER.fullmatch(cell)) >= MOSTLY * len(self.rows)

    def is_fields(self, index: int) -> bool:
        """Return whether half of the cells or more are `key=value` fields, or hold nothing (`_`, `-`)."""
        counts = Counter(self.column(index))
        return 2 * sum(count for cell, count in counts.items() if "=" in cell or cell in ("_", "-")) >= len(self.rows)

    def is_running(self, index: int) -> bool:
        """Return whether a column counts the words of each sentence."""
        if not self.is_number(index):
            return False
        right = pairs = 0
        for start, end in pairwise([*self.starts, len(self.rows)]):
            cells = [row[index] for row in self.rows[start:end]]
            pairs += len(cells) - 1
            numbers = [int(cell) if RUNNING.fullmatch(cell) else -2 for cell in cells]
            right += sum(two == one + 1 for one, two in pairwise(numbers))
        return pairs > 0 and right >= MOSTLY * pairs

    def flag_column(self) -> int | None:
        """Return the column in which a flag ends sentences."""
        for index in range(2, self.shape.width):
            if any(SENTENCE_END in cell.split(FIELDS) for cell in set(self.column(index))):
                return index
        return None

    def find(self, name: str) -> Column | None:
        """Return the column that corpus.yaml names: by number, header, or key in a column of fields."""
        whole, _, key = name.partition(".")
        names = [cell.casefold() for cell in self.header or (CONLLU if self.shape.width == len(CONLLU) else ())]
        for text, field in ((name, ""), (whole, key)):
            if text.isascii() and text.isdecimal():
                if 1 <= int(text) <= self.shape.width:
                    return Column(int(text) - 1, field)
            elif text.casefold() in names:
                return Column(names.index(text.casefold()), field)
        return None


def take_sample(lines: Sequence[str], names: Iterable[str], *, whole: bool) -> Sample:
    """Sort the lines of a file that were looked at into rows.

    Args:
        lines: The lines.
        names: Names of columns from corpus.yaml: a first row that holds one of them is the header.
        whole: Whether these are all lines of the file.
    """
    named = set(names)
    kept: list[str] = []  # An empty line stands for the end of a sentence.
    for line in lines:
        within = bool(kept and kept[-1]) and not (len(kept) == 1 and _is_header(WHITE.split(kept[0]), named))
        if not line or line.isspace() or _is_no_row(line, within=within):
            if kept and kept[-1]:
                kept.append("")
        else:
            kept.append(line.rstrip(" \r"))
    texts = [line.strip(" \t\r") for line in kept]
    with_tab = sum("\t" in text for text in texts)
    tabs = with_tab >= sum(" " in text and "\t" not in text for text in texts)
    split = _without_asides(_split(kept, tabs))
    widths = Counter(map(len, filter(None, split)))
    width = max(widths, key=lambda each: widths[each]) if widths else 0
    rows: list[list[str]] = []
    starts: list[int] = []
    at_start = True
    names_columns = bool(split) and len(split[0]) == width and (_is_header(split[0], named) or _stands_apart(split))
    header = tuple(split[0]) if names_columns else ()
    for cells in split[1:] if header else split:
        if len(cells) == width:
            starts += [len(rows)] if at_start else []
            rows.append(cells)
            at_start = SENTENCE_END in cells[-1]
        elif not cells:
            at_start = True
    return Sample(Shape(tabs, width if rows else 0), rows, starts, header, whole)


def _is_no_row(line: str, *, within: bool) -> bool:
    """Return whether a line is a boundary of documents, or a comment that does not stand within a sentence."""
    if line[0] != "#" and DOCSTART not in line:
        return False
    return bool(read_boundary(line.rstrip(" \t\r"))) or (line.startswith(COMMENTS) and not within)


def _without_asides(rows: list[list[str]]) -> list[list[str]]:
    """Leave out the ranges and empty nodes of CoNLL-U, which are no words, unless most rows look like them."""
    words = [row for row in rows if len(row) < 3 or not ASIDE.fullmatch(row[0])]  # noqa: PLR2004 - a token and a tag
    return words if 2 * sum(map(bool, words)) > sum(map(bool, rows)) else rows


def join_samples(samples: Sequence[Sample]) -> Sample:
    """Put the samples of files of one shape together."""
    rows: list[list[str]] = []
    starts: list[int] = []
    for sample in samples:
        starts += [start + len(rows) for start in sample.starts]
        rows += sample.rows
    headers = [sample.header for sample in samples if sample.header]
    return Sample(samples[0].shape, rows, starts, headers[0] if headers else (), all(each.whole for each in samples))


def _split(lines: list[str], tabs: bool) -> list[list[str]]:  # noqa: FBT001 - one of two ways
    """Split rows at their separator. Empty cells at the end count if that gives more rows the same number of cells."""
    if not tabs:
        return [SPACES.split(line.strip(" \t\r")) if line else [] for line in lines]
    rows = [[cell.strip(" ") for cell in line.split("\t")] if line else [] for line in lines]
    trimmed = [[cell.strip(" ") for cell in line.rstrip(" \t").split("\t")] if line else [] for line in lines]
    most, most_trimmed = (max(Counter(map(len, filter(None, each))).values(), default=0) for each in (rows, trimmed))
    return rows if most > most_trimmed else trimmed


def _stands_apart(rows: list[list[str]]) -> bool:
    """Return whether the first row alone has no tag in a column of tags, and names a column like a token."""
    first, others = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if not others or not any(cell.casefold() in TOKEN_NAMES for cell in first) or any(map(is_tag, first)):
        return False
    columns = [[row[index] for row in others] for index in range(len(first))]
    return any(
        sum(map(is_tag, column)) >= MOSTLY * len(column) and cell not in column
        for cell, column in zip(first, columns, strict=True)
    )


def _is_header(cells: list[str], names: set[str]) -> bool:
    """Return whether a first row names the columns: one like a token and one like a tag, or as corpus.yaml does."""
    if names & {cell for cell in cells if not cell.isdecimal()}:
        return True
    token = any(cell.casefold() in TOKEN_NAMES for cell in cells)
    return token and any(TAG_NAME.search(cell) for cell in cells)
