"""From words back to text: which words of a corpus a blank separates.

A corpus of words does not say where its text had blanks. The text is rebuilt by these rules, and the first one that
applies decides:

1. No blank stands between any two words if the corpus says where its blanks are (at least 1 word in 20 is a blank), or
   if it has one character a line (at least 99 words in 100).
2. No blank stands beside a character of a script that has no spaces between words, or beside its punctuation.
3. No blank stands around a hyphen or slash that is a word between two words with letters or digits at that end, if the
   corpus always cuts there: at least 10 such marks, and at most 1 in 50 stays inside a word.
4. One blank stands between two words.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import regex

SPACELESS_SCRIPTS = "Han Hiragana Katakana Bopomofo Thai Lao Khmer Myanmar Tibetan Yi"
SPACELESS = "".join(rf"\p{{scx={name}}}" for name in SPACELESS_SCRIPTS.split())  # Inside of a character class.
MARKS = "-/"
CHARACTER_SHARE = 0.99
BLANK_SHARE = 0.05
FEWEST_MARKS = 10
CUT_FOR_EACH_INSIDE = 50

_TOUCHES = regex.compile(rf"[{SPACELESS}\u3000-\u303f\uff00-\uff9f]")  # The ranges hold the punctuation.
_INSIDE = {mark: regex.compile(rf"(?<=[\p{{L}}\p{{N}}]){mark}(?=[\p{{L}}\p{{N}}])") for mark in MARKS}


class Joining(NamedTuple):
    """How the words of a corpus become text."""

    without_blanks: bool = False  # Whether no blank stands between any two words.
    glued: str = ""  # The marks of rule 3 that the corpus always cuts.


BLANKS = Joining()
NO_BLANKS = Joining(without_blanks=True)


def find_joining(sentences: Iterable[Sequence[str]]) -> Joining:
    """Find out how the words of a corpus become text, by the rules 1 and 3 of this module.

    >>> find_joining([["k", "i", "n", "g"]])
    Joining(without_blanks=True, glued='')
    """
    words = characters = blanks = 0
    cut: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    for sentence in sentences:
        words += len(sentence)
        for place, word in enumerate(sentence):
            if len(word) == 1:
                characters += 1
                blanks += word.isspace()
                cut[word] += word in _INSIDE and _between_words(sentence, place)
            else:
                inside.update(mark for mark in MARKS if mark in word and _INSIDE[mark].search(word))
    if blanks >= BLANK_SHARE * max(words, 1) or characters >= CHARACTER_SHARE * max(words, 1):
        return NO_BLANKS
    glued = (mark for mark in MARKS if cut[mark] >= max(FEWEST_MARKS, CUT_FOR_EACH_INSIDE * inside[mark]))
    return Joining(glued="".join(glued))


def glued_words(words: Sequence[str], joining: Joining) -> list[int]:
    """List the words, by their number, that follow the word before without a blank."""
    if joining.without_blanks:
        return list(range(1, len(words)))
    touching = [bool(_TOUCHES.search(word)) for word in words] if _TOUCHES.search("".join(words)) else None
    glued = []
    for place in range(1, len(words)):
        before, word = words[place - 1], words[place]
        if (touching and _touch(before, word, touching[place - 1], touching[place])) or any(
            words[at] in joining.glued and _between_words(words, at) for at in (place - 1, place)
        ):
            glued.append(place)
    return glued


def join_words(words: Sequence[str], joining: Joining) -> tuple[str, list[tuple[int, int]]]:
    """Join words to a text.

    Returns:
        The text, and the start and end of each word in it, in characters.

    >>> join_words(["我", "在", "New", "York", "。"], BLANKS)
    ('我在New York。', [(0, 1), (1, 2), (2, 5), (6, 10), (10, 11)])
    """
    glued = set(glued_words(words, joining))
    parts: list[str] = []
    places = []
    start = 0
    for place, word in enumerate(words):
        if place and place not in glued:
            parts.append(" ")
            start += 1
        parts.append(word)
        places.append((start, start + len(word)))
        start += len(word)
    return "".join(parts), places


def _touch(before: str, word: str, before_may: bool, word_may: bool) -> bool:  # noqa: FBT001 - both are findings
    return (before_may and bool(_TOUCHES.match(before[-1]))) or (word_may and bool(_TOUCHES.match(word[0])))


def _between_words(words: Sequence[str], place: int) -> bool:
    """Return whether letters or digits stand at both sides of a word."""
    return 0 < place < len(words) - 1 and words[place - 1][-1].isalnum() and words[place + 1][0].isalnum()
