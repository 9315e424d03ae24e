"""Scores of a system's CoNLL file against a gold CoNLL file. Both files are read together, in bounded memory."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.schemes import to_iob2
from nerpipe.corpus.entity_types import rename
from nerpipe.corpus.lines import show_line
from nerpipe.corpus.rows import PROBLEMS, Word
from nerpipe.corpus.settings import load_settings
from nerpipe.corpus.single_file import read_tagged
from nerpipe.errors import NerpipeError
from nerpipe.scoring.scores import Score, Scores, SurfacePairs, make_score, score_match, surface_pairs, surfaces_of
from nerpipe.scoring.spans import match_spans

SHOWN_CHARACTERS = 80  # Characters of a line that a message shows.
BLOCK_WORDS = 50_000  # Number of words that are scored together.


class TaggedLine(NamedTuple):
    """The line of a word or, with an empty tag, the end of a sentence.

    The end of a sentence is the first of several successive separator lines, or the end of the file.
    """

    number: int  # Number of the line, counted from 1.
    token: str = ""
    tag: str = ""


@dataclass(frozen=True)
class FileScores:
    """The scores and counts of two files."""

    scores: Scores
    surface: Score  # Score of the distinct surface forms, in the words of the gold file.
    sentences: int
    words: int
    words_differ: int  # Number of rows whose words (the first columns) differ.


class _Block:
    """The words and tags of sentences that were read and are not yet scored, one row for each sentence."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.gold: list[list[str]] = [[]]
        self.predicted: list[list[str]] = [[]]

    def end_sentence(self) -> None:
        self.gold.append([])
        self.predicted.append([])


class _Sums:
    """The counts of the sentences that were scored. They are sums, so that sentences need not be kept."""

    def __init__(self) -> None:
        self.readings: dict[str, Score] = {}
        self.per_type: dict[str, Score] = {}
        self.pairs = SurfacePairs(set(), set(), set())
        self.sentences = self.words = self.same_tags = 0

    def add(self, block: _Block) -> None:
        """Score the whole sentences of a block."""
        match = match_spans(block.gold[:-1], block.predicted[:-1])
        scores = score_match(match)
        for sums, more in ((self.readings, scores.readings), (self.per_type, scores.per_type)):
            for name, score in more.items():
                old = sums.get(name)
                sums[name] = _add(old, score) if old else score
        for pairs, new in zip(self.pairs, surface_pairs(match, surfaces_of(match, block.tokens)), strict=True):
            pairs |= new  # noqa: PLW2901 - the set of the tuple grows
        self.sentences += match.sentences
        self.words += match.words
        self.same_tags += match.same_tags

    def result(self, differ: int) -> FileScores:
        """Return the scores of all sentences."""
        scores = Scores(self.readings, dict(sorted(self.per_type.items())), self.same_tags / self.words)
        return FileScores(scores, self.pairs.score(), self.sentences, self.words, differ)


def _add(one: Score, two: Score) -> Score:
    return make_score(one.correct + two.correct, one.predicted + two.predicted, one.support + two.support)


def score_files(gold: str | Path, predicted: str | Path) -> FileScores:
    r"""Score a system's file against the gold file. Both are read by the rules of clean_conll (docs/data.md).

    >>> from pathlib import Path
    >>> _ = Path("gold.conll").write_text("Ada\tB-person\nLovelace\tI-person\n\n")
    >>> _ = Path("system.conll").write_text("Ada\tB-person\nLovelace\tO\n\n")
    >>> score_files("gold.conll", "system.conll").scores.token_accuracy
    0.5

    Args:
        gold: A CoNLL file of any layout and scheme. A corpus.yaml beside it holds for it.
        predicted: A CoNLL file with the same rows. If it has several columns of tags, the last one is taken. Its words
            may differ (another tokenisation or escaping); rows with different words are counted.

    Raises:
        NerpipeError: If a file or a line of it cannot be read, its columns are not clear, it holds no word, or the
            rows of the two files differ. The message names file and line.
    """
    gold, predicted = Path(gold), Path(predicted)
    sums, block = _Sums(), _Block()
    differ, difference = 0, ""
    for one, two in zip_longest(_rows(gold, prefer_last=False), _rows(predicted, prefer_last=True)):
        if one is None or two is None or bool(one.tag) != bool(two.tag):
            _refuse_parting(gold, one, predicted, two, sums.words + len(block.tokens), difference)
        if one.tag:
            block.tokens.append(one.token)
            block.gold[-1].append(one.tag)
            block.predicted[-1].append(two.tag)
            if one.token != two.token:
                differ += 1
                difference = difference or (
                    f"; the words first differ at {gold}:{one.number} {one.token[:SHOWN_CHARACTERS]!r} and "
                    f"{predicted}:{two.number} {two.token[:SHOWN_CHARACTERS]!r}"
                )
        else:
            block.end_sentence()
            if len(block.tokens) >= BLOCK_WORDS:
                sums.add(block)
                block = _Block()
    sums.add(block)
    return sums.result(differ)


def _rows(path: Path, *, prefer_last: bool) -> Iterator[TaggedLine]:
    """Yield the words of a file and, after each sentence, one end of a sentence."""
    layout, sentences = read_tagged(path, prefer_last=prefer_last)
    types = load_settings(path.parent).types
    words = 0
    for sentence in sentences:
        numbers = sentence.line_numbers()
        for number, word in zip(numbers, sentence.words, strict=True):
            if word.problem or "html_in_tag" in word.repairs:
                _refuse_line(path, number, word)
        tags = [word.tag for word in sentence.words]
        if layout.scheme == "plain" or any(tag[0] not in "OBI" for tag in tags):
            tags = to_iob2(tags)[0]  # Otherwise they stay as they are: the strict reading counts an `I-` as no begin.
        if types:
            tags = rename(tags, types, Counter())
        for number, word, tag in zip(numbers, sentence.words, tags, strict=True):
            yield TaggedLine(number, word.token, tag)
        words += len(tags)
        yield TaggedLine(numbers[-1] + 1)
    if not words:
        raise NerpipeError(
            f"{path}: the file holds no word; expected one line `token<TAB>tag` for each word and a blank line after "
            "each sentence"
        )


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
        f"the rows of the two files differ after {words:,} words: {sides[0]}, but {sides[1]}"
        f"{difference}. Both need the same rows: one line for each word in the same order, and a blank line "
        "after the same words. Give the system the words of the gold file, or correct its output at this place"
    )


def _place(path: Path, row: TaggedLine | None) -> str:
    if row is None:
        return f"{path} ends"
    return f"{path}:{row.number} has " + (
        f"the word {row.token[:SHOWN_CHARACTERS]!r}" if row.tag else "the end of a sentence"
    )
