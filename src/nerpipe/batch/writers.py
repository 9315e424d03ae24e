"""Formats of predictions: JSON lines, CoNLL, or coloured text for people."""

from collections.abc import Callable
from typing import Any, NamedTuple
from zlib import crc32

from nerpipe.batch.readers import Record, Rejected
from nerpipe.contracts.escapes import json_text
from nerpipe.contracts.terminal import printable
from nerpipe.prediction.predictor import Entity, Reading

COLOURS = (41, 42, 44, 45, 46, 101, 102, 104, 105, 106)  # ANSI background colours on which black text is readable.
DIGITS = 4  # Decimal places of a confidence.


class Prediction(NamedTuple):
    """A record, its entities, and the words and tags from which they were read."""

    record: Record
    entities: list[Entity]
    reading: Reading


def entity_fields(entity: Entity) -> dict[str, Any]:
    """Give the JSON fields of an entity. The confidence has four decimal places."""
    return entity._asdict() | {"confidence": round(entity.confidence, DIGITS)}


def as_json(prediction: Prediction) -> str:
    """Give one line of JSON with the other fields of the record, its text and its entities."""
    record, entities, _ = prediction
    row = {**record.fields, "text": record.text, "entities": [entity_fields(entity) for entity in entities]}
    return json_text(row) + "\n"


def as_conll(prediction: Prediction) -> str:
    """Give one word on each line, with tag and confidence, separated by tabs. A blank line ends the record."""
    record, _, reading = prediction
    lines = []
    for (start, end), tag, confidence in zip(*reading, strict=True):
        lines.append(f"{record.text[start:end]}\t{tag}\t{confidence:.{DIGITS}f}\n")
    return "".join(lines) + "\n"


def as_text(prediction: Prediction, *, colour: bool) -> str:
    """Give the text with each entity marked and followed by its type and confidence."""
    text = prediction.record.text
    parts, at = [], 0
    for entity in prediction.entities:
        name = printable(f" {entity.type} {entity.confidence:.2f}")
        inside = printable(entity.text)
        parts.append(printable(text[at : entity.start]))
        if colour:
            code = COLOURS[crc32(entity.type.encode()) % len(COLOURS)]
            parts.append(f"\x1b[30;{code}m{inside}\x1b[2m{name}\x1b[0m")
        else:
            parts.append(f"[{inside}{name}]")
        at = entity.end
    return "".join(parts) + printable(text[at:]) + "\n"


FORMATS: dict[str, Callable[[Prediction], str]] = {"jsonl": as_json, "conll": as_conll}


def rejected_as_json(rejected: Rejected) -> str:
    """Give one line of the rejects file."""
    return json_text(rejected._asdict()) + "\n"
