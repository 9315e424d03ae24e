"""The pipeline of transformers is found by the name of its task, and is exact."""

import json
import re

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
