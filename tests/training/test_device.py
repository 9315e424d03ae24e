"""What the Trainer is told of the device, what is for processors alone, and how training and prediction go on a GPU."""

import json
import os
from dataclasses import replace

import letters
import pytest
import torch
import training_settings

from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.views import Views
from nerpipe.inference.decoding import DecodingWeights
from nerpipe.inference.device_choice import choose_device
from nerpipe.inference.word_predictions import predict_words
from nerpipe.prediction.predictor import Predictor
from nerpipe.scoring.scores import score
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.view_windows import tokenize_views
from nerpipe.training import checkpoints, fine_tuning
from nerpipe.training.dev_scores import DevSplit
from nerpipe.training.device import device_arguments, use_deterministic_sums
from nerpipe.training.fast_dropout import FastDropout
from nerpipe.training.fine_tuning import train_model
from nerpipe.training.mixed_precision import MixedLinear
from nerpipe.training.trainer import DevScoringTrainer, training_arguments
from tiny import save_tiny, spec_of

LABELS = make_labels(["person"])
SETTINGS = replace(training_settings.SETTINGS, batch_size=4, outside_bias=0.0, device="auto", precision="auto")


def forget_workspace(monkeypatch):
    """Unset the variable, also for the tests behind this one: what a test sets without monkeypatch would stay."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")


@pytest.mark.parametrize(
    ("device", "on_processor", "pinned"), [("cpu", True, False), ("cuda", False, True), ("mps", False, False)]
)
def test_the_trainer_is_kept_on_the_processor_or_left_to_find_the_gpu(device, on_processor, pinned):
    assert device_arguments(device) == {"use_cpu": on_processor, "dataloader_pin_memory": pinned}


def test_sums_on_a_gpu_need_a_workspace_that_is_set_before_the_first_product(monkeypatch):
    forget_workspace(monkeypatch)
    use_deterministic_sums("cpu")
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    use_deterministic_sums("cuda")
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


class StopBeforeTrainingError(Exception):
    """Raised instead of the training, which no fake device can do."""


@pytest.fixture
def trainer_on(tiny_model, tmp_path, monkeypatch):
    """Return what train_model gives the Trainer on a machine with such a GPU."""
    from datasets import Dataset

    def make(device, *, bf16):
        forget_workspace(monkeypatch)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: device == "cuda")
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: device == "mps")
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda *, including_emulation: bf16 and not including_emulation
        )
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": bf16})
        given = {}

        def keep(**options):
            given.update(options)
            raise StopBeforeTrainingError

        def arguments(*values, device):
            given["device"] = device
            return training_arguments(*values, device="cpu")  # The Trainer would look for the GPU.

        monkeypatch.setattr(fine_tuning, "DevScoringTrainer", keep)
        monkeypatch.setattr(fine_tuning, "training_arguments", arguments)
        spec = spec_of(tiny_model)
        tokenizer = load_tokenizer(spec, capitals="kept")
        row = {"input_ids": [2, 5, 3], "labels": [-100, 0, -100], "word_ids": [-1, 0, -1], "sentence": 0}
        windows = Dataset.from_list([row] * 4)
        with pytest.raises(StopBeforeTrainingError):
            fine_tuning.train_model(
                spec, tokenizer, windows, DevSplit(windows, [["O"]]), LABELS, settings=SETTINGS, scratch=tmp_path
            )
        return given

    return make


@pytest.mark.parametrize(
    ("device", "bf16", "autocast"),
    [("cuda", True, True), ("cuda", False, False), ("mps", True, False), ("cpu", True, False), ("cpu", False, False)],
)
def test_fast_dropout_and_own_products_are_for_processors_and_autocast_is_for_gpus(trainer_on, device, bf16, autocast):
    given = trainer_on(device, bf16=bf16)
    assert (given["device"], given["autocast"]) == (device, autocast)
    kinds = {type(module) for module in given["model"].modules()}
    assert (FastDropout in kinds) == (device == "cpu")
    assert (MixedLinear in kinds) == (device == "cpu" and bf16)
    assert (torch.nn.Dropout in kinds) == (device != "cpu")


def test_autocast_holds_for_the_loss_of_a_step_and_not_when_dev_is_scored(tmp_path):
    """On a processor, where PyTorch has autocast too. bfloat16 keeps 8 bits of 1 + 2**-9, which are those of 1."""
    layer = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(layer.weight, 1 + 2**-9)
    seen = []

    def score_dev(model):
        seen.append(model(torch.ones(1, 1)).item())
        return {"f1": 0.0, "loss": 0.0}

    arguments = training_arguments(tmp_path, SETTINGS, 1, (), device="cpu")
    trainer = DevScoringTrainer(
        model=layer,
        args=arguments,
        eval_dataset=[1],
        score_dev=score_dev,
        layer_decay=1.0,
        averaging=False,
        patience=0,
        fillers=0,
        autocast=True,
    )
    with trainer.compute_loss_context_manager():
        assert layer(torch.ones(1, 1)).item() == 1
    trainer.evaluate()
    assert seen == [1 + 2**-9]


def test_one_process_uses_one_gpu(tmp_path, monkeypatch):
    """The Trainer alone would multiply the batch size by the number of GPUs."""
    from transformers import TrainingArguments

    monkeypatch.setattr(TrainingArguments, "n_gpu", property(lambda self: self._n_gpu or 4))
    arguments = training_arguments(tmp_path, SETTINGS, 1, (), device="cpu")
    assert arguments.train_batch_size == SETTINGS.batch_size


# The gradient of attention may differ in the last digits; docs/scaling.md says so.
_WARNED = pytest.mark.filterwarnings("ignore:.*non-deterministic algorithm")


def gpu(test):
    """Mark a test that needs a real GPU."""
    there = torch.cuda.is_available()
    return pytest.mark.skipif(not there, reason="PyTorch finds no GPU of NVIDIA or AMD here")(_WARNED(test))


GPU_SETTINGS = replace(
    training_settings.SETTINGS, lr=5e-3, epochs=3, averaging="steps", precision="auto", device="auto", patience=2
)
OPTIONS = {"max_length": 32, "stride": 4, "continuation": None}


@pytest.fixture(scope="module", params=["bert", "distilbert", "roberta"])
def setting(request, tmp_path_factory):
    return letters.setting_of(spec_of(save_tiny(tmp_path_factory.mktemp("gpu") / request.param, request.param)))


def train(setting, scratch, taught=None, **changed):
    spec, tokenizer, windows, dev = setting
    settings = replace(GPU_SETTINGS, **changed)
    return train_model(spec, tokenizer, windows, dev, letters.LABELS, settings=settings, scratch=scratch, taught=taught)


def scored_on(device, result, setting):
    _, tokenizer, _, dev = setting
    weights = DecodingWeights(GPU_SETTINGS.outside_bias, GPU_SETTINGS.adjoining_penalty)
    counts = [len(row) for row in dev.gold]
    model = result.model.to(device)
    found = predict_words(
        model, dev.windows, counts, labels=letters.LABELS, pad_id=tokenizer.pad_token_id, weights=weights
    )
    return score(dev.gold, found.tags).readings["conlleval"].f1, found.loss


@gpu
def test_auto_is_the_gpu_and_it_learns_the_same_bits_twice(setting, tmp_path):
    assert choose_device("auto") == "cuda"
    first, second = (train(setting, tmp_path / name) for name in ("first", "second"))
    assert first.model.device.type == "cuda"
    assert max(row["dev_f1"] for row in first.epochs) > 0.8
    assert (first.epochs, first.losses) == (second.epochs, second.losses)
    for name, weights in first.model.state_dict().items():
        assert torch.equal(weights, second.model.state_dict()[name]), name


@gpu
def test_the_processor_scores_the_weights_as_the_gpu_did_after_each_epoch(setting, tmp_path):
    result = train(setting, tmp_path)
    best = next(row for row in result.epochs if row["best"])
    assert scored_on("cuda", result, setting) == pytest.approx((best["dev_f1"], best["dev_loss"]), abs=1e-6)
    assert scored_on("cpu", result, setting) == pytest.approx((best["dev_f1"], best["dev_loss"]), abs=1e-4)


@gpu
def test_in_float32_and_without_dropout_the_gpu_learns_what_the_processor_does(tmp_path):
    model = save_tiny(tmp_path / "model", "bert")
    config = json.loads((model / "config.json").read_text()) | {"hidden_dropout_prob": 0.0}
    (model / "config.json").write_text(json.dumps(config))
    setting = letters.setting_of(spec_of(model))
    options = {"precision": "float32", "epochs": 1, "lr": 1e-3}
    here, there = (train(setting, tmp_path / device, device=device, **options) for device in ("cpu", "cuda"))
    assert [row["train_loss"] for row in there.losses] == pytest.approx(
        [row["train_loss"] for row in here.losses], rel=1e-2
    )


@gpu
def test_a_run_that_broke_off_goes_on_to_the_same_bits(setting, tmp_path, monkeypatch):
    whole = train(setting, tmp_path / "whole")
    monkeypatch.setenv(checkpoints.CHECKPOINT_SECONDS, "0")  # at every step
    letters.break_off(monkeypatch, after=19)
    with pytest.raises(KeyboardInterrupt):
        train(setting, tmp_path / "broken")
    resumed = train(setting, tmp_path / "broken")
    assert resumed.resumed_at == 19
    assert (resumed.epochs, resumed.losses) == (whole.epochs, whole.losses)
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, resumed.model.state_dict()[name]), name


@gpu
def test_texts_without_labels_are_learnt_on_the_gpu_too(setting, tmp_path):
    tokenizer = setting[1]
    rows, tags = letters.sentences(60, 3)
    ids = [letters.LABELS.index(tag) for row in tags for tag in row]
    views = Views(rows, torch.eye(len(letters.LABELS)).numpy()[ids], 0.0)
    taught, _ = tokenize_views(tokenizer, views, letters.LABELS, **OPTIONS)
    result = train(setting, tmp_path, taught=taught)
    assert [row["steps"] for row in result.epochs] == [23, 46, 69]
    assert max(row["dev_f1"] for row in result.epochs) > 0.8


@gpu
def test_predictions_on_the_gpu_are_those_of_the_processor(exported_tiny):
    texts = ["Ann reads the London paper", "", "to the Zoo! " * 90, "B an " * 40]
    here, there = (Predictor(exported_tiny, backend="torch", device=device)(texts) for device in ("cpu", "cuda"))
    assert [[entity[:4] for entity in each] for each in here] == [[entity[:4] for entity in each] for each in there]
    assert [entity.confidence for each in here for entity in each] == pytest.approx(
        [entity.confidence for each in there for entity in each], abs=1e-3
    )
