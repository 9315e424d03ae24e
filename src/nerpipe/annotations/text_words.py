"""Words and sentences of a text with mentions: no mention is lost to the word rule, and none is cut by a line break."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

import regex

from nerpipe.annotations.offsets import Mention
from nerpipe.contracts.joining import SPACELESS
from nerpipe.contracts.schemes import OUTSIDE

_LINE_BREAK = re.compile("[\n\r\u2028\u2029]")
_WITHIN_WORD = regex.compile(rf"(?:(?![{SPACELESS}])[\p{{L}}\p{{M}}\p{{N}}]){{2}}")
Row = tuple[str, str]  # A word and its tag in IOB2.


def tagged_sentences(
    text: str, words: Sequence[tuple[int, int]], mentions: Sequence[Mention]
) -> tuple[list[list[Row]], int]:
    """Cut a text into sentences of words, and give each word its tag.

    A word in which a mention begins or ends is split there. A sentence ends at a line break outside mentions.

    Args:
        text: The text.
        words: The start and end of each word, in ascending order.
        mentions: The entities of the text. They do not overlap.

    Returns:
        The sentences, and the number of words that were split.
    """
    mentions = sorted(mentions, key=lambda mention: mention.start)
    cuts = sorted({offset for mention in mentions for offset in (mention.start, mention.end)})
    sentences: list[list[Row]] = [[]]
    splits = at = last_end = 0
    for first, end in words:
        inside = cuts[bisect_right(cuts, first) : bisect_left(cuts, end)]
        splits += bool(inside)
        edges = [first, *inside, end]
        for left, right in pairwise(edges):
            while at < len(mentions) and mentions[at].end <= left:
                at += 1
            mention = mentions[at] if at < len(mentions) and mentions[at].start <= left else None
            continues = mention is not None and mention.start < left
            if not continues and _LINE_BREAK.search(text, last_end, left) and sentences[-1]:
                sentences.append([])
            tag = f"{'I' if continues else 'B'}-{mention.type}" if mention else OUTSIDE
            sentences[-1].append((text[left:right], tag))
            last_end = right
    return (sentences if sentences[-1] else []), splits


def cuts_word(text: str, mention: Mention) -> bool:
    """Return whether a mention begins or ends between two letters or digits of a script that writes spaces.

    >>> [cuts_word("in Oslo", Mention("LOC", 3, end)) for end in (6, 7)]
    [True, False]
    >>> cuts_word("在北京大学", Mention("LOC", 1, 3))
    False
    """
    return any(_WITHIN_WORD.fullmatch(text[max(at - 1, 0) : at + 1]) for at in mention[1:])
