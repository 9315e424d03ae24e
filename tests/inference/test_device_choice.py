"""Which device is used, on machines with and without GPUs."""

import subprocess
import sys

import pytest
import torch

from nerpipe.errors import NerpipeError
from nerpipe.inference.device_choice import choose_device


@pytest.fixture
def gpus(monkeypatch):
    def have(*names):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in names)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in names)

    return have


@pytest.mark.parametrize(
    ("there", "device", "chosen"),
    [
        ([], "auto", "cpu"),
        (["cuda"], "auto", "cuda"),
        (["mps"], "auto", "mps"),
        (["cuda"], "cpu", "cpu"),
        (["cuda"], "cuda", "cuda"),
        (["mps"], "mps", "mps"),
    ],
)
def test_a_gpu_is_used_where_there_is_one_unless_another_device_is_named(gpus, there, device, chosen):
    gpus(*there)
    assert choose_device(device) == chosen


def test_a_device_that_is_not_there_is_one_sentence(gpus):
    gpus("mps")
    with pytest.raises(
        NerpipeError, match=r"^\[params.yaml -> device\] cuda: PyTorch .* only mps, cpu; choose auto or"
    ):
        choose_device("cuda")
    with pytest.raises(NerpipeError, match=r"^--device 'tpu': there is no such device; there are auto, cpu, cuda, mps"):
        choose_device("tpu", place="--device")


def test_the_processor_is_chosen_without_pytorch():
    code = "import sys; from nerpipe.inference.device_choice import choose_device; choose_device('cpu'); "
    subprocess.run([sys.executable, "-c", code + "assert 'torch' not in sys.modules"], check=True)
