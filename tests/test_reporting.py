"""Evaluation of a split: every gold word and entity is in the denominator, or it fails."""

import pytest

from nerpipe.conll import read_conll
from nerpipe.errors import NerpipeError
from nerpipe.labels import make_labels
from nerpipe.ledger import tally
from nerpipe.records import Tally
from nerpipe.reporting import confusion, evaluate_split, read_predictions
from nerpipe.tables import SAMPLE_NOTE, print_scores
from nerpipe.tokenization import load_tokenizer, tokenize_split
from nerpipe.training import load_model
from tiny import spec_of

LABELS = make_labels(["person"])
# 3 sentences, 6 words, 3 entities; the model knows no band, and one word gives no sub-word
GOLD = "Ann\tB-person\nLee\tI-person\nsings\tO\n\nABBA\tB-band\n\n\ufe0f\tB-person\nhi\tO\n\n"
COUNTS = Tally(3, 6, 3)


@pytest.fixture(scope="module")
def setting(tiny_model):
    from datasets import Dataset

    spec = spec_of(tiny_model)
    tokenizer = load_tokenizer(spec)
    known = [[1, 2, 0], [0], [1, 0]]
    data = Dataset.from_dict(
        {"tokens": [["Ann", "Lee", "sings"], ["ABBA"], ["\ufe0f", "hi"]], "ner_tags": known}, split="test"
    )
    expected = tally([[LABELS[i] for i in row] for row in known])
    options = {"max_length": 16, "stride": 2, "continuation": None}
    windows, _ = tokenize_split(tokenizer, data, LABELS, expected=expected, **options)
    return load_model(spec, LABELS), windows


@pytest.fixture
def evaluate(setting, tmp_path):
    def evaluate(text=GOLD, expected=COUNTS):
        (tmp_path / "gold.conll").write_text(text, encoding="utf-8")
        options = {"split": "test", "labels": LABELS, "expected": expected, "pad_id": 0}
        return evaluate_split(*setting, tmp_path / "gold.conll", tmp_path / "predicted.conll", **options)

    return evaluate


def test_every_gold_entity_counts_even_of_a_type_the_model_does_not_know(evaluate, tmp_path):
    headline, by_type, counts = evaluate()
    assert {row["type"]: row["support"] for row in by_type}["band"] == 1
    assert sum(row["support"] for row in by_type) == 3
    assert counts == {"split": "test", "sentences": 3, "tokens": 6, "entities": 3, "words_unseen": 1}
    assert set(headline) == {"precision", "recall", "f1", "token_accuracy"}
    frame = read_predictions(tmp_path / "predicted.conll")
    assert frame["token"].tolist() == ["Ann", "Lee", "sings", "ABBA", "\ufe0f", "hi"]
    assert frame["sentence"].tolist() == [0, 0, 0, 1, 2, 2]
    assert frame["gold"].tolist() == [tag for sentence in read_conll(tmp_path / "gold.conll") for tag in sentence.tags]
    assert (frame["predicted"][4], frame["confidence"][4]) == ("O", 0.0)
    assert (frame["confidence"].drop(4) > 0).all()


def test_a_gold_file_that_is_not_what_was_counted_fails(evaluate):
    with pytest.raises(NerpipeError, match=r"clean_conll -> evaluate, gold.conll: sentences: 4 before, 3 after"):
        evaluate(expected=Tally(4, 6, 3))


def test_confusion_counts_words_by_type(tmp_path):
    rows = ["a\tB-x\tB-x\t1", "b\tI-x\tB-y\t1", "c\tO\tI-y\t1", "d\tO\tO\t1", "e\tB-y\tO\t1"]
    (tmp_path / "p.conll").write_text("\n".join(rows) + "\n\n")
    assert confusion(read_predictions(tmp_path / "p.conll")) == [
        {"gold": "O", "predicted": "y", "words": 1},
        {"gold": "x", "predicted": "x", "words": 1},
        {"gold": "x", "predicted": "y", "words": 1},
        {"gold": "y", "predicted": "O", "words": 1},
    ]


@pytest.mark.parametrize(("dataset", "labelled"), [("sample", True), ("wnut17", False)])
def test_the_sample_s_scores_are_labelled_as_such(capsys, dataset, labelled):
    scores = {"precision": 0.5, "recall": 0.25, "f1": 1 / 3}
    by_type = [{"split": split, "type": "person", **scores, "support": 7} for split in ("dev", "test")]
    print_scores({"dataset": dataset, "dev": scores, "test": scores}, by_type)
    out = capsys.readouterr().out
    assert dataset in out
    assert "0.3333" in out
    assert (SAMPLE_NOTE[:40] in " ".join(out.split())) is labelled
