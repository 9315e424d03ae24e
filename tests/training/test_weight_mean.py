"""The mean of the weights: the formula, with the weights of each step from outside, and what is scored and kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import training_settings
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.ledger import tally
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training.dev_scores import DevScorer, DevSplit
from nerpipe.training.fine_tuning import train_model
from nerpipe.training.weight_mean import POWER, WeightMean
from tiny import spec_of

LABELS = make_labels(["person"])
ROWS = [["a", "b", "X"], ["Y", "c"], ["d", "e", "f", "Z"], ["g"]] * 4
TAGS = [["B-person" if word.isupper() else "O" for word in row] for row in ROWS]


class Step:
    def __init__(self, number):
        self.global_step = number


def expected(steps, power):
    """Compute the mean in another way: the parts of all steps at once. The first of `steps` are the initial weights."""
    if power is None:
        return steps[-1]
    parts = [(power + 1) / (power + number) for number in range(1, len(steps))]
    left = [part * np.prod([1 - later for later in parts[place + 1 :]]) for place, part in enumerate(parts)]
    assert sum(left) == pytest.approx(1)
    return sum(part * weights for part, weights in zip(left, steps[1:], strict=True))


@given(
    values=st.lists(st.floats(-10, 10, width=32), min_size=2, max_size=40),
    power=st.sampled_from([None, 0.0, 1.0, POWER]),
)
@settings(deadline=None)
def test_the_mean_is_that_of_the_formula(values, power):
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(values[0])
    mean = WeightMean(model, power=power)
    for number, value in enumerate(values[1:], start=1):
        model.weight.data.fill_(value)
        mean.on_step_end(None, Step(number), None)
    with mean.in_place():
        assert model.weight.item() == pytest.approx(expected(values, power), rel=1e-4, abs=1e-4)
        if power is None:
            assert model.weight.item() == values[-1]
        if power == 0:
            assert model.weight.item() == pytest.approx(np.mean(values[1:]), rel=1e-4, abs=1e-4)
    assert model.weight.item() == values[-1]
    mean.keep()
    assert model.weight.item() == pytest.approx(expected(values, power), rel=1e-4, abs=1e-4)


def test_the_weights_come_back_after_an_error():
    model = torch.nn.Linear(2, 2)
    mean = WeightMean(model, power=POWER)
    model.weight.data += 1
    after = model.weight.detach().clone()

    def fail():
        with mean.in_place():
            assert not torch.equal(model.weight, after)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert torch.equal(model.weight, after)


def test_a_checkpoint_brings_the_mean_back_to_the_bit(tmp_path):
    model, other = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    mean, again = WeightMean(model, power=POWER), WeightMean(other, power=POWER)
    model.weight.data += 1
    mean.on_step_end(None, Step(1), None)
    mean.save(tmp_path)
    again.load(tmp_path)
    mean.keep()
    again.keep()
    assert torch.equal(model.weight, other.weight)
    assert torch.equal(model.bias, other.bias)


def test_weights_that_are_frozen_are_left_alone():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    model[0].requires_grad_(requires_grad=False)
    mean = WeightMean(model, power=POWER)
    model[0].weight.data += 1
    frozen = model[0].weight.detach().clone()
    mean.keep()
    assert torch.equal(model[0].weight, frozen)


def run(tiny_model, scratch, monkeypatch, averaging):
    """Train, and note the weights of the head after each step and each time that dev is scored."""
    spec = spec_of(tiny_model)
    tokenizer = load_tokenizer(spec, capitals="kept")
    ids = [[LABELS.index(tag) for tag in row] for row in TAGS]
    data = Dataset.from_dict({"tokens": ROWS, "ner_tags": ids}, split="train")
    windows, _ = tokenize_split(
        tokenizer, data, LABELS, expected=tally(TAGS), max_length=32, stride=4, continuation=None
    )
    steps, scored = [], []
    on_dev, step_end, begin = DevScorer.on_dev, WeightMean.on_step_end, WeightMean.__init__

    def weights(model):
        return model.classifier.weight.detach().clone().numpy()

    def note_start(self, model, *, power):
        begin(self, model, power=power)
        steps.append(weights(model))

    def note_step(self, args, state, control, model=None, **_):
        steps.append(weights(model))
        step_end(self, args, state, control)

    def note_scored(self, model):
        scored.append(weights(model))
        # The F1 rises, so that the last epoch is the best.
        return {**on_dev(self, model), "f1": min(len(scored), 3) / 10}

    with monkeypatch.context() as patch:
        patch.setattr(WeightMean, "__init__", note_start)
        patch.setattr(WeightMean, "on_step_end", note_step)
        patch.setattr(DevScorer, "on_dev", note_scored)
        changed = replace(training_settings.SETTINGS, epochs=3, batch_size=4, averaging=averaging)
        result = train_model(
            spec, tokenizer, windows, DevSplit(windows, TAGS), LABELS, settings=changed, scratch=scratch
        )
    return result, steps, scored


@pytest.mark.parametrize(("averaging", "power"), [("none", None), ("steps", POWER)])
def test_dev_is_scored_with_the_mean_and_the_mean_is_kept(tiny_model, tmp_path: Path, monkeypatch, averaging, power):
    result, steps, scored = run(tiny_model, tmp_path, monkeypatch, averaging)
    assert len(steps) == 1 + 12
    for epoch, weights in enumerate(scored[:3], start=1):
        np.testing.assert_allclose(weights, expected(steps[: 4 * epoch + 1], power), atol=1e-6)
    np.testing.assert_array_equal(result.model.classifier.weight.detach().numpy(), scored[2])
    assert np.array_equal(scored[2], steps[-1]) == (power is None)


def test_the_mean_does_not_change_how_the_weights_are_trained(tiny_model, tmp_path, monkeypatch):
    runs = [run(tiny_model, tmp_path / kind, monkeypatch, kind) for kind in ("none", "steps")]
    np.testing.assert_array_equal(runs[0][1], runs[1][1])
    assert [row["train_loss"] for row in runs[0][0].epochs] == [row["train_loss"] for row in runs[1][0].epochs]
