"""Embeddings for twins with capitals: at first those of small letters, one shift for all, plain after training."""

import json
import re
import shutil

import pytest
from safetensors.torch import load_file, save_file

from nerpipe.contracts.labels import make_labels
from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.capitals import twins_from
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.training.model import ShiftedEmbedding, fold_embeddings, load_model
from tiny import spec_of


@pytest.fixture
def torch():
    import torch

    return torch


@pytest.fixture
def setting(tiny_model):
    tokenizer = load_tokenizer(spec_of(tiny_model), capitals="kept")
    return tokenizer, load_model(spec_of(tiny_model), make_labels(["person"]), tokenizer, attention_dropout=0.0).eval()


def logits(torch, setting, words):
    tokenizer, model = setting
    with torch.no_grad():
        return model(**tokenizer(words, is_split_into_words=True, return_tensors="pt")).logits


def test_before_training_capitals_make_no_difference(torch, setting):
    assert torch.equal(logits(torch, setting, ["The", "Abc"]), logits(torch, setting, ["the", "abc"]))


def test_the_shift_moves_every_twin_and_no_other_sub_word(torch, setting):
    tokenizer, model = setting
    table = model.get_input_embeddings()
    ids = torch.arange(len(tokenizer))
    before = table(ids).detach()
    torch.nn.init.constant_(table.shift, 0.5)
    moved = (table(ids).detach() - before).abs().sum(dim=1) > 0
    assert tokenizer.convert_ids_to_tokens(ids[moved]) == list(twins_from(tokenizer, table._first))


def test_folded_it_is_a_plain_model_that_gives_the_same(torch, setting, tmp_path):
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    tokenizer, model = setting
    torch.nn.init.normal_(model.get_input_embeddings().shift)
    wanted = logits(torch, setting, ["The", "Abc", "d"])
    assert not torch.equal(wanted, logits(torch, setting, ["the", "abc", "d"]))
    fold_embeddings(model)
    assert type(model.get_input_embeddings()) is torch.nn.Embedding
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path), AutoModelForTokenClassification.from_pretrained(tmp_path)
    assert torch.equal(wanted, logits(torch, again, ["The", "Abc", "d"]))


def test_the_shift_is_learnt_though_the_words_are_frozen(setting):
    from nerpipe.training.layers import freeze

    tokenizer, model = setting
    freeze(model, word_embeddings=True, layers=1)
    model(**tokenizer(["The"], is_split_into_words=True, return_tensors="pt")).logits.sum().backward()
    table = model.get_input_embeddings()
    assert isinstance(table, ShiftedEmbedding)
    assert table.weight.grad is None
    assert float(table.shift.grad.abs().sum()) > 0


def test_without_twins_nothing_is_added(tiny_model):
    tokenizer = load_tokenizer(spec_of(tiny_model), capitals="lost")
    model = load_model(spec_of(tiny_model), make_labels(["person"]), tokenizer, attention_dropout=0.0)
    assert not isinstance(model.get_input_embeddings(), ShiftedEmbedding)
    assert model.config.vocab_size == len(tokenizer)


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "model")


def load(folder):
    spec = spec_of(folder)
    tokenizer = load_tokenizer(spec, capitals="kept")
    return load_model(spec, make_labels(["person"]), tokenizer, attention_dropout=0.0)


def change_weights(folder, change):
    path = folder / "model.safetensors"
    weights = {name: values for name, values in map(change, load_file(path).items()) if values is not None}
    save_file(weights, path, metadata={"format": "pt"})


def change_config(folder, **changed):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changed))


def test_weights_whose_names_match_nothing_are_refused_and_listed(folder):
    change_weights(folder, lambda item: (f"other.{item[0]}", item[1]))
    with pytest.raises(NerpipeError) as caught:
        load(folder)
    said = str(caught.value)
    assert re.search(r"(\d+) of its (\d+) parameters have no weights: bert\.embeddings\.\S+, .* and \d+ more", said)
    assert re.search(r"weights have names that it does not know: other\.bert\.", said)


def test_one_missing_weight_is_refused(folder):
    lost = "bert.encoder.layer.1.output.dense.bias"
    change_weights(folder, lambda item: (item[0], None if item[0] == lost else item[1]))
    with pytest.raises(NerpipeError, match=rf"1 of its \d+ parameters have no weights: {lost}"):
        load(folder)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"num_hidden_layers": 3}, r"have no weights: bert\.encoder\.layer\.2\."),
        (
            {"intermediate_size": 63},
            r"parameters have another shape: bert\.\S+ is 64 and not 63, .*64x32 and not 63x32",
        ),
        ({"vocab_size": 900}, r"bert.embeddings.word_embeddings.weight is \d+x32 and not 900x32"),
        ({"hidden_size": 31}, "could not be loaded"),  # not a multiple of the number of heads
        ({"hidden_size": "many"}, "could not be loaded"),
        ({"hidden_size": -1}, "could not be loaded"),
        ({"hidden_act": "no such function"}, "could not be loaded"),
        ({"model_type": "no-such-type"}, "could not be loaded"),
        ({"model_type": "t5"}, "could not be loaded|have no weights"),
        ({"auto_map": {"AutoModelForTokenClassification": "code.Model"}}, "needs Python code from its folder"),
        ({"vocab_size": 10**12}, "could not be loaded"),
    ],
)
def test_a_config_of_another_model_is_refused(folder, changed, said):
    change_config(folder, **changed)
    with pytest.raises(NerpipeError, match=said):
        load(folder)


def test_weights_for_other_tasks_are_counted(folder, capsys):
    load(folder)
    assert re.search(
        r"[1-9]\d* weights of the model are for other tasks and are left out: cls\.", capsys.readouterr().out
    )


def test_weights_that_are_not_finite_are_refused(folder, torch):
    def harm(item):
        name, values = item
        return name, torch.full_like(values, torch.nan) if name == "bert.embeddings.LayerNorm.bias" else values

    change_weights(folder, harm)
    with pytest.raises(NerpipeError, match=r"not finite: bert\.embeddings\.LayerNorm\.bias"):
        load(folder)


def test_a_tokenizer_of_another_model_is_refused(folder):
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary |= {f"new{number}": len(vocabulary) + number for number in range(3)}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(
        NerpipeError, match="tokenizer has 3 sub-words for which the model has no embedding, such as 'new0'"
    ):
        load(folder)


def test_a_broken_tokenizer_is_refused(folder):
    (folder / "tokenizer.json").write_text('{"version": "1.0"')
    with pytest.raises(NerpipeError, match=r"could not be loaded: .*\nA folder needs config.json"):
        load(folder)
