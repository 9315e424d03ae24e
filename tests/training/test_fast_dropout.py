"""Dropout with masks of our own: its rate, its mean, its gradient, and that a stream of masks can be taken up again."""

import json

import pytest

from nerpipe.training.fast_dropout import FastDropout, MaskGenerator, use_fast_dropout


@pytest.fixture
def torch():
    import torch

    return torch


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_mask_has_the_rate_and_keeps_the_mean(torch, rate):
    mask = MaskGenerator(1, 0).draw(torch.Size((100, 1001)), rate)
    # 100,100 elements: 5 standard deviations of the share that is dropped
    assert float((mask == 0).float().mean()) == pytest.approx(rate, abs=5 * (rate * (1 - rate) / 100_100) ** 0.5)
    assert sorted(set(mask.ravel().tolist())) == [0.0, pytest.approx(1 / (1 - rate), rel=1e-4)]


def test_forward_and_gradient_share_the_mask(torch):
    layer = FastDropout(0.3, MaskGenerator(2, 0))
    hidden = torch.ones(7, 11, requires_grad=True)
    out = layer(hidden)
    out.sum().backward()
    assert torch.equal(out, hidden.grad)
    assert (out == 0).any()


def test_it_does_nothing_in_evaluation_or_at_rate_0(torch):
    hidden = torch.ones(3, 4)
    assert FastDropout(0.0, MaskGenerator(1, 0))(hidden) is hidden
    assert FastDropout(0.5, MaskGenerator(1, 0)).eval()(hidden) is hidden


def test_bfloat16_stays_bfloat16(torch):
    assert FastDropout(0.5, MaskGenerator(1, 0))(torch.ones(4, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_a_stream_goes_on_from_its_state_and_each_process_has_its_own(torch):
    shape = torch.Size((5, 3))
    masks = MaskGenerator(1, 0)
    masks.draw(shape, 0.5)
    state = json.loads(json.dumps(masks.state()))
    wanted = masks.draw(shape, 0.5)
    again = MaskGenerator(9, 9)
    again.restore(state)
    assert torch.equal(again.draw(shape, 0.5), wanted)
    draws = [MaskGenerator(seed, rank).draw(torch.Size((99,)), 0.5) for seed, rank in ((1, 0), (1, 1), (2, 0))]
    assert not torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_every_dropout_of_a_model_is_replaced_and_no_parameter_renamed(torch):
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 2), torch.nn.Sequential(torch.nn.Dropout(0.2)), torch.nn.Dropout(0.0)
    )
    names = [name for name, _ in model.named_parameters()]
    use_fast_dropout(model, MaskGenerator(1, 0))
    assert [name for name, _ in model.named_parameters()] == names
    assert [layer.p for layer in model.modules() if isinstance(layer, FastDropout)] == [0.2, 0.0]
    assert not any(isinstance(layer, torch.nn.Dropout) for layer in model.modules())
