"""The stage train: what the folder with its checkpoints is named by."""

import json
from dataclasses import replace
from importlib.metadata import version

import pytest
import torch

from nerpipe.errors import NerpipeError
from nerpipe.params import load_params
from nerpipe.training import train as stage
from nerpipe.training.settings import TrainSettings
from places import ROOT
from tiny import spec_of


class NamedError(Exception):
    """Raised in place of the training."""


@pytest.fixture
def options_of(tiny_model, tmp_path, monkeypatch):
    """Return what the fingerprint of a run is made of, on a machine with these abilities."""
    (tmp_path / "labels.json").write_text(json.dumps(["O", "B-person", "I-person"]))
    (tmp_path / "pins.txt").write_text(f"numpy=={version('numpy')}\n")
    given = []

    def keep(options, _inputs):
        given.append(options)
        raise NamedError

    monkeypatch.setattr(stage, "run_fingerprint", keep)

    def options(device, *, gpu, bf16=True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: bf16)
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": bf16})
        settings = replace(TrainSettings.from_params(load_params(ROOT / "params.yaml")), device=device)
        files = dict.fromkeys(("clean_dev", "tokenized", "out", "report", "curve"), tmp_path / "none")
        told = {"model": spec_of(tiny_model), "capitals": "kept", "report_to": "none", "settings": settings}
        with pytest.raises(NamedError):
            stage.train(**files, encoded=tmp_path, pins=tmp_path / "pins.txt", **told)
        return given[-1]

    return options


def test_another_device_or_number_format_is_another_run_and_another_way_to_name_the_device_is_not(options_of):
    on_processor, on_gpu = options_of("auto", gpu=False), options_of("auto", gpu=True)
    assert on_processor != on_gpu
    assert options_of("cpu", gpu=True) == on_processor
    assert options_of("cuda", gpu=True) == on_gpu
    assert options_of("auto", gpu=True, bf16=False) != on_gpu
    assert options_of("auto", gpu=False, bf16=False) != on_processor


def test_a_gpu_that_is_not_there_is_refused_before_anything_is_read(options_of):
    with pytest.raises(NerpipeError, match=r"\[params.yaml -> device\] cuda: PyTorch .* can use no such device here"):
        options_of("cuda", gpu=False)
