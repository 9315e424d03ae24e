"""Tagging schemes: conversion of IOB1, IOB2, IOBES, BILOU, BMES, BMEWO and plain types to IOB2, and of IOB2 to spans.

One table is enough for all schemes. They write different prefixes, but the same rules say where an entity begins:

- `B`, `S`, `U` or `W` always begins an entity.
- `I`, `M`, `E` or `L` continues an open entity of the same type. If no entity of that type is open, it begins one.
- After `E`, `L`, `S`, `U` or `W`, no entity is open.

A plain type such as `person` is read as `I-person`, so adjoining words of one type are one entity.

Sources: Ramshaw and Marcus 1995 for IOB1, Tjong Kim Sang and Veenstra 1999 for IOB2, Ratinov and Roth 2009 for BILOU.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTSIDE = "O"
# For each prefix: whether it always begins an entity, and whether the entity is still open after it.
PREFIXES = {
    "B": (True, True),
    "I": (False, True),
    "M": (False, True),
    "E": (False, False),
    "L": (False, False),
    "S": (True, False),
    "U": (True, False),
    "W": (True, False),
}
# The prefixes that each scheme may use. "auto" allows all of them. The last four names are ways to write a tag:
# a type without a prefix, `B_PER`, `PER-B` and `b-per`.
SCHEMES = {
    "auto": "BIMELSUW",
    "IOB1": "BI",
    "IOB2": "BI",
    "IOBES": "BIES",
    "BILOU": "BILU",
    "BMES": "BMES",
    "BMEWO": "BMEW",
    "plain": "",
    "underscore": "BIMELSUW",
    "suffix": "BIMELSUW",
    "lower": "BIMELSUW",
}


PREFIX_MARKS = "-_:./+&|="  # What stands between a prefix and a type in some notation.


class Span(NamedTuple):
    """An entity: its type, and the words [start, end) that it covers. The first word of the sentence is word 0."""

    type: str
    start: int
    end: int


def split_tag(tag: str) -> tuple[str, str]:
    """Split a tag into prefix and type. `B-creative-work` gives ("B", "creative-work"), and `O` gives ("O", "")."""
    prefix, _, kind = tag.partition("-")
    return prefix, kind


def is_tag(tag: str, prefixes: str = SCHEMES["auto"]) -> bool:
    """Return whether `tag` is `O`, or consists of one of the prefixes, a hyphen and a type that is not empty."""
    return tag == OUTSIDE or (len(tag) > 2 and tag[0] in prefixes and tag[1] == "-")  # noqa: PLR2004 - the length of `X-`


def read_tag(tag: str, scheme: str) -> str:
    """Write a tag of any scheme as `O` or `PREFIX-TYPE`. The result is empty if the scheme has no such tag.

    >>> [read_tag("PER-B", "suffix"), read_tag("b-per", "lower"), read_tag("person", "plain"), read_tag("S-a", "IOB2")]
    ['B-PER', 'B-per', 'I-person', '']
    """
    if tag == OUTSIDE:
        return tag
    if scheme == "plain":
        return f"I-{tag}" if tag else ""
    if scheme == "underscore" and tag[1:2] == "_":
        tag = f"{tag[0]}-{tag[2:]}"
    elif scheme == "suffix" and tag[-2:-1] == "-":
        tag = f"{tag[-1]}-{tag[:-2]}"
    elif scheme == "lower" and tag[:1].islower():
        tag = tag[0].upper() + tag[1:]
    elif scheme in ("underscore", "suffix", "lower"):
        return ""
    return tag if is_tag(tag, SCHEMES[scheme]) else ""


def prefixes_among(types: Iterable[str]) -> list[str]:
    """List the plain types that are rather prefixes, alone or with a type in another notation.

    They are `B` and `I` and the like alone, or two types that differ in this letter only, with any mark beside it.

    >>> prefixes_among(["person", "B:x", "I:x", "S-Bahn", "E-mail"])
    ['B:x', 'I:x']
    >>> prefixes_among(["B", "I"])
    ['B', 'I']
    """
    known = set(types)
    found = {kind for kind in known if len(kind) == 1 and kind in PREFIXES}
    for kind in known:
        for letter, others, mark in ((kind[:1], kind[1:], kind[1:2]), (kind[-1:], kind[:-1], kind[-2:-1])):
            if letter in ("B", "b") and mark in PREFIX_MARKS and len(kind) > 2:  # noqa: PLR2004 - a letter, a mark and a type
                inside = {"B": "I", "b": "i"}[letter]
                twin = inside + others if kind.startswith(letter) and mark == kind[1] else others + inside
                found |= {kind, twin} if twin in known else set()
    return sorted(found)


def to_iob2(tags: Iterable[str]) -> tuple[list[str], int, int]:
    """Convert the tags of one sentence from any scheme to IOB2.

    Args:
        tags: Tags for which `is_tag` is true, one for each word.

    Returns:
        Three values. The first holds the IOB2 tags. The second is the number of entities that began with `I`, `M`,
        `E` or `L`; in IOB2 such a tag is an orphan, in IOB1 it is the rule. The third is the number of `B` tags that
        did not follow an open entity of their type; IOB1 never writes such a tag.
    """
    out = []
    orphans = plain_begins = 0
    open_type = ""
    for tag in tags:
        if tag == OUTSIDE:
            out.append(tag)
            open_type = ""
            continue
        prefix, kind = tag[0], tag[2:]
        begins, stays_open = PREFIXES[prefix]
        if begins:
            plain_begins += prefix == "B" and kind != open_type
        elif kind != open_type:
            begins = True
            orphans += 1
        out.append(("B-" if begins else "I-") + kind)
        open_type = kind if stays_open else ""
    return out, orphans, plain_begins


def spans_of(tags: Sequence[str]) -> list[Span]:
    """List the entities of one sentence from left to right, as conlleval reads them.

    An entity begins at `B-X`, or at an `I-X` where no entity of type X is open (Tjong Kim Sang and Buchholz 2000,
    conlleval.pl). It ends before the next `O`, the next `B-` or a tag of another type.
    """
    spans: list[Span] = []
    start, open_type = 0, ""
    for index, tag in enumerate([*tags, OUTSIDE]):
        prefix, kind = split_tag(tag)
        if open_type and (prefix != "I" or kind != open_type):
            spans.append(Span(open_type, start, index))
            open_type = ""
        if prefix != OUTSIDE and not open_type:
            start, open_type = index, kind
    return spans
