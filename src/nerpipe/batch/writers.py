"""Predictions as text: JSON lines, CoNLL, or colours for people."""

import json
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple
from zlib import crc32

from nerpipe.batch.readers import Record, Rejected
from nerpipe.prediction.predictor import Entity, Reading

COLOURS = (41, 42, 44, 45, 46, 101, 102, 104, 105, 106)  # ANSI backgrounds on which black can be read
DIGITS = 4  # of a confidence


class Prediction(NamedTuple):
    """A record, its entities, and the words and tags they were read from."""

    record: Record
    entities: list[Entity]
    reading: Reading


def entity_fields(entity: Entity) -> dict[str, Any]:
    """Give an entity as JSON has it, the confidence with four digits."""
    return entity._asdict() | {"confidence": round(entity.confidence, DIGITS)}


def as_json(prediction: Prediction) -> str:
    """Give a JSON line: the record's own fields, its text, its entities."""
    record, entities, _ = prediction
    row = {**record.fields, "text": record.text, "entities": [entity_fields(entity) for entity in entities]}
    return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"


def as_conll(prediction: Prediction) -> str:
    """Give a word a line, with tag and confidence, tabs between; a blank line ends the record."""
    record, _, reading = prediction
    lines = []
    for (start, end), tag, confidence in zip(*reading, strict=True):
        lines.append(f"{record.text[start:end]}\t{tag}\t{confidence:.{DIGITS}f}\n")
    return "".join(lines) + "\n"


def as_text(prediction: Prediction, *, colour: bool) -> str:
    r"""Give the text with each entity marked and its type and confidence behind it.

    Control characters are written as \xNN, so that no text can steer the terminal.
    """
    text = prediction.record.text
    parts, at = [], 0
    for entity in prediction.entities:
        name = _shown(f" {entity.type} {entity.confidence:.2f}")
        inside = _shown(entity.text)
        parts.append(_shown(text[at : entity.start]))
        if colour:
            code = COLOURS[crc32(entity.type.encode()) % len(COLOURS)]
            parts.append(f"\x1b[30;{code}m{inside}\x1b[2m{name}\x1b[0m")
        else:
            parts.append(f"[{inside}{name}]")
        at = entity.end
    return "".join(parts) + _shown(text[at:]) + "\n"


def _shown(text: str) -> str:
    return "".join(f"\\x{ord(c):02x}" if unicodedata.category(c) == "Cc" and c not in "\n\t" else c for c in text)


FORMATS: dict[str, Callable[[Prediction], str]] = {"jsonl": as_json, "conll": as_conll}


def rejected_as_json(rejected: Rejected) -> str:
    """Give a line of the rejects file."""
    return json.dumps(rejected._asdict(), ensure_ascii=False) + "\n"
