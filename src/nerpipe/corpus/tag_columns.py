"""Columns of tags: which columns of a raw file hold tags, in which scheme, and which of them may be the tag column."""

import re
from collections import Counter
from typing import NamedTuple

from nerpipe.contracts.schemes import OUTSIDE, is_tag, read_tag
from nerpipe.corpus.layout import Column
from nerpipe.corpus.rows import MARKUP
from nerpipe.corpus.samples import TAG_NAME, Sample

PHRASES = frozenset(
    [
        "ADJP",
        "ADVP",
        "CONJP",
        "INTJ",
        "LST",
        "NP",
        "PP",
        "PRT",
        "SBAR",
        "UCP",
        "VP",
        "CLP",
        "DP",
        "QP",
        "LCP",
        "NX",
        "WHNP",
    ]
)
PLAIN = re.compile(r"[^\W\d_](?:[\w&./+:-]*\w)?")
NOTATIONS = ("underscore", "suffix", "lower")
LEAST_SHARE = 0.9  # Share of the cells that are tags in a tag column.
LEAST_SHARE_OF_TWO = 0.5  # The same if there are only two columns.
LEAST_OUTSIDE = 0.3  # Share of `O` in a column of plain types.
LEAST_PLAIN, MOST_PLAIN_TYPES = 3, 150


class TagColumn(NamedTuple):
    """A column that may hold the tags."""

    column: Column
    scheme: str
    types: Counter[str]  # Number of entities of each type. It is an estimate.
    doubt: tuple[str, ...] = ()  # Other schemes in which it can be read.
    tagged: int = 0  # Number of cells that hold a tag.

    @property
    def is_phrases(self) -> bool:
        """Whether the types are only those of phrases."""
        return bool(self.types) and set(self.types) <= PHRASES


def choose_tag_columns(found: list[TagColumn], sample: Sample, *, prefer_last: bool) -> list[TagColumn]:
    """Return the columns that may be the tag column. Phrases are no entities, and `O` alone says nothing."""
    if prefer_last:
        return [tag for tag in found if not tag.is_phrases]
    entities = [tag for tag in found if tag.types and not tag.is_phrases]
    if entities or any(tag.is_phrases for tag in found):
        return entities
    return found if len(found) == 1 or sample.shape.width == 2 else []  # noqa: PLR2004 - a token and a tag


def tag_column_as_named(sample: Sample, column: Column, scheme: str) -> TagColumn:
    """Return what the column holds that corpus.yaml names."""
    values = sample.values(column)
    return _tag_column(column, values, scheme, 0.0) or TagColumn(column, scheme, Counter())


def find_tag_columns(sample: Sample, scheme: str, *, skip: Column | None) -> list[TagColumn]:
    """Find the columns and fields that hold tags of a scheme.

    Args:
        sample: The rows that were looked at.
        scheme: As in corpus.yaml.
        skip: The column of the words, if it is known.
    """
    width = sample.shape.width
    least = LEAST_SHARE_OF_TWO if width == 2 else LEAST_SHARE  # noqa: PLR2004 - a token and a tag
    columns = [Column(i, key) for i in range(width) for key in ("", *sample.fields(i))]
    candidates = (_tag_column(column, sample.values(column), scheme, least) for column in columns if column != skip)
    found = [tag for tag in candidates if tag]
    if len(found) == width == 2:  # noqa: PLR2004 - the words look like tags too
        named = [tag for tag in found if sample.header and TAG_NAME.search(sample.header[tag.column.at])]
        return [max(named or found, key=lambda tag: (tag.scheme != "plain", tag.tagged, tag.column.at))]
    return found


def _tag_column(column: Column, values: Counter[str], scheme: str, least: float) -> TagColumn | None:
    """Return what a column holds if at least this share of its cells are tags."""
    values = _cleaned(values)
    cells = values.total()
    if scheme != "auto":
        good = sum(count for value, count in values.items() if read_tag(value, scheme))
        enough = good >= least * cells and (scheme != "plain" or values[OUTSIDE] >= LEAST_OUTSIDE * cells or not least)
        return TagColumn(column, scheme, _types(values, scheme), tagged=good) if enough else None
    outside = values[OUTSIDE]
    good = sum(count for value, count in values.items() if value != OUTSIDE and is_tag(value))
    others = cells - outside - good
    if outside + good >= least * cells and (good >= others or others < LEAST_PLAIN):
        types = _types(values, scheme)
        unclear = bool(types) and not any(value[0] in "BI" for value in values if is_tag(value) and value != OUTSIDE)
        return TagColumn(column, "auto", types, ("plain",) if unclear else (), outside + good)
    plain = {value: count for value, count in values.items() if value != OUTSIDE and PLAIN.fullmatch(value)}
    count = sum(plain.values())
    if (
        outside < max(LEAST_OUTSIDE, least / 2) * cells * (least > 0)
        or outside + count < least * cells
        or count < LEAST_PLAIN
        or not 0 < len(plain) <= min(MOST_PLAIN_TYPES, count / 2 + 1)
    ):
        return None
    for notation in NOTATIONS:
        fits = sum(count for value, count in plain.items() if read_tag(value, notation))
        if fits >= LEAST_SHARE * count:
            return TagColumn(column, notation, _types(values, notation), ("plain",), outside + fits)
    return TagColumn(column, "plain", Counter(plain), tagged=outside + count)


def _cleaned(values: Counter[str]) -> Counter[str]:
    """Read the values as a row is read: without markup, and the first of several tags."""
    cleaned: Counter[str] = Counter()
    for value, count in values.items():
        cleaned[MARKUP.sub("", value).partition(",")[0].strip(" ")] += count
    return cleaned


def _types(values: Counter[str], scheme: str) -> Counter[str]:
    """Estimate the number of entities of each type: its `B-`, `S-`, `U-` and `W-` tags, or all its tags."""
    tags: Counter[str] = Counter()
    for value, count in values.items():
        tags[read_tag(value, scheme)] += count
    begun = Counter({tag[2:]: 0 for tag in tags if len(tag) > 1})
    for tag, count in tags.items():
        if tag[0:1] and tag[0] in "BSUW":
            begun[tag[2:]] += count
    for tag, count in tags.items():
        if len(tag) > 1 and not begun[tag[2:]]:
            begun[tag[2:]] += count
    return begun
