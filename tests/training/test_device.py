"""What the Trainer is told of the device."""

import pytest

from nerpipe.training import device
from nerpipe.training.device import device_arguments


@pytest.mark.parametrize(
    ("accelerated", "mixed", "autocast"), [(False, True, False), (True, True, True), (True, False, False)]
)
def test_autocast_is_for_accelerators_alone(monkeypatch, accelerated, mixed, autocast):
    monkeypatch.setattr(device, "has_accelerator", lambda: accelerated)
    told = device_arguments(mixed=mixed)
    assert (told["bf16"], told["use_cpu"]) == (autocast, not accelerated)
