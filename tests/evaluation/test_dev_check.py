"""The dev F1 of evaluate against that of train: equal, a little apart, or a mistake."""

import json
from pathlib import Path

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.evaluation.dev_check import compare_dev_f1, read_best_f1

PATH = Path("metrics/train.json")


def test_the_last_epoch_that_was_kept_is_read(tmp_path):
    path = tmp_path / "train.json"
    path.write_text(json.dumps([{"best": False, "dev_f1": 0.9}, {"best": True, "dev_f1": 0.5}]))
    assert read_best_f1(path) == 0.5


@pytest.mark.parametrize("text", ["{}", "[]", "null", "[1]", '[{"best": false, "dev_f1": 0.1}]', '[{"best": true}]'])
def test_a_report_without_a_kept_epoch_is_refused(tmp_path, text):
    (tmp_path / "train.json").write_text(text)
    with pytest.raises(NerpipeError, match=r"train\.json: no epoch with `best: true`.*dvc repro --force train"):
        read_best_f1(tmp_path / "train.json")


def test_equal_a_little_apart_and_too_far_apart():
    assert "the same" in compare_dev_f1(0.5, 0.5, PATH)
    said = compare_dev_f1(0.5, 0.5019, PATH)
    assert "50.190 points here and 50.000 in metrics/train.json. They differ by 0.190 points" in said
    assert "another device" in said
    with pytest.raises(NerpipeError, match=r"60.000 points here and 50.000 in metrics/train.json.*at most 0.2"):
        compare_dev_f1(0.5, 0.6, PATH)
    with pytest.raises(NerpipeError):
        compare_dev_f1(0.5, 0.4979, PATH)
