"""Layers and their learning rates, whatever the architecture."""

import pytest

from nerpipe.contracts.labels import make_labels
from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.training.layers import depths, freeze, parameter_groups
from nerpipe.training.model import load_model
from tiny import save_tiny, spec_of


@pytest.fixture(scope="module", params=["bert", "deberta", "distilbert", "roberta"])
def spec(request, tmp_path_factory):
    return spec_of(save_tiny(tmp_path_factory.mktemp("layers") / request.param, request.param))


@pytest.fixture
def model(spec):
    return load_model(spec, make_labels(["person"]), load_tokenizer(spec, capitals="lost"), attention_dropout=0.0)


def test_depth_counts_from_the_head_down_to_the_embeddings(model):
    deep = depths(model)
    assert set(deep) == {name for name, _ in model.named_parameters()}
    assert {value for name, value in deep.items() if name.startswith("classifier")} == {0}
    assert {value for name, value in deep.items() if "embeddings" in name} == {3}  # of two layers
    assert {value for name, value in deep.items() if "layer.1." in name} == {1}
    assert {value for name, value in deep.items() if "layer.0." in name} == {2}


def test_groups_hold_each_trained_parameter_once_at_its_rate(model):
    freeze(model, word_embeddings=True, layers=0)
    decayed = {name for name, parameter in model.named_parameters() if parameter.ndim > 1}
    groups = parameter_groups(model, decayed, lr=0.1, layer_decay=0.5, weight_decay=0.01)
    rates = {id(parameter): (group["lr"], group["weight_decay"]) for group in groups for parameter in group["params"]}
    assert sum(len(group["params"]) for group in groups) == len(rates)
    for name, parameter in model.named_parameters():
        if parameter is model.get_input_embeddings().weight:
            assert id(parameter) not in rates
        else:
            assert rates[id(parameter)] == (0.1 * 0.5 ** depths(model)[name], 0.01 if name in decayed else 0.0)


def test_attention_dropout_is_set_and_other_dropout_is_the_model_s_own(model):
    config = model.config
    assert {getattr(config, name, 0.0) for name in ("attention_probs_dropout_prob", "attention_dropout")} == {0.0}
    assert (getattr(config, "hidden_dropout_prob", None) or config.dropout) == 0.1


def test_frozen_layers_take_all_that_lies_below_with_them(model):
    deep = depths(model)
    freeze(model, word_embeddings=False, layers=1)
    assert {name for name, parameter in model.named_parameters() if parameter.requires_grad} == {
        name for name in deep if deep[name] < 2
    }


def test_at_least_one_layer_is_trained(model):
    with pytest.raises(
        NerpipeError, match=r"frozen_layers\] 2 would leave no layer .* it has 2 layers; expected 0 to 1"
    ):
        freeze(model, word_embeddings=True, layers=2)
