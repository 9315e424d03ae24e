"""Predictions word by word, against the model called by hand."""

import json

import numpy as np
import pytest

from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.ledger import Tally
from nerpipe.errors import NerpipeError
from nerpipe.inference.decoding import iob2_transitions
from nerpipe.inference.marginals import word_confidences
from nerpipe.inference.word_predictions import load_trained, predict_words
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training.model import load_model
from tiny import spec_of

LABELS = make_labels(["person"])


@pytest.fixture(scope="module")
def setting(tiny_model):
    spec = spec_of(tiny_model)
    tokenizer = load_tokenizer(spec, capitals="lost")
    return tokenizer, load_model(spec, LABELS, tokenizer, attention_dropout=0.0)


def windows_of(tokenizer, sentences, *, max_length=64, stride=0):
    from datasets import Dataset

    tags = [[0] * len(words) for words in sentences]
    data = Dataset.from_dict({"tokens": sentences, "ner_tags": tags}, split="test")
    expected = Tally(len(tags), sum(map(len, tags)), 0)
    options = {"max_length": max_length, "stride": stride, "continuation": None}
    return tokenize_split(tokenizer, data, LABELS, expected=expected, **options)[0]


def predict(setting, sentences, **options):
    tokenizer, model = setting
    windows = windows_of(tokenizer, sentences, **options)
    return predict_words(model, windows, [len(words) for words in sentences], labels=LABELS, pad_id=0)


def test_a_word_gets_the_label_and_scores_of_its_first_sub_word(setting):
    import torch

    tokenizer, model = setting
    words = ["the", "abc", "d"]  # pieces: [CLS] the a ##b ##c d [SEP], so the first pieces stand at 1, 2 and 5
    result = predict(setting, [words])
    model.eval()
    with torch.no_grad():
        logits = model(**tokenizer(words, is_split_into_words=True, return_tensors="pt")).logits[0]
    probabilities = torch.softmax(logits.double(), -1)[[1, 2, 5]]
    assert result.undecoded == [[LABELS[index] for index in probabilities.argmax(-1)]]
    chosen = np.array([LABELS.index(tag) for tag in result.tags[0]])
    confidences = word_confidences(probabilities.log().numpy(), [3], iob2_transitions(LABELS), chosen)
    assert result.confidences[0] == pytest.approx(confidences, abs=1e-6)
    assert result.loss == pytest.approx(float(-probabilities[:, 0].log().mean()), abs=1e-6)
    assert result.unseen == 0


def test_every_word_gets_one_label_whatever_the_length_and_company(setting):
    sentences = [["a"] * 3, ["b", "\ufe0f", "c"], ["\ufe0f"], ["d"] * 90, ["the", "London"]]
    result = predict(setting, sentences, max_length=16, stride=6)
    assert [len(row) for row in result.tags] == [len(row) for row in result.confidences] == [3, 3, 1, 90, 2]
    assert result.unseen == 2
    assert (result.tags[1][1], result.confidences[1][1]) == ("O", 0.0)
    assert (result.tags[2][0], result.confidences[2][0]) == ("O", 0.0)
    assert all(0 < value <= 1 for value in result.confidences[3])
    alone = predict(setting, [sentences[4]])
    assert result.confidences[4] == pytest.approx(alone.confidences[0], abs=1e-6)


def test_the_tags_of_a_sentence_obey_iob2_and_those_of_single_words_need_not(setting):
    import torch

    _, model = setting
    bias = model.classifier.bias
    before = bias.detach().clone()
    with torch.no_grad():
        bias.copy_(torch.tensor([2.0, 1.0, 5.0]))  # O, B-person, I-person: every word for itself is I-person
    try:
        result = predict(setting, [["the", "abc"], ["a"]])
    finally:
        with torch.no_grad():
            bias.copy_(before)
    assert result.undecoded == [["I-person", "I-person"], ["I-person"]]
    assert result.tags == [["B-person", "I-person"], ["O"]]


def test_a_window_s_context_is_used(setting):
    whole = predict(setting, [["the"] * 20])
    cut = predict(setting, [["the"] * 20], max_length=8, stride=2)
    assert whole.confidences != cut.confidences


def test_the_model_goes_back_to_the_mode_it_was_in(setting):
    _, model = setting
    for mode in (True, False):
        model.train(mode)
        predict(setting, [["a"]])
        assert model.training is mode


def test_load_trained_gives_labels_in_order(setting, tmp_path):
    tokenizer, model = setting
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert load_trained(tmp_path)[2] == LABELS


@pytest.fixture
def trained(setting, tmp_path):
    """A folder as the train stage writes it."""
    tokenizer, model = setting
    model.save_pretrained(tmp_path / "trained")
    tokenizer.save_pretrained(tmp_path / "trained")
    return tmp_path / "trained"


def rename(folder, change):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file(
        {new: values for name, values in weights.items() if (new := change(name))},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )


def set_key(folder, **changed):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changed))


HARMS = {
    "weights of other names": (lambda folder: rename(folder, lambda name: f"x.{name}"), "have no weights"),
    "no head": (
        lambda folder: rename(folder, lambda name: "" if "classifier" in name else name),
        r"2 of its \d+ parameters have no weights: classifier.bias, classifier.weight",
    ),
    "another head": (
        lambda folder: set_key(folder, id2label={"0": "O"}, label2id={"O": 0}),
        "classifier.bias is 3 and not 1, classifier.weight is 3x32 and not 1x32",
    ),
    "cut weights": (lambda folder: truncate(folder / "model.safetensors"), "no whole safetensors file"),
    "no config": (lambda folder: (folder / "config.json").unlink(), "cannot be loaded.*dvc repro"),
    "half a config": (lambda folder: truncate(folder / "config.json"), "not valid JSON"),
    "half a tokenizer": (lambda folder: truncate(folder / "tokenizer.json"), "cannot be loaded"),
    "another architecture": (lambda folder: set_key(folder, model_type="roberta"), "have no weights"),
}


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_trained_folder_is_loaded_whole(trained):
    model, _, labels = load_trained(trained)
    assert labels == LABELS
    assert model.classifier.out_features == 3


@pytest.mark.parametrize("kind", HARMS)
def test_a_trained_folder_that_was_harmed_is_refused(trained, kind):
    harm, said = HARMS[kind]
    harm(trained)
    with pytest.raises(NerpipeError, match=said) as caught:
        load_trained(trained)
    assert str(trained) in str(caught.value)
