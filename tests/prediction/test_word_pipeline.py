"""The pipeline of transformers is found by the name of its task, and is exact."""

import json
import re
import shutil

import pytest
from transformers import pipeline

from nerpipe import Predictor, WordPipeline
from nerpipe.errors import NerpipeError

TEXTS = ["The London train", "", "Zoo and the abc", "Ann " * 40]


def test_the_task_nerpipe_gives_the_entities_of_the_predictor(exported_tiny):
    ner = pipeline("nerpipe", model=str(exported_tiny))
    assert type(ner) is WordPipeline
    ours = Predictor(exported_tiny)(TEXTS)
    assert any(ours)
    theirs = [[(group["entity_group"], group["start"], group["end"]) for group in groups] for groups in ner(TEXTS)]
    assert theirs == [[(entity.type, entity.start, entity.end) for entity in entities] for entities in ours]


def test_a_saved_pipeline_brings_no_code_along(exported_tiny, tmp_path):
    pipeline("nerpipe", model=str(exported_tiny)).save_pretrained(tmp_path)
    assert list(tmp_path.glob("*.py")) == []
    assert "custom_pipelines" not in json.loads((tmp_path / "config.json").read_text())
    with pytest.raises(NerpipeError, match=rf"{re.escape(str(tmp_path))}: no decoding\.json is there"):
        pipeline("nerpipe", model=str(tmp_path))


def test_arguments_that_it_does_not_know_are_refused(exported_tiny):
    with pytest.raises(
        NerpipeError, match=r"does not know the argument aggregation_strategy, foo; .* takes min_confidence"
    ):
        pipeline("nerpipe", model=str(exported_tiny), aggregation_strategy="first", foo=1)
    ner = pipeline("nerpipe", model=str(exported_tiny))
    with pytest.raises(NerpipeError, match="does not know the argument stride"):
        ner("The London train", stride=8)
    assert ner([]) == []
    assert len(ner(TEXTS, batch_size=2)) == len(TEXTS)


def test_doubtful_entities_are_left_out(exported_tiny):
    sure = pipeline("nerpipe", model=str(exported_tiny), min_confidence=0.8)(TEXTS)
    every = pipeline("nerpipe", model=str(exported_tiny))(TEXTS)
    assert sure == [[group for group in groups if group["score"] >= 0.8] for groups in every]
    assert sure != every


def test_a_damaged_folder_is_refused(exported_tiny, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(exported_tiny, folder)
    text = (folder / "decoding.json").read_text()
    (folder / "decoding.json").write_text(text.replace('"outside_bias": 0.3', '"outside_bias": 0.4'))
    assert (folder / "decoding.json").read_text() != text
    with pytest.raises(NerpipeError, match="its checksum is not that of SHA256SUMS"):
        pipeline("nerpipe", model=str(folder))
