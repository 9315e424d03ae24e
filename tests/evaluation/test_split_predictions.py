"""Predictions of a split: every gold word has one, or it fails."""

import pytest

from nerpipe.contracts.conll import read_blocks, read_conll
from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.ledger import Tally, tally
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.split_predictions import predict_split, read_predictions, write_predictions
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training.model import load_model
from tiny import spec_of

LABELS = make_labels(["person"])
# 3 sentences, 6 words, 3 entities; the model knows no band, and one word gives no sub-word
GOLD = "Ann\tB-person\nLee\tI-person\nsings\tO\n\nABBA\tB-band\n\n\ufe0f\tB-person\nhi\tO\n\n"
COUNTS = Tally(3, 6, 3)


@pytest.fixture(scope="module")
def setting(tiny_model):
    from datasets import Dataset

    spec = spec_of(tiny_model)
    tokenizer = load_tokenizer(spec, capitals="lost")
    known = [[1, 2, 0], [0], [1, 0]]
    data = Dataset.from_dict(
        {"tokens": [["Ann", "Lee", "sings"], ["ABBA"], ["\ufe0f", "hi"]], "ner_tags": known}, split="test"
    )
    expected = tally([[LABELS[i] for i in row] for row in known])
    options = {"max_length": 16, "stride": 2, "continuation": None}
    windows, _ = tokenize_split(tokenizer, data, LABELS, expected=expected, **options)
    return load_model(spec, LABELS, tokenizer, attention_dropout=0.0), windows


@pytest.fixture
def predict(setting, tmp_path):
    def predict(text=GOLD, expected=COUNTS):
        (tmp_path / "gold.conll").write_text(text, encoding="utf-8")
        return predict_split(*setting, tmp_path / "gold.conll", labels=LABELS, expected=expected, pad_id=0)

    return predict


def test_every_gold_word_is_predicted_even_one_of_a_type_the_model_does_not_know(predict, tmp_path):
    split = predict()
    assert split.gold == [("B-person", "I-person", "O"), ("B-band",), ("B-person", "O")]
    assert split.unseen == 1
    write_predictions(tmp_path / "p.conll", split)
    frame = read_predictions(tmp_path / "p.conll")
    assert frame["token"].tolist() == ["Ann", "Lee", "sings", "ABBA", "\ufe0f", "hi"]
    assert frame["sentence"].tolist() == [0, 0, 0, 1, 2, 2]
    assert frame["gold"].tolist() == [tag for sentence in read_conll(tmp_path / "gold.conll") for tag in sentence.tags]
    assert (frame["predicted"][4], frame["confidence"][4]) == ("O", 0.0)
    assert (frame["confidence"].drop(4) > 0).all()


def test_documents_are_kept(predict, tmp_path):
    first, second, third = (f"{part}\n\n" for part in GOLD.removesuffix("\n\n").split("\n\n"))
    split = predict(f"{first}-DOCSTART-\tO\tnews-1\n\n{second}-DOCSTART-\tO\n\n{third}")
    assert split.boundaries == {1: "news-1", 2: None}
    write_predictions(tmp_path / "p.conll", split)
    assert [line for line in (tmp_path / "p.conll").read_text().split("\n") if line.startswith("-DOC")] == [
        "-DOCSTART-\tO\tnews-1",
        "-DOCSTART-\tO",
    ]
    blocks = list(read_blocks(tmp_path / "p.conll", width=4))
    assert [(block.document, block.starts_document) for block in blocks] == [
        (None, False),
        ("news-1", True),
        (None, True),
    ]
    assert read_predictions(tmp_path / "p.conll")["sentence"].tolist() == [0, 0, 0, 1, 2, 2]


def test_a_gold_file_that_is_not_what_was_counted_fails(predict):
    with pytest.raises(NerpipeError, match=r"clean_conll -> evaluate, gold.conll: sentences: 4 before, 3 after"):
        predict(expected=Tally(4, 6, 3))
