"""Formats of predictions: JSON lines, CoNLL, or coloured text for people."""

from collections.abc import Callable
from typing import Any, NamedTuple

from nerpipe.batch.records import Record, Rejected
from nerpipe.contracts.conll import DOCSTART
from nerpipe.contracts.escapes import json_text
from nerpipe.errors import NerpipeError
from nerpipe.inference.shown_confidence import SHOWN_PLACES, shown_confidence
from nerpipe.prediction.finder import Entity, Reading
from nerpipe.prediction.marked_text import mark_entities

RENAMED = "input_"  # What comes before the name of a field of the input that the output needs for itself.
# The fields that a format needs for itself.
OWN_FIELDS = {
    "jsonl": ("text", "entities"),
    "doccano": ("text", "label", "scores", "score"),
    "label-studio": ("text",),
    "prodigy": ("score",),
}
NUL = "\0"


class Prediction(NamedTuple):
    """A record, its entities, and the words and tags from which they were read."""

    record: Record
    entities: list[Entity]
    reading: Reading


def entity_fields(entity: Entity) -> dict[str, Any]:
    """Give the JSON fields of an entity. The confidence is rounded down to four decimal places."""
    return entity._asdict() | {"confidence": shown_confidence(entity.confidence)}


def with_own(fields: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Join the fields of the input with those of the output. A field of the input that both have gets a new name.

    >>> with_own({"id": 1, "text": "of the input"}, {"text": "of the output"})
    {'id': 1, 'input_text': 'of the input', 'text': 'of the output'}
    """
    joined = {}
    for name, value in fields.items():
        free = name
        while free in own or (free != name and free in fields):
            free = f"{RENAMED}{free}"
        joined[free] = value
    return joined | own


def as_json(prediction: Prediction) -> str:
    """Give one line of JSON with the other fields of the record, its text and its entities."""
    record, entities, _ = prediction
    own = {"text": record.text, "entities": [entity_fields(entity) for entity in entities]}
    row = with_own(record.fields, own)
    return json_text(row) + "\n"


def as_conll(prediction: Prediction) -> str:
    """Give one word on each line, with tag and confidence, separated by tabs. A blank line ends the record.

    Raises:
        NerpipeError: If a word holds the character NUL or is `-DOCSTART-`, which no reader of CoNLL takes as a word.
    """
    record, _, reading = prediction
    if NUL in record.text:
        raise NerpipeError(
            f"character {record.text.index(NUL):,} of the text, counted from 0, is NUL, which a line of CoNLL cannot "
            "hold; take it out of the text, or write another format (--to jsonl)"
        )
    lines = []
    for (start, end), tag, confidence in zip(*reading, strict=True):
        if (word := record.text[start:end]) == DOCSTART:
            raise NerpipeError(
                f"the word at character {start:,} of the text, counted from 0, is {DOCSTART}, which begins a document "
                "in CoNLL; take it out of the text, or write another format (--to jsonl)"
            )
        lines.append(f"{word}\t{tag}\t{shown_confidence(confidence):.{SHOWN_PLACES}f}\n")
    return "".join(lines) + "\n"


def as_text(prediction: Prediction, *, colour: bool) -> str:
    """Give the text with each entity marked and followed by its type and confidence."""
    return mark_entities(prediction.record.text, prediction.entities, colour=colour) + "\n"


FORMATS: dict[str, Callable[[Prediction], str]] = {"jsonl": as_json, "conll": as_conll}


def rejected_as_json(rejected: Rejected) -> str:
    """Give one line of the rejects file."""
    return json_text(rejected._asdict()) + "\n"
