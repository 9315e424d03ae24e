"""Least confidences that reach a wanted precision on dev."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from nerpipe.evaluation.wanted_precision import (
    NOTHING,
    WANTED,
    choose_for_types,
    choose_least,
    precision_table,
    write_least,
)
from nerpipe.prediction.min_confidence import least_confidences
from nerpipe.scoring.spans import match_spans
from random_seed import random_seed


def least(confidence, right, wanted):
    return choose_least(np.array(confidence), np.array(right, dtype=bool), wanted)


@pytest.mark.parametrize(
    ("confidence", "right", "wanted", "expected"),
    [
        ([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 0], 0.5, 0.0),  # Good enough as it is.
        ([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 0], 0.6, 0.7),
        ([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 0], 0.9, 0.8),
        ([0.9, 0.8, 0.7, 0.6], [0, 1, 1, 0], 0.6, 0.7),  # The most doubtful span that may be kept decides.
        ([0.9, 0.8], [0, 0], 0.5, NOTHING),
        ([], [], 0.5, NOTHING),
        ([0.7, 0.7, 0.5], [1, 0, 0], 0.9, NOTHING),  # Spans of one confidence stay together.
        ([0.98769, 0.5], [1, 0], 0.9, 0.9876),  # Rounded down, so that the span is kept.
        ([0.98769, 0.98761], [1, 0], 0.9, NOTHING),
    ],
)
def test_the_lowest_confidence_that_reaches_it(confidence, right, wanted, expected):
    assert least(confidence, right, wanted) == expected


def test_what_is_chosen_reaches_it_and_nothing_lower_does():
    generator = np.random.default_rng(random_seed())
    for _ in range(200):
        size = int(generator.integers(1, 30))
        confidence = generator.integers(0, 10_000, size) / 10_000
        right = generator.random(size) < confidence
        wanted = float(generator.choice(WANTED))
        chosen = choose_least(confidence, right, wanted)
        levels = {0.0, *confidence}
        reaching = [level for level in levels if right[confidence >= level].mean() >= wanted]
        assert chosen == pytest.approx(min(reaching, default=NOTHING), abs=2e-4)


def report(name, gold, predicted, confidence):
    return SimpleNamespace(name=name, match=match_spans(gold, predicted), confidence=np.array(confidence))


def test_each_type_has_its_own_and_test_shows_what_it_is_worth(tmp_path):
    dev = report("dev", [["B-a", "O", "B-b", "O", "B-x"]], [["B-a", "B-a", "B-b", "B-b", "O"]], [0.9, 0.5, 0.4, 0.7])
    test = report("test", [["B-a", "O", "O"]], [["B-a", "B-a", "O"]], [0.8, 0.95])
    chosen = choose_for_types(dev.match, dev.confidence, ["a", "b", "c"])
    assert chosen[0] == {"a": 0.0, "b": 0.0, "c": NOTHING}
    assert chosen[-1] == {"a": 0.9, "b": NOTHING, "c": NOTHING}  # The gold type x is none of the model.
    table = precision_table([test, dev], chosen).set_index(["split", "wanted_precision", "type"])
    assert table.loc[("dev", 0.95, "a")].tolist() == [0.9, 1, 1.0, 1.0, "too few"]
    assert table.loc[("test", 0.95, "a")].tolist() == [0.9, 1, 0.0, 0.0, "too few"]
    assert np.isnan(table.loc[("test", 0.95, "b"), "precision"])
    write_least(tmp_path / "least", chosen)
    names = sorted(path.name for path in (tmp_path / "least").iterdir())
    assert names == [f"precision_{number}.json" for number in (50, 60, 70, 80, 90, 95)]
    path = tmp_path / "least/precision_95.json"
    assert json.loads(path.read_text()) == chosen[-1] == least_confidences(path, ["a", "b", "c"])
