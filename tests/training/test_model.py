"""Embeddings for marked sub-words: at first those of unmarked ones, one shift for all, plain again after training."""

import pytest

from nerpipe.contracts.labels import make_labels
from nerpipe.tokenizing.capitals import MARK
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


def test_the_shift_moves_every_marked_sub_word_and_no_other(torch, setting):
    tokenizer, model = setting
    table = model.get_input_embeddings()
    ids = torch.arange(len(tokenizer))
    before = table(ids).detach()
    torch.nn.init.constant_(table.shift, 0.5)
    moved = (table(ids).detach() - before).abs().sum(dim=1) > 0
    assert tokenizer.convert_ids_to_tokens(ids[moved]) == [
        piece for piece in tokenizer.convert_ids_to_tokens(ids) if piece.startswith(MARK)
    ]


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


def test_without_marks_nothing_is_added(tiny_model):
    tokenizer = load_tokenizer(spec_of(tiny_model), capitals="lost")
    model = load_model(spec_of(tiny_model), make_labels(["person"]), tokenizer, attention_dropout=0.0)
    assert not isinstance(model.get_input_embeddings(), ShiftedEmbedding)
    assert model.config.vocab_size == len(tokenizer)
