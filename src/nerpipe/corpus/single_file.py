"""One CoNLL file by itself, as `nerpipe score` and `nerpipe predict` read it: by the rules of clean_conll."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from nerpipe.contracts.schemes import SCHEMES, is_tag
from nerpipe.corpus.charset import check_encoding
from nerpipe.corpus.columns import find_layout, find_word_column
from nerpipe.corpus.layout import Layout
from nerpipe.corpus.lines import Digest, NoDigest, look_at, read_lines, read_stream
from nerpipe.corpus.reading import LineCounts, RawSentence, read_sentences
from nerpipe.corpus.samples import Sample, take_sample
from nerpipe.corpus.settings import SETTINGS_FILE, CorpusSettings, load_settings

PREDICTED_COLUMNS = 3
CONFIDENCE = re.compile(r"[01]\.\d{4}")


def read_tagged(path: Path, *, prefer_last: bool, multi_tag: str) -> tuple[Layout, Iterator[RawSentence]]:
    """Find the layout of a file with words and tags, and read its sentences.

    Args:
        path: The file. A corpus.yaml beside it holds for it.
        prefer_last: Whether the last column of tags is taken if there are several, as conlleval does.
        multi_tag: For `B-a,B-b`: "first" or "reject".

    Raises:
        NerpipeError: If the file cannot be read or its columns are not clear. The sentences raise it too.
    """
    settings, place = load_settings(path.parent), path.parent / SETTINGS_FILE
    lines, whole = look_at(path, settings.encoding)
    check_encoding(lines, str(path), place)
    sample = take_sample(lines, settings.column_names(), whole=whole)
    layout = Layout()
    if prefer_last and not settings.column_names() and _is_predicted(sample):
        layout = Layout(width=PREDICTED_COLUMNS, types=frozenset(row[1][2:] for row in sample.rows))
    elif sample.shape.width > 1:
        layout = find_layout(sample, settings, path, place, prefer_last=prefer_last)
    counts = LineCounts()
    chunks = read_lines(path, NoDigest(), counts.repairs, settings.encoding)
    return layout, read_sentences(str(path), chunks, layout, counts, multi_tag=multi_tag)


def _is_predicted(sample: Sample) -> bool:
    """Return whether rows are what `nerpipe predict --to conll` writes: a word, a tag of IOB2 and a confidence.

    Without this rule, numbers and letters as words would leave open which column holds what.
    """
    return (
        sample.shape == (True, PREDICTED_COLUMNS)
        and not sample.header
        and all(is_tag(tag, SCHEMES["IOB2"]) and CONFIDENCE.fullmatch(sure) for _, tag, sure in sample.rows)
    )


def read_words(file: BinaryIO, name: str, digest: Digest, *, folder: Path | None) -> Iterator[RawSentence]:
    """Yield the sentences of a stream of which only the words are of use. One that is too long is cut.

    Args:
        file: The stream.
        name: The name of the stream in messages.
        digest: It receives every byte.
        folder: The folder whose corpus.yaml holds for the stream. None if there is none.

    Raises:
        NerpipeError: If the stream cannot be read, or it is not clear which column holds the words.
    """
    settings = load_settings(folder) if folder else CorpusSettings()
    place = (folder or Path()) / SETTINGS_FILE
    counts = LineCounts()
    chunks = read_stream(file, name, digest, Counter(), settings.encoding)
    first = next(chunks, [])
    check_encoding(first, name, place)
    sample = take_sample(first, settings.column_names(), whole=False)
    layout = find_word_column(sample, settings, Path(name), place)
    yield from read_sentences(name, chain([first], chunks), layout, counts, cut_long=True)
