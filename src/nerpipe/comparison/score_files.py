"""Scores of a system's CoNLL file against a gold CoNLL file; both are read line by line together."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.schemes import SCHEMES
from nerpipe.corpus.lines import PROBLEMS, LineParser, Word, read_lines, show_line
from nerpipe.errors import NerpipeError
from nerpipe.scoring.scores import Score, Scores, score_match, surface_score, surfaces_of
from nerpipe.scoring.spans import match_spans

SHOWN_CHARACTERS = 80  # Characters of a line that a message shows.


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


@dataclass
class _Columns:
    """The tags of both files and the gold words that were read so far, one row for each sentence."""

    tokens: list[list[str]]
    gold: list[list[str]]
    predicted: list[list[str]]
    differ: int = 0
    first_difference: str = ""


def score_files(gold: str | Path, predicted: str | Path) -> FileScores:
    r"""Score a system's file against the gold file. The last column of both is the tag.

    >>> from pathlib import Path
    >>> _ = Path("gold.conll").write_text("Ada\tB-person\nLovelace\tI-person\n\n")
    >>> _ = Path("system.conll").write_text("Ada\tB-person\nLovelace\tO\n\n")
    >>> score_files("gold.conll", "system.conll").scores.token_accuracy
    0.5

    Args:
        gold: A CoNLL file. Tabs or spaces separate columns. Lines that are empty after stripping separate sentences.
        predicted: A CoNLL file with the same rows. Its words may differ (another tokenisation or escaping); rows with
            different words are counted.

    Raises:
        NerpipeError: If a file cannot be read or holds no word, a tag is not O, B-TYPE or I-TYPE, or the rows of the
            two files differ; the message names file and line.
    """
    gold, predicted = Path(gold), Path(predicted)
    both = _Columns([[]], [[]], [[]])
    for one, two in zip_longest(_rows(gold), _rows(predicted)):
        if one is None or two is None or bool(one.tag) != bool(two.tag):
            _refuse_parting(gold, one, predicted, two, both)
        if one.tag:
            both.tokens[-1].append(one.token)
            both.gold[-1].append(one.tag)
            both.predicted[-1].append(two.tag)
            if one.token != two.token:
                both.differ += 1
                both.first_difference = both.first_difference or (
                    f"; the words first differ at {gold}:{one.number} {one.token[:SHOWN_CHARACTERS]!r} and "
                    f"{predicted}:{two.number} {two.token[:SHOWN_CHARACTERS]!r}"
                )
        else:
            for column in (both.tokens, both.gold, both.predicted):
                column.append([])
    tokens, gold_tags, predicted_tags = both.tokens[:-1], both.gold[:-1], both.predicted[:-1]
    match = match_spans(gold_tags, predicted_tags)
    surface = surface_score(match, surfaces_of(match, [word for row in tokens for word in row]))
    return FileScores(score_match(match), surface, match.sentences, match.words, both.differ)


def _rows(path: Path) -> Iterator[TaggedLine]:
    """Yield the words of a file and, after each sentence, one end of a sentence."""
    parser = LineParser(multi_tag="reject", prefixes=SCHEMES["IOB2"])
    number, within, words = 0, False, 0
    for lines in read_lines(path, hashlib.sha256(), Counter()):
        for line in lines:
            number += 1
            parsed = parser[line]
            if isinstance(parsed, Word):
                if parsed.problem or "html_in_tag" in parsed.repairs:
                    _refuse_line(path, number, parsed)
                yield TaggedLine(number, parsed.token, parsed.tag)
                words += 1
            elif within:
                yield TaggedLine(number)
            within = isinstance(parsed, Word)
    if within:
        yield TaggedLine(number + 1)
    if not words:
        raise NerpipeError(
            f"{path}: the file holds no word; expected one line `token<TAB>tag` for each word and a blank line after "
            "each sentence"
        )


def _refuse_line(path: Path, number: int, word: Word) -> None:
    """Raise an error that says what is wrong with a line and what to do."""
    todo = {
        "one_column": "each line needs a word and a tag, separated by a tab or a space",
        "empty_token": "each line needs a word before its tag",
        "several_tags": "keep one tag for each word",
        "prefix_not_in_scheme": "translate IOBES or BILOU to IOB2: S and U become B, E and L become I",
        "invalid_utf8": "convert the file: iconv -f OLD -t UTF-8",
        "nul": "remove it",
        "lone_cr": "end lines with LF or CRLF",
    }.get(
        word.problem,
        "the last column must be the tag; if the tag is in another column, select it (`cut -f1,3` for a predictions "
        "file of nerpipe)",
    )
    shown = show_line(word.line if len(word.line) <= SHOWN_CHARACTERS else word.line[:SHOWN_CHARACTERS] + "...")[0]
    problem = PROBLEMS.get(word.problem, "a tag with markup").partition(",")[
        0
    ]  # The rest is about the param multi_tag, which has no effect here.
    raise NerpipeError(f"{path}:{number}: {problem} in {shown!r}; allowed are O, B-TYPE and I-TYPE: {todo}")


def _refuse_parting(
    gold: Path, one: TaggedLine | None, predicted: Path, two: TaggedLine | None, both: _Columns
) -> None:
    sides = [_place(path, row) for path, row in ((gold, one), (predicted, two))]
    raise NerpipeError(
        f"the rows of the two files differ after {sum(map(len, both.gold)):,} words: {sides[0]}, but {sides[1]}"
        f"{both.first_difference}. Both need the same rows: one line for each word in the same order, and a blank line "
        "after the same words. Give the system the words of the gold file, or correct its output at this place"
    )


def _place(path: Path, row: TaggedLine | None) -> str:
    if row is None:
        return f"{path} ends"
    return f"{path}:{row.number} has " + (
        f"the word {row.token[:SHOWN_CHARACTERS]!r}" if row.tag else "the end of a sentence"
    )
