"""A text that is read in steps has the entities of a text that is read at once."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capitals import capitals_predictor
from nerpipe.errors import NerpipeError
from nerpipe.prediction.partial_reading import PartialReading, score_windows
from nerpipe.prediction.predictor import Predictor

TEXTS = st.lists(st.text("Ab c(\n👩é", max_size=120) | st.text(max_size=20), min_size=1, max_size=5)


def in_steps(finder, texts, seed):
    """Read texts together, a random number of windows at a time and in a random order."""
    mixed = random.Random(seed)
    readings = [PartialReading(finder, text) for text in texts]
    windows = [(reading, window) for reading in readings for window in reading.windows]
    mixed.shuffle(windows)
    while windows:
        count = mixed.randint(1, 3)
        score_windows(finder, windows[:count])
        del windows[:count]
    return [reading.entities() for reading in readings]


@given(TEXTS, st.integers(0, 99))
def test_the_order_of_the_steps_changes_nothing(texts, seed):
    finder = capitals_predictor(max_length=16, stride=4)
    assert in_steps(finder, texts, seed) == finder(texts)


def test_an_exported_model_gives_the_same_entities_in_steps(exported_tiny):
    finder = Predictor(exported_tiny, threads=2)
    texts = ["The London train (Ann) " * 40, "", " \n ", "(", "Bob saw London"]
    for found, wanted in zip(in_steps(finder, texts, 1), finder(texts), strict=True):
        assert [entity[:4] for entity in found] == [entity[:4] for entity in wanted]
        assert [entity.confidence for entity in found] == pytest.approx([entity.confidence for entity in wanted])


def test_half_of_a_character_is_refused():
    with pytest.raises(NerpipeError, match="half of a surrogate pair"):
        PartialReading(capitals_predictor(), "a\ud83d")
