"""CoNLL files with tags, read by the rules of clean_conll: a gold file alone, or in step with a system's file."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.schemes import OUTSIDE, to_iob2
from nerpipe.contracts.terminal import number_of
from nerpipe.corpus.clean_report import SplitCounts, found_scheme
from nerpipe.corpus.documents import Boundary
from nerpipe.corpus.entity_types import rename
from nerpipe.corpus.lines import show_line
from nerpipe.corpus.rows import PROBLEMS, Word
from nerpipe.corpus.settings import load_settings
from nerpipe.corpus.single_file import read_tagged
from nerpipe.errors import NerpipeError

SHOWN_CHARACTERS = 80  # Characters of a line that a message shows.
# Repairs of tags in a gold file, which change what is scored.
TAG_REPAIRS = {
    "multi_tag": "several tags, of which the first is taken (multi_tag in corpus.yaml)",
    "html_in_tag": "markup in the tag, which is left out",
}


@dataclass
class GoldFacts:
    """What is known of a gold file once all of its sentences were read."""

    scheme: str = ""  # The scheme of its tags, a key of SCHEMES.
    repairs: Counter[str] = field(default_factory=Counter)  # Words whose tag was repaired, by the keys of TAG_REPAIRS.


class LabelledSentence(NamedTuple):
    """A sentence with a tag for each word."""

    numbers: list[int]  # The number of each word's line, counted from 1.
    tokens: list[str]
    tags: list[str]
    boundary: Boundary | None  # The document that begins with the sentence.


class TaggedLine(NamedTuple):
    """The line of a word or, with an empty tag, the end of a sentence.

    The end of a sentence is the first of several successive separator lines, or the end of the file.
    """

    number: int  # Number of the line, counted from 1.
    token: str = ""
    tag: str = ""


def gold_sentences(path: Path, facts: GoldFacts, *, iob2: bool) -> Iterator[LabelledSentence]:
    """Yield the sentences of a gold file, with the repairs of clean_conll.

    Args:
        path: The file. A corpus.yaml beside it holds for it.
        facts: It receives what is known of the file.
        iob2: Whether all tags become IOB2, as clean_conll writes them. Otherwise an `I-` that begins an entity stays,
            which the strict reading counts as no begin.

    Raises:
        NerpipeError: If the file or a line of it cannot be read, its columns are not clear, or it holds no word.
    """
    yield from _sentences(path, facts, prefer_last=False, iob2=iob2)


def lines_in_step(gold: Path, predicted: Path, facts: GoldFacts) -> Iterator[tuple[TaggedLine, TaggedLine]]:
    """Yield the lines of a gold file and of a system's file in pairs. Both are read as streams.

    Args:
        gold: As in `gold_sentences`.
        predicted: A file with the same rows. If it has several columns of tags, the last one is taken. Its words may
            differ. Its tags are not repaired.
        facts: It receives what is known of the gold file.

    Raises:
        NerpipeError: As `gold_sentences`, and if the rows of the two files differ. The message names both places.
    """
    words, difference = 0, ""
    sides = (
        _lines(_sentences(gold, facts, prefer_last=False, iob2=False)),
        _lines(_sentences(predicted, None, prefer_last=True, iob2=False)),
    )
    for one, two in zip_longest(*sides):
        if one is None or two is None or bool(one.tag) != bool(two.tag):
            _refuse_parting(gold, one, predicted, two, words, difference)
        if one.tag:
            words += 1
            if one.token != two.token and not difference:
                difference = (
                    f"; the words first differ at {gold}:{one.number} {one.token[:SHOWN_CHARACTERS]!r} and "
                    f"{predicted}:{two.number} {two.token[:SHOWN_CHARACTERS]!r}"
                )
        yield one, two


def repair_notes(repairs: Counter[str], path: Path) -> list[str]:
    """Say how many words of a gold file had a tag that was repaired."""
    return [f"words of {path} with {what}: {repairs[name]:,}" for name, what in TAG_REPAIRS.items() if repairs[name]]


def _lines(sentences: Iterator[LabelledSentence]) -> Iterator[TaggedLine]:
    """Yield the words of sentences and, after each sentence, one end of a sentence."""
    for numbers, tokens, tags, _ in sentences:
        yield from map(TaggedLine, numbers, tokens, tags)
        yield TaggedLine(numbers[-1] + 1)


def _sentences(path: Path, facts: GoldFacts | None, *, prefer_last: bool, iob2: bool) -> Iterator[LabelledSentence]:
    """Yield the sentences of a file. Without facts to fill in, a tag that needs a repair is refused."""
    settings, counts = load_settings(path.parent), SplitCounts()
    multi_tag = "reject" if facts is None else settings.multi_tag
    layout, sentences = read_tagged(path, prefer_last=prefer_last, multi_tag=multi_tag)
    words = 0
    for sentence in sentences:
        numbers = sentence.line_numbers()
        for number, word in zip(numbers, sentence.words, strict=True):
            if word.problem or (word.repairs and facts is None and "html_in_tag" in word.repairs):
                _refuse_line(path, number, word)
            if word.repairs and facts is not None:
                facts.repairs.update(TAG_REPAIRS.keys() & set(word.repairs))
        tags = [word.tag for word in sentence.words]
        if facts is not None:
            _count_tags(tags, counts)
        if iob2 or layout.scheme == "plain" or any(tag[0] not in "OBI" for tag in tags):
            tags = to_iob2(tags)[0]
        if settings.types:
            tags = rename(tags, settings.types, Counter())
        words += len(tags)
        yield LabelledSentence(numbers, [word.token for word in sentence.words], tags, sentence.boundary)
    if not words:
        raise NerpipeError(
            f"{path}: the file holds no word; expected one line `token<TAB>tag` for each word and a blank line after "
            "each sentence"
        )
    if facts is not None:
        facts.scheme = found_scheme(layout, counts)


def _count_tags(tags: Sequence[str], counts: SplitCounts) -> None:
    """Count what tells the scheme of a file, as clean_conll does."""
    if tags.count(OUTSIDE) == len(tags):
        return
    iob2, orphans, plain_begins = to_iob2(tags)
    counts.raw_tags.update(tags)
    counts.tags.update(iob2)
    counts.orphans += orphans
    counts.plain_begins += plain_begins


def _refuse_line(path: Path, number: int, word: Word) -> None:
    """Raise an error that says what is wrong with a line and what to do."""
    todo = {
        "one_column": "each line needs a word and a tag, separated by a tab or a space",
        "ragged": "each line needs as many columns as the others have",
        "empty_token": "each line needs a word before its tag",
        "several_tags": "keep one tag for each word",
        "prefix_not_in_scheme": "correct the tag, or the scheme in the corpus.yaml beside the file",
        "invalid_utf8": "convert the file: iconv -f OLD -t UTF-8",
        "nul": "remove it",
        "lone_cr": "end lines with LF or CRLF",
    }.get(
        word.problem,
        "correct the tag, or say in a corpus.yaml beside the file which column holds tags (tag_column) and how they "
        "are written (scheme)",
    )
    shown = show_line(word.line if len(word.line) <= SHOWN_CHARACTERS else word.line[:SHOWN_CHARACTERS] + "...")[0]
    # What follows a comma is about the key multi_tag, which has no effect here.
    problem = PROBLEMS.get(word.problem, "a tag with markup").partition(",")[0]
    raise NerpipeError(f"{path}:{number}: {problem} in {shown!r}: {todo}")


def _refuse_parting(
    gold: Path, one: TaggedLine | None, predicted: Path, two: TaggedLine | None, words: int, difference: str
) -> None:
    sides = [_place(path, row) for path, row in ((gold, one), (predicted, two))]
    raise NerpipeError(
        f"the rows of the two files differ after {number_of(words, 'word')}: {sides[0]}, but {sides[1]}"
        f"{difference}. Both need the same rows: one line for each word in the same order, and a blank line "
        "after the same words. Give the system the words of the gold file, or correct its output at this place"
    )


def _place(path: Path, row: TaggedLine | None) -> str:
    if row is None:
        return f"{path} ends"
    return f"{path}:{row.number} has " + (
        f"the word {row.token[:SHOWN_CHARACTERS]!r}" if row.tag else "the end of a sentence"
    )
