"""Which column of a raw file holds words, and which one tags: found by looking at the rows, or named in corpus.yaml."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path

from nerpipe.corpus.layout import AsideColumn, Column, Layout
from nerpipe.corpus.lines import check_encoding, look_at
from nerpipe.corpus.readings import ColumnReading, check_marks, refuse_name, refuse_readings, refuse_words
from nerpipe.corpus.samples import Sample, join_samples, take_sample
from nerpipe.corpus.settings import CorpusSettings
from nerpipe.corpus.tag_columns import TagColumn, choose_tag_columns, find_tag_columns, tag_column_as_named
from nerpipe.errors import NerpipeError

LEAST_RUNNING = 3  # Sentences of several words that a column of running numbers counts.
LEAST_DISTINCT = 0.4  # A column of words has at least this share of the distinct values of the column that has most.
LEAST_ROWS = 100  # Fewer rows are thin evidence.
# Tags of the Penn Treebank and of Universal Dependencies. A column that holds nothing else does not hold the words.
PARTS_OF_SPEECH = frozenset(
    """
    CC CD DT EX FW IN JJ JJR JJS LS MD NN NNS NNP NNPS PDT POS PRP PRP$ RB RBR RBS RP SYM TO UH VB VBD VBG VBN VBP VBZ
    WDT WP WP$ WRB # $ . , : ( ) `` '' -LRB- -RRB- HYPH NFP AFX GW ADD XX -X-
    ADJ ADP ADV AUX CCONJ CONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ VERB X
    """.split()  # noqa: SIM905 - a list would have a line for each
)


def find_layouts(sources: Mapping[str, Path], settings: CorpusSettings, place: Path) -> dict[str, Layout]:
    """Find the layout of each file of a corpus. Files of one shape are looked at together.

    Args:
        sources: The file of each split.
        settings: What corpus.yaml says.
        place: The corpus.yaml that messages name.

    Raises:
        NerpipeError: If a file cannot be read or is not UTF-8, a named column is not there, or the columns can be read
            in more than one way or in none.
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
    first = next(iter(layouts.values()), Layout())
    return {split: _for_file(layouts.get(sample.shape, first), sample) for split, sample in samples.items()}


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
    tokens = [named] if named else _token_columns(sample, tags, [tag for tag in tags if not tag.is_phrases])
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
    named_token, named_tag = (
        _named(sample, key, getattr(settings, key), source, place) for key in ("token_column", "tag_column")
    )
    found = find_tag_columns(sample, settings.scheme, skip=named_token)
    tags = (
        choose_tag_columns(found, sample, prefer_last=prefer_last)
        if named_tag is None
        else [tag_column_as_named(sample, named_tag, settings.scheme)]
    )
    number = next((i for i in range(sample.shape.width) if sample.is_running(i)), None)
    tokens = [named_token] if named_token else _token_columns(sample, [*tags, *found], tags)
    readings = [
        ColumnReading(token, tag.column, scheme, tag.types)
        for tag in tags
        for token in tokens
        for scheme in (tag.scheme, *tag.doubt)
    ]
    if prefer_last and len({reading.token for reading in readings}) == 1:
        last = max(reading.tag for reading in readings)
        readings = [reading for reading in readings if reading.tag == last][:1]
    base = Layout(Column(0), None, sample.shape.width, sample.shape.tabs, header=sample.header)
    if len(readings) != 1:
        raise refuse_readings(readings, sample, base, settings, found=found, source=source, place=place)
    (reading,) = readings
    if reading.scheme == "plain" and settings.scheme == "auto":
        check_marks(reading, source, place)
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


def _named(sample: Sample, key: str, name: str, source: Path, place: Path) -> Column | None:
    if not name:
        return None
    column = sample.find(name)
    if column is None:
        raise refuse_name(key, name, sample, source, place)
    return column


def _token_columns(sample: Sample, found: list[TagColumn], tags: list[TagColumn]) -> list[Column]:
    """Return the column of the words, or several if it is not clear which one holds them.

    Args:
        sample: The rows that were looked at.
        found: All columns of tags.
        tags: Those that may be the tag column.
    """
    width, rows = sample.shape.width, len(sample.rows)
    taken = {tag.column.at for tag in found}
    free = [i for i in range(width) if i not in taken]
    if width == 2:  # noqa: PLR2004 - a token and a tag
        left = free or [0]
        long = sum(end - start > 1 for start, end in pairwise([*sample.starts, rows]))
        return [] if sample.is_running(left[0]) and long >= LEAST_RUNNING else [Column(left[0])]
    distinct = {index: len(set(sample.column(index))) for index in free if _may_be_words(sample, index)}
    several = {index: count for index, count in distinct.items() if count > 1}
    distinct = several or distinct
    if not distinct:
        return [Column(index) for index in free]
    most = max(distinct.values())
    likely = [index for index, count in distinct.items() if count >= LEAST_DISTINCT * most]
    first = likely[0]
    usual = next(index for index in free if not sample.is_number(index))
    if tags and all(tag.column.at < first for tag in tags):
        return [Column(index) for index in likely]  # Whoever puts the tag first has an order of their own.
    if not any(_are_words_of(sample, index, first) for index in likely[1:]) and (first == usual or rows >= LEAST_ROWS):
        return [Column(first)]
    return [Column(index) for index in likely]


def _may_be_words(sample: Sample, index: int) -> bool:
    """Return whether a column may hold words: no numbers, fields, parts of speech or ids of rows."""
    if sample.is_number(index) or sample.is_fields(index):
        return False
    cells = set(sample.column(index))
    speech = cells <= PARTS_OF_SPEECH and any(map(str.isalpha, cells))
    return not speech and not len(cells) == len(sample.rows) >= LEAST_ROWS


def _are_words_of(sample: Sample, later: int, first: int) -> bool:
    """Return whether the first of two columns seems to hold the lemmas of the words in the later one.

    Then half of the cells or more are the same, and the later column has more capitals, or as many and more different
    cells.
    """
    same = sum(row[later].casefold() == row[first].casefold() for row in sample.rows)
    one, two = (
        (sum(cell[:1].isupper() for cell in cells), len(set(cells)))
        for cells in (sample.column(later), sample.column(first))
    )
    return 2 * same >= len(sample.rows) and one > two
