"""Formats that annotation tools import as pre-annotations: doccano, Label Studio and Prodigy."""

from collections.abc import Callable
from itertools import accumulate

from nerpipe.batch.writers import Prediction, with_own
from nerpipe.contracts.escapes import json_text
from nerpipe.inference.shown_confidence import shown_confidence

MODEL_VERSION = "nerpipe"
# The names of the tags in the labelling configuration of Label Studio: docs/your_data.md shows it.
LABELS_TAG, TEXT_TAG = "label", "text"


def _lowest(prediction: Prediction) -> float:
    """Give the lowest confidence of the entities, or else of the words, so that doubtful texts can come first."""
    confidences = [entity.confidence for entity in prediction.entities] or prediction.reading.confidences
    return shown_confidence(min(confidences, default=1.0))


def as_doccano(prediction: Prediction) -> str:
    """Give one line of doccano's JSONL. The other fields of the record and the scores become its metadata there."""
    record, entities, _ = prediction
    own = {
        "text": record.text,
        "label": [[entity.start, entity.end, entity.type] for entity in entities],
        "scores": [shown_confidence(entity.confidence) for entity in entities],
        "score": _lowest(prediction),
    }
    return json_text(with_own(record.fields, own)) + "\n"


def as_label_studio(prediction: Prediction) -> str:
    """Give one task of Label Studio's JSON with a prediction. Offsets count UTF-16 units, as the tool counts them."""
    record, entities, _ = prediction
    units = list(accumulate((1 + (character > "\uffff") for character in record.text), initial=0))
    result = [
        {
            "id": f"entity-{number}",
            "from_name": LABELS_TAG,
            "to_name": TEXT_TAG,
            "type": "labels",
            "value": {
                "start": units[entity.start],
                "end": units[entity.end],
                "text": entity.text,
                "labels": [entity.type],
            },
            "score": shown_confidence(entity.confidence),
        }
        for number, entity in enumerate(entities, start=1)
    ]
    guess = {"model_version": MODEL_VERSION, "score": _lowest(prediction), "result": result}
    return json_text({"data": with_own(record.fields, {TEXT_TAG: record.text}), "predictions": [guess]})


def as_prodigy(prediction: Prediction) -> str:
    """Give one task of Prodigy's JSONL with its words, as ner.manual needs them."""
    record, entities, reading = prediction
    starts = {start: index for index, (start, _) in enumerate(reading.words)}
    ends = {end: index for index, (_, end) in enumerate(reading.words)}
    tokens = [
        {
            "text": record.text[start:end],
            "start": start,
            "end": end,
            "id": index,
            "ws": record.text[end : end + 1].isspace(),
        }
        for index, (start, end) in enumerate(reading.words)
    ]
    spans = [
        {
            "start": entity.start,
            "end": entity.end,
            "label": entity.type,
            "token_start": starts[entity.start],
            "token_end": ends[entity.end],
            "score": shown_confidence(entity.confidence),
        }
        for entity in entities
    ]
    meta = with_own(record.fields, {"score": _lowest(prediction)})
    return json_text({"text": record.text, "tokens": tokens, "spans": spans, "meta": meta}) + "\n"


ANNOTATION_FORMATS: dict[str, Callable[[Prediction], str]] = {
    "doccano": as_doccano,
    "label-studio": as_label_studio,
    "prodigy": as_prodigy,
}
# What stands before, between and after the records of a format. Label Studio imports a JSON array.
FRAMES = {"label-studio": ("[\n", ",\n", "\n]\n")}
