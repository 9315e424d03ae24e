"""Tagging schemes: any of IOB1, IOB2, IOBES and BILOU to IOB2, and IOB2 to spans.

One table serves every scheme, because they differ in what they write, not in where an entity begins: a `B`, `S` or `U`
always begins one, an `I`, `E` or `L` continues an open entity of its own type and otherwise begins one, and after `E`,
`L`, `S` or `U` no entity is open. (Ramshaw and Marcus 1995 for IOB1, Tjong Kim Sang and Veenstra 1999 for IOB2, Ratinov
and Roth 2009 for BILOU.)
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTSIDE = "O"
# prefix -> (always begins an entity, leaves it open)
PREFIXES = {
    "B": (True, True),
    "I": (False, True),
    "E": (False, False),
    "L": (False, False),
    "S": (True, False),
    "U": (True, False),
}
# The prefixes each scheme may write; "auto" admits them all.
SCHEMES = {"auto": "BIELSU", "IOB1": "BI", "IOB2": "BI", "IOBES": "BIES", "BILOU": "BILU"}


class Span(NamedTuple):
    """An entity: its type and the words [start, end) that it covers, counted in its sentence."""

    type: str
    start: int
    end: int


def split_tag(tag: str) -> tuple[str, str]:
    """Split `B-creative-work` into ("B", "creative-work"); `O` gives ("O", "")."""
    prefix, _, kind = tag.partition("-")
    return prefix, kind


def is_tag(tag: str, prefixes: str = SCHEMES["auto"]) -> bool:
    """Say whether `tag` is `O`, or one of the prefixes, a hyphen and a type that is not empty."""
    return tag == OUTSIDE or (len(tag) > 2 and tag[0] in prefixes and tag[1] == "-")  # noqa: PLR2004 - X-


def to_iob2(tags: Iterable[str]) -> tuple[list[str], int, int]:
    """Translate one sentence's tags of any scheme to IOB2.

    Args:
        tags: tags for which `is_tag` holds, one a word.

    Returns:
        The IOB2 tags; how many entities began with a continuation (`I`, `E` or `L`: an orphan in IOB2, the rule in
        IOB1); and how many `B` followed no open entity of their type (which IOB1 never writes).
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
    """List the entities of one sentence, left to right, as conlleval reads them.

    An entity begins at `B-X`, or at an `I-X` that follows anything but an open X (Tjong Kim Sang and Buchholz 2000,
    conlleval.pl); it ends before the next `O`, `B-` or other type.
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
