"""The loss: plain cross entropy without a bias, and a model that has learnt to make up for one."""

from types import SimpleNamespace

import pytest

from nerpipe.contracts.views import Taught
from nerpipe.training.loss import AdjustedCrossEntropy


@pytest.fixture
def torch():
    import torch

    return torch


def test_without_a_bias_it_is_the_mean_over_labelled_sub_words(torch):
    logits = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([[-100, 0, 2, -100], [1, -100, -100, -100]])
    picked = -logits.log_softmax(-1)[[0, 0, 1], [1, 2, 0], [0, 2, 1]].mean()
    assert float(AdjustedCrossEntropy(3, 0, 0.0)(SimpleNamespace(logits=logits), labels)) == pytest.approx(
        float(picked)
    )


def test_the_parts_of_two_processes_add_up_to_the_loss_and_the_gradient_of_one(torch):
    """One half has three labelled sub-words, the other one, and a third process has only windows without labels."""
    whole = torch.randn(3, 4, 3, generator=torch.Generator().manual_seed(1), requires_grad=True)
    labels = torch.tensor([[-100, 0, 2, 1], [1, -100, -100, -100], [-100] * 4])
    alone = AdjustedCrossEntropy(3, 0, 0.5)(SimpleNamespace(logits=whole), labels)
    (expected,) = torch.autograd.grad(alone, whole)
    shared = AdjustedCrossEntropy(3, 0, 0.5, processes=3)
    count = (labels != -100).sum()
    parts = [shared(SimpleNamespace(logits=whole[i : i + 1]), labels[i : i + 1], count) for i in range(3)]
    assert sum(parts).item() == pytest.approx(alone.item())
    (gradient,) = torch.autograd.grad(sum(parts), whole)
    torch.testing.assert_close(gradient, expected)


def test_what_minimises_it_holds_o_less_likely_by_the_bias(torch):
    """Of 100 words 90 are O: logits fitted with a bias of 0.7 are those of the shares, but 0.7 lower for O."""
    labels = torch.tensor([[0] * 90 + [1] * 10])
    fitted = torch.zeros(2, requires_grad=True)
    loss = AdjustedCrossEntropy(2, 0, 0.7)
    optimiser = torch.optim.LBFGS([fitted], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        value = loss(SimpleNamespace(logits=fitted.expand(1, 100, 2)), labels)
        value.backward()
        return value

    optimiser.step(closure)
    log_odds = float((fitted[0] - fitted[1]).detach())
    assert log_odds == pytest.approx(float(torch.tensor(9.0).log()) - 0.7, abs=1e-3)


def test_certain_probabilities_of_a_teacher_are_labels(torch):
    """Two ids of labels and two of rows of the teacher are in one batch, in one process and in two."""
    taught = Taught(None, torch.eye(3)[[2, 0, 1]].numpy(), 0.7)
    logits = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(1), requires_grad=True)
    labels = torch.tensor([[-100, 0, 2, 3], [3 + 2, -100, 1, -100]])
    meant = torch.tensor([[-100, 0, 2, 2], [1, -100, 1, -100]])
    expected = AdjustedCrossEntropy(3, 0, 0.5)(SimpleNamespace(logits=logits), meant)
    found = AdjustedCrossEntropy(3, 0, 0.5, taught=taught)(SimpleNamespace(logits=logits), labels)
    assert found.item() == pytest.approx(expected.item())
    torch.testing.assert_close(*(torch.autograd.grad(each, logits)[0] for each in (found, expected)))
    shared = AdjustedCrossEntropy(3, 0, 0.5, taught=taught, processes=2)
    count = (labels != -100).sum()
    parts = [shared(SimpleNamespace(logits=logits[i : i + 1]), labels[i : i + 1], count) for i in range(2)]
    assert sum(parts).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("bias", [0.0, 2.0])
@pytest.mark.parametrize("bias_of_teacher", [0.0, 0.3])
def test_a_student_learns_from_a_teacher_what_it_would_learn_from_labels_whatever_their_biases(
    torch, bias, bias_of_teacher
):
    """A teacher that has learnt the shares of the labels with its bias holds O less likely than they are."""
    shares = torch.tensor([0.9, 0.07, 0.03])
    held = shares * torch.tensor([-bias_of_teacher, 0.0, 0.0]).exp()
    taught = Taught(None, (held / held.sum()).reshape(1, 3).numpy(), bias_of_teacher)
    loss = AdjustedCrossEntropy(3, 0, bias, taught=taught)
    fitted = torch.zeros(3, requires_grad=True)
    optimiser = torch.optim.LBFGS([fitted], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        value = loss(SimpleNamespace(logits=fitted.expand(1, 1, 3)), torch.tensor([[3]]))
        value.backward()
        return value

    optimiser.step(closure)
    learnt = (fitted.detach() + torch.tensor([bias, 0.0, 0.0])).softmax(-1)
    torch.testing.assert_close(learnt, shares, atol=1e-3, rtol=0)
