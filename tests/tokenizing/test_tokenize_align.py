"""The stage tokenize_align, from files to files."""

import json

import pytest

from nerpipe.contracts.labels import IGNORED, make_labels
from nerpipe.contracts.ledger import Tally
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

    def run(subword_labels, *, words_cut):
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
