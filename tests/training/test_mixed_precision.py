"""Mixed precision: near the float32 result, exact in evaluation, its gradients those of the product it computed."""

import pytest

from nerpipe.training.mixed_precision import MixedLinear, is_mixed, use_mixed_precision


@pytest.fixture
def torch():
    import torch

    return torch


@pytest.fixture
def layers(torch):
    torch.manual_seed(1)
    plain = torch.nn.Linear(64, 32)
    mixed = torch.nn.Sequential(torch.nn.Linear(64, 32))
    mixed[0].load_state_dict(plain.state_dict())
    use_mixed_precision(mixed)
    return plain, mixed[0]


def run(torch, layer, hidden):
    hidden = hidden.clone().requires_grad_()
    layer.zero_grad()
    out = layer(hidden)
    (out * torch.arange(out.numel()).view(out.shape).cos()).sum().backward()
    return out.detach(), hidden.grad, layer.weight.grad.clone(), layer.bias.grad.clone()


def test_outputs_and_gradients_are_near_those_of_float32(torch, layers):
    hidden = torch.randn(3, 7, 64)
    for exact, near in zip(*(run(torch, layer, hidden) for layer in layers), strict=True):
        assert near.dtype == torch.float32
        assert near.shape == exact.shape
        # bfloat16 has 8 bits of precision: 2**-8 each for both factors
        assert float((near - exact).norm() / exact.norm()) < 2**-7
    assert not torch.equal(run(torch, layers[0], hidden)[0], run(torch, layers[1], hidden)[0])


def test_evaluation_is_float32_to_the_bit(torch, layers):
    plain, mixed = layers
    hidden = torch.randn(5, 64)
    assert torch.equal(mixed.eval()(hidden), plain(hidden))


def test_what_is_frozen_gets_no_gradient(torch, layers):
    mixed = layers[1]
    mixed.weight.requires_grad_(requires_grad=False)
    hidden = torch.randn(5, 64, requires_grad=True)
    mixed(hidden).sum().backward()
    assert mixed.weight.grad is None
    assert hidden.grad is not None


def test_a_layer_without_bias_works(torch):
    model = torch.nn.Sequential(torch.nn.Linear(4, 2, bias=False))
    use_mixed_precision(model)
    assert isinstance(model[0], MixedLinear)
    assert model(torch.ones(3, 4)).shape == (3, 2)


@pytest.mark.parametrize("capable", [True, False])
@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_auto_means_bfloat16_where_the_device_is_built_for_it(torch, monkeypatch, device, capable):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True, "avx512_bf16": capable})
    # An older GPU emulates bfloat16, and is slower with it.
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *, including_emulation: including_emulation or capable)
    assert is_mixed("auto", device) is (capable and device != "mps")
    assert is_mixed("bfloat16", device)
    assert not is_mixed("float32", device)
