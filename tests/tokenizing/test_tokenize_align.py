"""The stage tokenize_align, from files to files."""

import json

import numpy as np
import pytest

from nerpipe.contracts.labels import IGNORED, make_labels
from nerpipe.contracts.ledger import Tally
from nerpipe.contracts.views import VIEWS, Views, read_taught
from nerpipe.tokenizing.tokenize_align import tokenize_align
from tiny import spec_of

LABELS = make_labels(["place"])
BEGIN, INSIDE, OUTSIDE = (LABELS.index(label) for label in ("B-place", "I-place", "O"))


@pytest.fixture
def stage(tmp_path, tiny_model):
    """Run the stage on one sentence whose two words have two sub-words each, and return labels and report of train."""
    from datasets import Dataset, DatasetDict, load_from_disk

    data = Dataset.from_dict({"tokens": [["ab", "cd"]], "ner_tags": [[BEGIN, OUTSIDE]]})
    splits = ("train", "dev", "test")
    encoded = tmp_path / "encoded"
    DatasetDict(dict.fromkeys(splits, data)).save_to_disk(str(encoded / "dataset"))
    (encoded / "labels.json").write_text(json.dumps(LABELS))
    (tmp_path / "encode.json").write_text(json.dumps([{"split": s, **Tally(1, 2, 1)._asdict()} for s in splits]))

    def run(subword_labels, *, words_cut, teach=None):
        words = {"rule": "mixed", "without_blanks": False, "glued": "", "words": 800, "words_cut": words_cut}
        (encoded / "words.json").write_text(json.dumps(words))
        tokenize_align(
            encoded=encoded,
            ledger=tmp_path / "encode.json",
            out=tmp_path / "tokenized",
            report=tmp_path / "tokenize.json",
            model=spec_of(tiny_model),
            max_length=16,
            stride=0,
            subword_labels=subword_labels,
            capitals="lost",
            teach=teach,
        )
        rows = json.loads((tmp_path / "tokenize.json").read_text())
        (labels,) = load_from_disk(str(tmp_path / "tokenized"))["train"]["labels"][:]
        return labels, {row["subword_labels"] for row in rows}

    return run


FIRST = [IGNORED, BEGIN, IGNORED, OUTSIDE, IGNORED, IGNORED]
ALL = [IGNORED, BEGIN, INSIDE, OUTSIDE, OUTSIDE, IGNORED]


@pytest.mark.parametrize(
    ("param", "words_cut", "used", "labels"),
    [
        ("auto", 10, "first", FIRST),
        ("auto", 11, "all", ALL),
        ("first", 11, "first", FIRST),
        ("all", 0, "all", ALL),
    ],
)
def test_auto_labels_every_sub_word_if_the_word_rule_cuts_more_than_an_eightieth_of_the_words(
    stage, capsys, param, words_cut, used, labels
):
    assert stage(param, words_cut=words_cut) == (labels, {used})
    said = "the word rule of plain text cuts 1.4% of the words of train" in capsys.readouterr().out
    assert said == (param == "auto" and used == "all")


def test_what_a_teacher_says_lies_beside_the_splits(stage, tmp_path, capsys):
    from datasets import load_from_disk

    given, views = [], Views([["ab", "c"]], np.array([[0.1, 0.9, 0], [1, 0, 0]], dtype=np.float32), 0.25)
    stage("first", words_cut=0, teach=lambda *given_here: given.append(given_here) or views)
    assert given == [(LABELS, "mixed")]
    found = load_from_disk(str(tmp_path / "tokenized"))
    taught = read_taught(tmp_path / "tokenized", found, len(LABELS))
    assert found["train"].features == taught.windows.features
    assert taught.windows["labels"][:] == [[IGNORED, 3, IGNORED, 4, IGNORED]]
    assert (taught.probabilities == views.probabilities).all()
    assert taught.outside_bias == 0.25
    assert "unlabelled: 1 sentence, 2 tokens -> 1 window, 3 sub-words" in capsys.readouterr().out
    stage("first", words_cut=0)
    assert read_taught(tmp_path / "tokenized", load_from_disk(str(tmp_path / "tokenized")), len(LABELS)) is None
    assert not (tmp_path / "tokenized" / VIEWS).exists()
