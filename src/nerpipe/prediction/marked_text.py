"""A text for people, with its entities marked: by colours on a terminal, otherwise by brackets."""

import os
from collections.abc import Iterable
from typing import TextIO
from zlib import crc32

from nerpipe.contracts.terminal import printable
from nerpipe.inference.shown_confidence import shown_confidence
from nerpipe.prediction.finder import Entity

TEXT_PLACES = 2  # Decimal places of a confidence in the text for people.
COLOURS = (41, 42, 44, 45, 46, 101, 102, 104, 105, 106)  # ANSI background colours on which black text is readable.


def takes_colour(stream: TextIO) -> bool:
    """Return whether a stream is a terminal whose user wants colours: NO_COLOR is not set (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def mark_entities(text: str, entities: Iterable[Entity], *, colour: bool) -> str:
    """Mark each entity of a text, and put its type and confidence behind it. No text of data controls the terminal.

    >>> mark_entities("hi Ann", [Entity("person", "Ann", 3, 6, 0.991)], colour=False)
    'hi [Ann person 0.99]'

    Args:
        text: The text.
        entities: Its entities, from left to right.
        colour: Whether the marks are colours, as a terminal shows them, instead of brackets.
    """
    parts, at = [], 0
    for entity in entities:
        name = printable(f" {entity.type} {shown_confidence(entity.confidence, TEXT_PLACES):.{TEXT_PLACES}f}")
        inside = printable(entity.text)
        parts.append(printable(text[at : entity.start]))
        if colour:
            code = COLOURS[crc32(entity.type.encode()) % len(COLOURS)]
            parts.append(f"\x1b[30;{code}m{inside}\x1b[2m{name}\x1b[0m")
        else:
            parts.append(f"[{inside}{name}]")
        at = entity.end
    return "".join(parts) + printable(text[at:])
