"""Error messages about columns that are not clear. They give the lines to put into corpus.yaml."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.schemes import OUTSIDE, PREFIX_MARKS, prefixes_among, read_tag
from nerpipe.contracts.terminal import number_of
from nerpipe.corpus.layout import Column, Layout
from nerpipe.corpus.samples import Sample
from nerpipe.corpus.settings import CorpusSettings
from nerpipe.corpus.tag_columns import NOTATIONS, TagColumn, tag_column_as_named
from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import yaml_text

SHOWN_ROWS = 5
SHOWN_COLUMNS = 12
SHOWN_CELL = 24  # Characters of a cell.
SHOWN_TYPES = 8
SHOWN_READINGS = 6
PREFIXED = ("IOBES", "BILOU", "BMES", "BMEWO")  # Schemes of which one is proposed for tags with prefixes.


class ColumnReading(NamedTuple):
    """One way to read the columns."""

    token: Column
    tag: Column
    scheme: str
    types: Counter[str]


def count_types(types: Counter[str]) -> str:
    """List types with their counts, the most frequent first."""
    shown = ", ".join(f"{name} {count:,}" for name, count in types.most_common(SHOWN_TYPES))
    return shown + (f" and {len(types) - SHOWN_TYPES} more" if len(types) > SHOWN_TYPES else "")


def refuse_readings(
    readings: list[ColumnReading],
    sample: Sample,
    base: Layout,
    settings: CorpusSettings,
    *,
    found: list[TagColumn],
    source: Path,
    place: Path,
) -> NerpipeError:
    """Return the error for columns that can be read in no way or in several, with the rows and the lines to paste."""
    if not readings:
        return _refuse_all(sample, found, settings, source, place)
    shown = readings[:SHOWN_READINGS]
    parts, blocks = [], []
    for number, reading in enumerate(shown, start=1):
        tags = f"{base.describe(reading.tag)}, {_written(reading.scheme)}"
        entities = (
            f"{count_types(reading.types)} in {number_of(len(sample.rows), 'row')}" if reading.types else "no entity"
        )
        parts.append(
            f"Reading {number}: words in {base.describe(reading.token)}, tags in {tags}: {entities}\n"
            + _rows(sample, reading)
        )
        blocks.append(
            (f"for reading {number}:\n" if len(shown) > 1 else "")
            + _lines_to_paste(reading, readings, sample, base, settings)
        )
    return NerpipeError(
        f"{source}: the columns can be read in {len(readings)} ways, and only you know which one is right.\n"
        + "\n".join(parts)
        + f"\nPut the lines of the right reading into {place}, "
        + "\nor ".join(blocks)
    )


def _lines_to_paste(
    reading: ColumnReading, readings: list[ColumnReading], sample: Sample, base: Layout, settings: CorpusSettings
) -> str:
    """Give the lines for corpus.yaml that choose a reading, without those that it has already."""
    lines = {}
    if not settings.token_column:
        lines["token_column"] = base.name(reading.token)
    if not settings.tag_column:
        lines["tag_column"] = base.name(reading.tag)
    others = {each.scheme for each in readings if (each.token, each.tag) == (reading.token, reading.tag)}
    if settings.scheme == "auto" and (reading.scheme != "auto" or len(others) > 1):
        lines["scheme"] = _name_scheme(sample, reading.tag) if reading.scheme == "auto" else reading.scheme
    return _as_yaml(lines)


def _as_yaml(lines: dict[str, str]) -> str:
    return "\n".join(f"    {key}: {value if value.isdecimal() else yaml_text(value)}" for key, value in lines.items())


def _name_scheme(sample: Sample, column: Column) -> str:
    """Name the scheme with prefixes that has most of the tags."""
    values = sample.values(column)
    fits = {name: sum(count for tag, count in values.items() if read_tag(tag, name)) for name in PREFIXED}
    return max(fits, key=lambda name: fits[name])


def check_plain(reading: ColumnReading, source: Path, place: Path) -> None:
    """Check that plain types are not prefixes: alone, or with a type in another notation.

    Raises:
        NerpipeError: If some are.
    """
    found = prefixes_among(reading.types)
    if not found:
        return
    shown, first = ", ".join(found[:4]), found[0]
    if len(first) == 1:
        what = "a prefix and no type"
        command = r"sed 's/\(\s[BIESLUMW]\)\s*$/\1-TYPE/' OLD > NEW, with the name of the type for TYPE"
    else:
        what = "a prefix and a type in another notation than `B-TYPE`"
        command = rf"sed 's/\(\s[BIESLUMW]\)[{first[1]}]/\1-/' OLD > NEW"
    advice = f" Convert the file, for example: {command}." if len(first) == 1 or first[1] in PREFIX_MARKS else ""
    raise NerpipeError(
        f"{source}: some tags in column {reading.tag.at + 1} look like {what} ({shown}).{advice} If {first!r} is the "
        f"name of a type, put this line into {place}:\n    scheme: plain"
    )


def refuse_name(key: str, name: str, sample: Sample, source: Path, place: Path) -> NerpipeError:
    """Return the error for a column that corpus.yaml names and the file does not have."""
    width = sample.shape.width
    named = f", a name of the header row ({', '.join(sample.header)})" if sample.header else ""
    return NerpipeError(
        f"[{place} -> {key}] {name!r}: {source} has no such column; allowed are a number from 1 to {width}{named}, or "
        f"either of them with a key of `key=value` fields, such as {width}.name. Its first rows:\n"
        + _rows(sample, None)
    )


def refuse_words(tokens: list[Column], sample: Sample, source: Path, place: Path) -> NerpipeError:
    """Return the error for a file in which it is not clear which column holds words."""
    found = ", ".join(str(column.at + 1) for column in tokens) or "none"
    return NerpipeError(
        f"{source}: it is not clear which column holds the words (columns that may: {found}). Its first rows:\n"
        f"{_rows(sample, None)}\nSay it in {place}, such as\n    token_column: {tokens[0].at + 1 if tokens else 1}"
    )


def _refuse_all(
    sample: Sample, found: list[TagColumn], settings: CorpusSettings, source: Path, place: Path
) -> NerpipeError:
    width = sample.shape.width
    if any(tag.is_phrases for tag in found):
        what = "the only tags in it are of phrases (NP, VP ...), which are no named entities"
    elif width == 2 and sample.is_running(0):  # noqa: PLR2004 - a token and a tag
        what = "it holds running numbers and tags, but no words"
    else:
        what = "no column was found that holds words, and tags of one scheme or `O` and plain types beside it"
    phrases = {tag.column.at for tag in found if tag.is_phrases}
    entities = [tag.column.at for tag in found if not tag.is_phrases]
    text = [i for i in range(width) if not (i in phrases or sample.has_digits(i) or sample.is_fields(i))]
    outside = {index: sample.column(index).count(OUTSIDE) for index in range(width) if index not in phrases}
    most = max(outside, key=lambda index: outside[index], default=0)
    tag = (entities or ([most] if outside.get(most) else text[1:]) or [width - 1])[-1]
    token = next((index for index in [*text, *range(width)] if index != tag), 0)
    lines = {
        "token_column": settings.token_column or str(token + 1),
        "tag_column": settings.tag_column or str(tag + 1),
    }
    scheme = tag_column_as_named(sample, Column(tag), settings.scheme).scheme
    if scheme in NOTATIONS and settings.scheme == "auto":
        lines["scheme"] = scheme
    return NerpipeError(
        f"{source}: {what}. Its first rows:\n{_rows(sample, None)}\nIf the file does hold words and tags, say in which "
        f"columns and in which scheme (docs/data.md lists them), in {place}, such as\n{_as_yaml(lines)}"
    )


def _written(scheme: str) -> str:
    return {
        "auto": "a prefix and a type",
        "plain": "plain types without a prefix",
        "underscore": "written PREFIX_TYPE",
        "suffix": "written TYPE-PREFIX",
        "lower": "with prefixes in lower case",
    }.get(scheme, scheme)


def _rows(sample: Sample, reading: ColumnReading | None) -> str:
    """Show some rows: the first ones with all columns, or the words and tags of a reading where an entity is."""
    start = 0
    if reading:
        found = (index for index, row in enumerate(sample.rows) if reading.tag.read(row) not in (OUTSIDE, ""))
        at = next(found, 0)
        start = max((begin for begin in sample.starts if begin <= at), default=0)
        start = max(start, at - SHOWN_ROWS + 2)
    lines = []
    for row in sample.rows[start : start + SHOWN_ROWS]:
        cells = [reading.token.read(row), reading.tag.read(row)] if reading else row[:SHOWN_COLUMNS]
        lines.append("  | " + " | ".join(cell[:SHOWN_CELL] for cell in cells))
    return "\n".join(lines)
