"""Annotations to mentions: every offset is checked, repaired by a stated rule, or quarantined with a reason."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from nerpipe.annotations.documents import Annotation

UNITS = ("characters", "utf16")
_MARKS = ",<>"  # What no type of a CoNLL file may hold, besides white space and control characters.
Convert = Callable[[int], int | None]  # An offset of the tool to one of the text, or None if it is none.


class Mention(NamedTuple):
    """An entity of a text: its type, and its start and end in characters. It begins and ends with a word."""

    type: str
    start: int
    end: int


class Judgement(NamedTuple):
    """What became of an annotation: a mention and the repairs that it took, or the reason why it is quarantined."""

    annotation: Annotation
    mention: Mention | None = None
    repairs: tuple[str, ...] = ()
    problem: str = ""


def judge_annotations(
    text: str, words: Sequence[tuple[int, int]], annotations: Sequence[Annotation], unit: str
) -> list[Judgement]:
    """Turn the annotations of a text into mentions that do not overlap.

    Of mentions that overlap, the longest stays; of equally long ones, the first.

    Args:
        text: The text.
        words: The start and end of each word of the text, in ascending order.
        annotations: The annotations of the text.
        unit: What an offset counts if nothing shows otherwise: one of UNITS.

    Returns:
        One verdict for each annotation, in the same order.
    """
    readings = _readings(text, unit)
    verdicts = [_judge_one(text, words, readings, annotation) for annotation in annotations]
    order = [index for index, verdict in enumerate(verdicts) if verdict.mention]
    order.sort(key=lambda index: _length(verdicts[index]), reverse=True)  # The sort is stable: the first stays first.
    kept: list[Mention] = []
    for index in order:
        mention = verdicts[index].mention
        assert mention  # noqa: S101 - the others were left out above
        at = bisect_left(kept, mention.start, key=lambda other: other.start)
        before, after = kept[max(at - 1, 0) : at], kept[at : at + 1]
        rivals = [other for other in (*before, *after) if other.start < mention.end and mention.start < other.end]
        if rivals:
            verdicts[index] = Judgement(verdicts[index].annotation, problem=_rivalry(mention, rivals[0]))
        else:
            kept.insert(at, mention)
    return verdicts


def _length(verdict: Judgement) -> int:
    return verdict.mention.end - verdict.mention.start if verdict.mention else 0


def _rivalry(mention: Mention, kept: Mention) -> str:
    if mention == kept:
        return "duplicate"
    if mention[1:] == kept[1:]:
        return "second_type"
    return "nested" if kept.start <= mention.start and mention.end <= kept.end else "overlap"


def _judge_one(
    text: str, words: Sequence[tuple[int, int]], readings: Sequence[tuple[str, Convert]], annotation: Annotation
) -> Judgement:
    problem, kind, parts = _checked(annotation)
    if problem:
        return Judgement(annotation, problem=problem)
    name, found = _place(text, readings, parts, annotation.quote)
    if not found:
        return Judgement(annotation, problem=name)
    if any(text[end:start].strip() for (_, end), (start, _) in pairwise(found)):
        return Judgement(annotation, problem="discontinuous")
    whole = found[0][0], max(end for _, end in found)
    start, end = _trim(words, *whole)
    if start >= end:
        return Judgement(annotation, problem="white_space")
    repairs = {
        "whole_float": any(isinstance(number, float) for part in annotation.parts for number in part),
        "type_renamed": kind != annotation.label,
        name: name == "character_offsets" or found != sorted(parts),
        "joined_parts": len(found) > 1,
        "trimmed": (start, end) != whole,
    }
    return Judgement(annotation, Mention(kind, start, end), tuple(rule for rule, used in repairs.items() if used))


def _checked(annotation: Annotation) -> tuple[str, str, list[tuple[int, int]]]:
    """Check what can be checked without the text. Give the problem, or an empty string, the type and the parts."""
    numbers = [(_whole(start), _whole(end)) for start, end in annotation.parts]
    parts = [(start, end) for start, end in numbers if start is not None and end is not None]
    kind = _type_of(annotation.label)
    problem = annotation.problem
    if not problem and not numbers:
        problem = "malformed"
    elif not problem and len(parts) < len(numbers):
        problem = "not_a_number"
    elif not problem and not kind:
        problem = "no_type"
    elif not problem and any(start >= end for start, end in parts):
        problem = "empty"
    return problem, kind, parts


def _whole(value: object) -> int | None:
    """Give a number as a whole number. A float counts if it is whole; a boolean is no number."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _type_of(label: object) -> str:
    """Give a type as the tag of a CoNLL file can hold it, or the empty string if there is none."""
    if not isinstance(label, str):
        return ""
    bad = [c.isspace() or c in _MARKS or unicodedata.category(c) in ("Cc", "Cs") for c in label.strip()]
    return "".join("_" if replaced else c for c, replaced in zip(label.strip(), bad, strict=True))


def _readings(text: str, unit: str) -> list[tuple[str, Convert]]:
    """List the ways in which offsets of this text may count, each with its repair. The first is that of the tool."""

    def from_characters(offset: int) -> int | None:
        return offset if 0 <= offset <= len(text) else None

    places, units = {}, 0
    for index, character in enumerate(text):
        places[units] = index
        units += 1 + (character > "\uffff")
    places[units] = len(text)
    ends = [match.start() for match in re.finditer("\r\n", text)]
    shorter = [end - index for index, end in enumerate(ends)]  # Where each CRLF is if the ones before count once.

    def from_lf(offset: int) -> int | None:
        return offset + bisect_left(shorter, offset) if 0 <= offset <= len(text) - len(ends) else None

    readings: list[tuple[str, Convert]] = [("", from_characters)]
    if units > len(text):
        wide = ("utf16_offsets", places.get)
        readings = [wide, ("character_offsets", from_characters)] if unit == "utf16" else [*readings, wide]
    if ends:
        readings.append(("crlf_offsets", from_lf))
    return readings


def _place(
    text: str, readings: Sequence[tuple[str, Convert]], parts: Sequence[tuple[int, int]], quote: str
) -> tuple[str, list[tuple[int, int]]]:
    """Find the parts in the text by the first reading that gives the quoted text; without a quote, by the first one.

    Returns:
        The repair that the reading is, and the parts in characters. If no reading fits, the problem and no parts.
    """
    problem = ""
    for name, convert in readings if quote.strip() else readings[:1]:
        ends = [(convert(start), convert(end)) for start, end in parts]
        found = [(start, end) for start, end in ends if start is not None and end is not None]
        if len(found) < len(parts):
            units = len(text) + sum(character > "\uffff" for character in text)
            inside = name == "utf16_offsets" and all(0 <= number <= units for part in parts for number in part)
            problem = problem or ("inside_character" if inside else "out_of_range")
        elif not quote.strip() or plain_quote(" ".join(text[start:end] for start, end in found)) == plain_quote(quote):
            return name, sorted(found)
        else:
            problem = problem or "text_differs"
    return problem, []


def plain_quote(text: str) -> str:
    r"""Give a text with one space for all white space. In Label Studio's quotes a line break is a literal `\n`."""
    return " ".join(text.replace("\\n", " ").split())


def _trim(words: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """Leave out the white space around a mention, which is what belongs to no word."""
    first = bisect_right(words, start, key=lambda word: word[1])  # The first word that ends after the start.
    last = bisect_left(words, end, key=lambda word: word[0]) - 1  # The last word that begins before the end.
    if first > last:
        return start, start
    return max(start, words[first][0]), min(end, words[last][1])
