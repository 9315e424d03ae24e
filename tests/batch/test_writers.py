"""What predictions look like as JSON, CoNLL and for people."""

import json

from capitals import capitals_predictor
from nerpipe.batch.annotation_writers import as_doccano
from nerpipe.batch.records import Record
from nerpipe.batch.stream import predict_chunk
from nerpipe.batch.writers import Prediction, as_conll, as_json, as_text
from nerpipe.prediction.finder import Entity, Reading

PREDICTOR = capitals_predictor()


def prediction(text, *, words=None, **fields) -> Prediction:
    return predict_chunk(PREDICTOR, [Record("here:1", text, words, fields)])[0]


def test_json_holds_the_record_its_text_and_its_entities():
    row = json.loads(as_json(prediction("hi Ann ö", id=7)))
    entity = {"type": "person", "text": "Ann", "start": 3, "end": 6, "confidence": 0.9867}
    assert row == {"id": 7, "text": "hi Ann ö", "entities": [entity]}
    assert "ö" in as_json(prediction("ö"))


def test_conll_has_a_word_a_line_and_a_blank_line_even_after_an_empty_record():
    assert as_conll(prediction("hi Ann")) == "hi\tO\t0.9933\nAnn\tB-person\t0.9933\n\n"
    assert as_conll(prediction("")) == "\n"
    assert as_conll(prediction("New York Ann", words=["New York", "Ann"])).splitlines()[0].startswith("New York\tB-")


def test_no_confidence_is_shown_higher_than_it_is():
    entity = Entity("person", "Ann", 0, 3, 0.98999)
    shown = Prediction(
        Record("here:1", "Ann", None, {}), [entity], Reading([(0, 3)], ["B-person"], [entity.confidence])
    )
    assert json.loads(as_json(shown))["entities"][0]["confidence"] == 0.9899
    assert as_conll(shown) == "Ann\tB-person\t0.9899\n\n"
    assert as_text(shown, colour=False) == "[Ann person 0.98]\n"
    assert json.loads(as_doccano(shown))["scores"] == [0.9899]


def test_text_for_people_marks_entities_and_disarms_control_characters():
    shown = prediction("hi Ann \x1b[31mred\x07")
    assert as_text(shown, colour=False) == "hi [Ann person 0.99] \\x1b[31mred\\x07\n"
    assert as_text(shown, colour=True).count("\x1b") == 3
