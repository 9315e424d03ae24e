"""Which column of a raw file holds words, and which one tags: found by looking at the rows, or named in corpus.yaml."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from nerpipe.corpus.charset import check_encoding
from nerpipe.corpus.layout import AsideColumn, Column, Layout
from nerpipe.corpus.lines import look_at
from nerpipe.corpus.readings import ColumnReading, check_plain, refuse_name, refuse_readings, refuse_words
from nerpipe.corpus.samples import Sample, join_samples, take_sample
from nerpipe.corpus.settings import CorpusSettings
from nerpipe.corpus.tag_columns import TagColumn, choose_tag_columns, find_tag_columns, tag_column_as_named
from nerpipe.corpus.token_columns import token_columns
from nerpipe.errors import NerpipeError

LEAST_ALONE = 20  # A file of fewer rows is not looked at by itself.


def find_layouts(sources: Mapping[str, Path], settings: CorpusSettings, place: Path) -> dict[str, Layout]:
    """Find the layout of each file of a corpus. Files of one shape are looked at together.

    Args:
        sources: The file of each split.
        settings: What corpus.yaml says.
        place: The corpus.yaml that messages name.

    Raises:
        NerpipeError: If a file cannot be read or is not UTF-8, a named column is not there, the columns can be read in
            more than one way or in none, or a file by itself reads in other ways only than the files together.
    """
    samples = {}
    for split, source in sources.items():
        lines, whole = look_at(source, settings.encoding)
        check_encoding(lines, str(source), place)
        samples[split] = take_sample(lines, settings.column_names(), whole=whole)
    by_shape = {
        shape: join_samples([sample for _, sample in group])
        for shape, group in groupby(sorted(samples.items(), key=_shape), key=_shape)
    }
    layouts: dict[tuple[bool, int], Layout] = {}
    for split, sample in samples.items():
        if sample.shape not in layouts and sample.shape.width > 1:
            layouts[sample.shape] = find_layout(by_shape[sample.shape], settings, sources[split], place)
    for split, sample in samples.items():
        others = sample.shape in layouts and len(by_shape[sample.shape].rows) > len(sample.rows)
        if others and len(sample.rows) >= LEAST_ALONE:
            _check_alone(layouts[sample.shape], sample, settings, sources[split], place)
    first = next(iter(layouts.values()), Layout())
    return {split: _for_file(layouts.get(sample.shape, first), sample) for split, sample in samples.items()}


def _check_alone(layout: Layout, sample: Sample, settings: CorpusSettings, source: Path, place: Path) -> None:
    """Check that a file looked at by itself can be read as the files of its shape together are.

    Raises:
        NerpipeError: If it can be read in other ways only.
    """
    readings, _ = _readings(sample, settings, source, place)
    ways = {(each.token, each.tag, each.scheme == "plain") for each in readings}
    if ways and (layout.token, layout.tag, layout.scheme == "plain") not in ways:
        together = ColumnReading(layout.token, layout.tag or layout.token, layout.scheme, Counter())
        raise NerpipeError(
            f"{source}: by itself this file has {_where(readings[0])}, but the files of this data set together have "
            f"{_where(together)}. The files of a data set must have one layout, for which {place} can hold the keys "
            "token_column, tag_column and scheme. Convert the file that differs"
        )


def _where(reading: ColumnReading) -> str:
    tags = "plain types" if reading.scheme == "plain" else "prefixes and types"
    return f"its words in column {reading.token.at + 1} and {tags} in column {reading.tag.at + 1}"


def _for_file(layout: Layout, sample: Sample) -> Layout:
    """Complete the layout that files of one shape share by what differs: the header, and the entities left aside."""
    aside = []
    for column in layout.aside:
        types = Counter(tag[2:] for row in sample.tags(column.column, column.scheme) for tag in row if tag[0] == "B")
        aside.append(column._replace(entities=types.total(), types=sorted(types), rows=len(sample.rows)))
    return replace(layout, header=sample.header, aside=tuple(aside))


def find_word_column(sample: Sample, settings: CorpusSettings, source: Path, place: Path) -> Layout:
    """Find the column of the words. Where clean_conll finds words and tags, it is the same column.

    Args:
        sample: The rows that were looked at.
        settings: What corpus.yaml says.
        source: The file that messages name.
        place: The corpus.yaml that messages name.

    Raises:
        NerpipeError: If the column that corpus.yaml names is not there, or it is not clear which column holds words.
    """
    tabs, width = sample.shape
    if width <= 1:
        return Layout(tag=None, width=1, tabs=tabs)
    with suppress(NerpipeError):
        return find_layout(sample, settings, source, place)
    named = _named(sample, "token_column", settings.token_column, source, place)
    tags = find_tag_columns(sample, "auto", skip=named)
    tokens = [named] if named else token_columns(sample, tags, [tag for tag in tags if not tag.is_phrases])
    if len(tokens) != 1:
        raise refuse_words(tokens, sample, source, place)
    number = next((at for at in range(width) if at != tokens[0].at and sample.is_running(at)), None)
    base = Layout(tokens[0], None, width, tabs, number=number, flag=sample.flag_column(), header=sample.header)
    if not tags:
        return base
    return replace(base, tag=tags[-1].column, scheme=tags[-1].scheme, types=frozenset(tags[-1].types))


def _shape(item: tuple[str, Sample]) -> tuple[bool, int]:
    return item[1].shape


def find_layout(
    sample: Sample, settings: CorpusSettings, source: Path, place: Path, *, prefer_last: bool = False
) -> Layout:
    """Find the layout of rows that have two columns or more.

    Args:
        sample: The rows that were looked at.
        settings: What corpus.yaml says.
        source: The file that messages name.
        place: The corpus.yaml that messages name.
        prefer_last: Whether the last column of tags is taken if there are several, as conlleval does.

    Raises:
        NerpipeError: As `find_layouts`.
    """
    readings, found = _readings(sample, settings, source, place, prefer_last=prefer_last)
    number = next((i for i in range(sample.shape.width) if sample.is_running(i)), None)
    if prefer_last and len({reading.token for reading in readings}) == 1:
        last = max(reading.tag for reading in readings)
        readings = [reading for reading in readings if reading.tag == last][:1]
    base = Layout(Column(0), None, sample.shape.width, sample.shape.tabs, header=sample.header)
    if len(readings) != 1:
        raise refuse_readings(readings, sample, base, settings, found=found, source=source, place=place)
    (reading,) = readings
    if reading.scheme == "plain" and settings.scheme == "auto":
        check_plain(reading, source, place)
    aside = tuple(AsideColumn(tag.column, tag.scheme) for tag in found if tag.column != reading.tag)
    return replace(
        base,
        token=reading.token,
        tag=reading.tag,
        scheme=reading.scheme,
        types=frozenset(reading.types),
        number=None if number in (reading.token.at, reading.tag.at) else number,
        flag=sample.flag_column(),
        aside=aside,
    )


def _readings(
    sample: Sample, settings: CorpusSettings, source: Path, place: Path, *, prefer_last: bool = False
) -> tuple[list[ColumnReading], list[TagColumn]]:
    """List the ways in which rows can be read, and all columns of tags. The arguments are those of `find_layout`."""
    named_token, named_tag = (
        _named(sample, key, getattr(settings, key), source, place) for key in ("token_column", "tag_column")
    )
    if named_token and named_token == named_tag:
        raise NerpipeError(
            f"[{place} -> tag_column] {settings.tag_column!r} is the column of the words too (token_column); name two "
            "columns"
        )
    named_token = named_token or sample.token_of_header()
    found = find_tag_columns(sample, settings.scheme, skip=named_token)
    tags = (
        choose_tag_columns(found, sample, prefer_last=prefer_last)
        if named_tag is None
        else [tag_column_as_named(sample, named_tag, settings.scheme)]
    )
    tokens = [named_token] if named_token else token_columns(sample, [*tags, *found], tags)
    readings = [
        ColumnReading(token, tag.column, scheme, tag.types)
        for tag in tags
        for token in tokens
        for scheme in (tag.scheme, *tag.doubt)
    ]
    return readings, found


def _named(sample: Sample, key: str, name: str, source: Path, place: Path) -> Column | None:
    if not name:
        return None
    column = sample.find(name)
    if column is None:
        raise refuse_name(key, name, sample, source, place)
    return column
