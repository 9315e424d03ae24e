"""Entities below the least confidence are left out, everywhere in the same way."""

import json
import math

import numpy as np
import pytest

from capitals import capitals_predictor
from nerpipe.errors import NerpipeError
from nerpipe.prediction.finder import Finder
from nerpipe.prediction.min_confidence import least_confidences, leave_out_doubtful, number_or_file
from nerpipe.prediction.partial_reading import PartialReading, score_windows
from nerpipe.prediction.predictor import Predictor

TYPES = ["group", "person"]


@pytest.mark.parametrize(
    ("given", "least"),
    [
        (None, {}),
        (0, {"group": 0, "person": 0}),
        (0.5, {"group": 0.5, "person": 0.5}),
        (1, {"group": 1, "person": 1}),
        ({"person": 0.5}, {"group": 0, "person": 0.5}),
        ({}, {"group": 0, "person": 0}),
    ],
)
def test_a_number_is_for_all_types_and_a_type_that_is_not_named_is_kept(given, least):
    assert least_confidences(given, TYPES) == least


@pytest.mark.parametrize("wrap", [str, lambda path: path])
def test_a_file_holds_numbers_by_type(tmp_path, wrap):
    (tmp_path / "least.json").write_text('{"person": 0.25}')
    assert least_confidences(wrap(tmp_path / "least.json"), TYPES) == {"group": 0, "person": 0.25}


@pytest.mark.parametrize("number", [-0.01, 1.01, math.nan, math.inf, True, None, "0.5", [0.5]])
def test_a_number_that_is_none_or_out_of_range_is_refused(number):
    with pytest.raises(NerpipeError, match=r"^\[min_confidence -> person\] '.*' is not a number from 0 to 1$"):
        least_confidences({"person": number}, TYPES)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"person": 2}', r"\[{path} -> person\] '2' is not a number from 0 to 1"),
        (b'{"person": NaN}', "is not a number"),
        (b'{"Person": 0.5}', r"\[{path} -> Person\] this is no entity type of the model; its types are group, person"),
        (b"{", "{path}: the file is not valid JSON"),
        (b"", "{path}: the file is not valid JSON"),
        (b"[" * 100_000, "{path}: the file is not valid JSON"),
        (b"\xff", "{path}: the file is not valid JSON"),
        (b"[0.5]", "{path}: a JSON object with a number for each type was expected.*, not list"),
        (b"0.5", "{path}: a JSON object .*, not float"),
        (b'{"person": 0.5, "person": 0.9}', "{path}: the key 'person' stands twice"),
    ],
)
def test_a_file_that_cannot_be_meant_is_one_message(tmp_path, content, said):
    path = tmp_path / "least.json"
    path.write_bytes(content)
    with pytest.raises(NerpipeError, match=said.replace("{path}", str(path))):
        least_confidences(path, TYPES)


@pytest.mark.parametrize(("name", "said"), [("0,5", "0,5: there is no such file"), (".", "cannot be read")])
def test_what_is_neither_a_number_nor_a_file_is_refused(name, said):
    with pytest.raises(NerpipeError, match=f"{said}.*a number from 0 to 1, or a JSON file"):
        least_confidences(number_or_file(name), TYPES)
    assert number_or_file("5e-1") == 0.5


def test_the_words_of_an_entity_that_is_left_out_are_o():
    tags = ["B-person", "I-person", "B-person", "O", "B-group", "B-person"]
    sure = [0.4, 0.4, 0.5, 0.9, 0.1, 0.2]
    kept, left = leave_out_doubtful(tags, sure, {"person": 0.5})
    assert kept == ["O", "O", "B-person", "O", "B-group", "O"]
    assert left == pytest.approx([0.6, 0.6, 0.5, 0.9, 0.1, 0.8])


def with_least(least):
    plain = capitals_predictor()
    return Finder(plain.decoding, plain._tokenizer, plain._network, min_confidence=least)


def test_all_ways_of_reading_leave_out_the_same():
    text = "so Ann met bob"  # Ann has a confidence of 0.987.
    (found,) = with_least({"person": 0.98})([text])
    assert [entity.text for entity in found] == ["Ann"]
    strict = with_least({"person": 0.99})
    ((entities, reading),) = strict.read([text])
    assert entities == []
    assert reading.tags == ["O"] * 4
    assert strict.tag([text.split()])[0].tags == ["O"] * 4
    partial = PartialReading(strict, text)
    score_windows(strict, [(partial, window) for window in partial.windows])
    assert partial.entities() == []


def test_a_predictor_takes_numbers_and_files(exported_tiny, tmp_path):
    texts = ["The London train", "Zoo and the abc", "Ann " * 40]
    everything = [entity for found in Predictor(exported_tiny)(texts) for entity in found]
    middle = float(np.median([entity.confidence for entity in everything]))
    path = tmp_path / "least.json"
    path.write_text(json.dumps({"person": middle}))
    kept = [entity for found in Predictor(exported_tiny, min_confidence=path)(texts) for entity in found]
    assert kept == [entity for entity in everything if entity.type != "person" or entity.confidence >= middle]
    assert len(kept) < len(everything)
    assert Predictor(exported_tiny, min_confidence=0)(texts) == Predictor(exported_tiny)(texts)
    assert repr(Predictor(exported_tiny, min_confidence=0.5)).endswith("{'location': 0.5, 'person': 0.5}>")
    with pytest.raises(NerpipeError, match="'2' is not a number from 0 to 1"):
        Predictor(exported_tiny, min_confidence=2)
