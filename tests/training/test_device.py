"""What the Trainer is told of the device, and which parts of training are for processors alone."""

import os
from dataclasses import replace

import pytest
import torch
import training_settings

from nerpipe.contracts.labels import make_labels
from nerpipe.training import fine_tuning
from nerpipe.training.device import device_arguments, use_deterministic_sums
from nerpipe.training.fast_dropout import FastDropout
from nerpipe.training.mixed_precision import MixedLinear
from nerpipe.training.trainer import DevScoringTrainer, training_arguments

LABELS = make_labels(["person"])
SETTINGS = replace(training_settings.SETTINGS, batch_size=4, outside_bias=0.0, device="auto", precision="auto")


@pytest.mark.parametrize(
    ("device", "on_processor", "pinned"), [("cpu", True, False), ("cuda", False, True), ("mps", False, False)]
)
def test_the_trainer_is_kept_on_the_processor_or_left_to_find_the_gpu(device, on_processor, pinned):
    assert device_arguments(device) == {"use_cpu": on_processor, "dataloader_pin_memory": pinned}


def test_sums_on_a_gpu_need_a_workspace_that_is_set_before_the_first_product(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
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

    from nerpipe.tokenizing.tokenizer import load_tokenizer
    from nerpipe.training.dev_scores import DevSplit
    from tiny import spec_of

    def make(device, *, bf16):
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
