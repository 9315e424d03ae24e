"""On a real GPU of NVIDIA or AMD: training learns, gives the same bits, and goes on; predictions are the same."""

import json
from dataclasses import replace

import pytest
import torch
import training_settings
from letters import LABELS, sentences, setting_of

from nerpipe.contracts.views import Views
from nerpipe.inference.decoding import DecodingWeights
from nerpipe.inference.device_choice import choose_device
from nerpipe.inference.word_predictions import predict_words
from nerpipe.prediction.predictor import Predictor
from nerpipe.scoring.scores import score
from nerpipe.tokenizing.view_windows import tokenize_views
from nerpipe.training import checkpoints
from nerpipe.training.fine_tuning import train_model
from tiny import save_tiny, spec_of

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no GPU of NVIDIA or AMD here"),
    # The gradient of attention may differ in the last digits; docs/scaling.md says so.
    pytest.mark.filterwarnings("ignore:.*non-deterministic algorithm"),
]

SETTINGS = replace(
    training_settings.SETTINGS, lr=5e-3, epochs=3, averaging="steps", precision="auto", device="auto", patience=2
)
OPTIONS = {"max_length": 32, "stride": 4, "continuation": None}


@pytest.fixture(scope="module", params=["bert", "distilbert", "roberta"])
def setting(request, tmp_path_factory):
    return setting_of(spec_of(save_tiny(tmp_path_factory.mktemp("gpu") / request.param, request.param)))


def train(setting, scratch, taught=None, **changed):
    spec, tokenizer, windows, dev = setting
    settings = replace(SETTINGS, **changed)
    return train_model(spec, tokenizer, windows, dev, LABELS, settings=settings, scratch=scratch, taught=taught)


def scored_on(device, result, setting):
    _, tokenizer, _, dev = setting
    weights = DecodingWeights(SETTINGS.outside_bias, SETTINGS.adjoining_penalty)
    counts = [len(row) for row in dev.gold]
    model = result.model.to(device)
    found = predict_words(model, dev.windows, counts, labels=LABELS, pad_id=tokenizer.pad_token_id, weights=weights)
    return score(dev.gold, found.tags).readings["conlleval"].f1, found.loss


def test_auto_is_the_gpu_and_it_learns_the_same_bits_twice(setting, tmp_path):
    assert choose_device("auto") == "cuda"
    first, second = (train(setting, tmp_path / name) for name in ("first", "second"))
    assert first.model.device.type == "cuda"
    assert max(row["dev_f1"] for row in first.epochs) > 0.8
    assert (first.epochs, first.losses) == (second.epochs, second.losses)
    for name, weights in first.model.state_dict().items():
        assert torch.equal(weights, second.model.state_dict()[name]), name


def test_the_processor_scores_the_weights_as_the_gpu_did_after_each_epoch(setting, tmp_path):
    result = train(setting, tmp_path)
    best = next(row for row in result.epochs if row["best"])
    assert scored_on("cuda", result, setting) == pytest.approx((best["dev_f1"], best["dev_loss"]), abs=1e-6)
    assert scored_on("cpu", result, setting) == pytest.approx((best["dev_f1"], best["dev_loss"]), abs=1e-4)


def test_in_float32_and_without_dropout_the_gpu_learns_what_the_processor_does(tmp_path):
    model = save_tiny(tmp_path / "model", "bert")
    config = json.loads((model / "config.json").read_text()) | {"hidden_dropout_prob": 0.0}
    (model / "config.json").write_text(json.dumps(config))
    setting = setting_of(spec_of(model))
    options = {"precision": "float32", "epochs": 1, "lr": 1e-3}
    here, there = (train(setting, tmp_path / device, device=device, **options) for device in ("cpu", "cuda"))
    assert [row["train_loss"] for row in there.losses] == pytest.approx(
        [row["train_loss"] for row in here.losses], rel=1e-2
    )


def test_a_run_that_broke_off_goes_on_to_the_same_bits(setting, tmp_path, monkeypatch):
    whole = train(setting, tmp_path / "whole")
    monkeypatch.setenv(checkpoints.CHECKPOINT_SECONDS, "0")  # at every step
    saves = []
    mark = checkpoints.mark_complete

    def break_off(checkpoint):
        mark(checkpoint)
        saves.append(checkpoint)
        if len(saves) == 19:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "mark_complete", break_off)
    with pytest.raises(KeyboardInterrupt):
        train(setting, tmp_path / "broken")
    resumed = train(setting, tmp_path / "broken")
    assert resumed.resumed_at == 19
    assert (resumed.epochs, resumed.losses) == (whole.epochs, whole.losses)
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, resumed.model.state_dict()[name]), name


def test_texts_without_labels_are_learnt_on_the_gpu_too(setting, tmp_path):
    tokenizer = setting[1]
    rows, tags = sentences(60, 3)
    ids = [LABELS.index(tag) for row in tags for tag in row]
    views = Views(rows, torch.eye(len(LABELS)).numpy()[ids], 0.0)
    taught, _ = tokenize_views(tokenizer, views, LABELS, **OPTIONS)
    result = train(setting, tmp_path, taught=taught)
    assert [row["steps"] for row in result.epochs] == [23, 46, 69]
    assert max(row["dev_f1"] for row in result.epochs) > 0.8


def test_predictions_on_the_gpu_are_those_of_the_processor(exported_tiny):
    texts = ["Ann reads the London paper", "", "to the Zoo! " * 90, "B an " * 40]
    here, there = (Predictor(exported_tiny, backend="torch", device=device)(texts) for device in ("cpu", "cuda"))
    assert [[entity[:4] for entity in each] for each in here] == [[entity[:4] for entity in each] for each in there]
    assert [entity.confidence for each in here for entity in each] == pytest.approx(
        [entity.confidence for each in there for entity in each], abs=1e-3
    )
