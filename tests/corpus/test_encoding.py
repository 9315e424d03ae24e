"""Canonical CoNLL to a DatasetDict: order of labels, unknown types, counts."""

import pytest

from nerpipe.contracts.ledger import Tally
from nerpipe.corpus.encoding import encode_corpus
from nerpipe.errors import NerpipeError

SPLITS = {
    "train": "Ann\tB-person\nLee\tI-person\nin\tO\nRome\tB-city\n\nhi\tO\n\n",  # 2 sentences, 5 words, 2 entities
    "dev": "Bo\tB-person\n\n",
    "test": "a\tO\nX\tB-band\nY\tI-band\n\nb\tO\nZ\tB-band\nAnn\tB-person\n\n",
}
COUNTS = {"train": Tally(2, 5, 2), "dev": Tally(1, 1, 1), "test": Tally(2, 6, 3)}


def ledger(**changed):
    """Give the rows of clean.json that matter here."""
    corpora = {"extra": "other"}
    return [
        {"split": split, "corpus": corpora.get(split, "mine"), **counts._asdict()}
        for split, counts in {**COUNTS, **changed}.items()
    ]


@pytest.fixture
def clean(tmp_path):
    for split, text in SPLITS.items():
        (tmp_path / f"{split}.conll").write_text(text)
    return tmp_path


def test_unknown_types_fail_with_counts_and_first_line(clean):
    with pytest.raises(
        NerpipeError,
        match=r"band: 2 entities in test, the first at .*test.conll:2\n.*unknown_labels: outside",
    ):
        encode_corpus(clean, ledger(), unknown_labels="fail")


def test_unknown_types_can_go_outside_and_are_counted(clean):
    labels, data, report = encode_corpus(clean, ledger(), unknown_labels="outside")
    assert labels == ["O", "B-city", "I-city", "B-person", "I-person"]
    assert report[2] == {
        "split": "test",
        "sentences": 2,
        "tokens": 6,
        "entities": 1,
        "outside": {"band": 2},
        "sentences_by_corpus": {"mine": 2},
    }
    assert data["test"]["ner_tags"][:] == [[0, 0, 0], [0, 0, 3]]
    assert data["train"][0] == {
        "id": "train-0",
        "tokens": ["Ann", "Lee", "in", "Rome"],
        "ner_tags": [3, 4, 0, 1],
        "document": None,
        "corpus": "mine",
    }
    assert data["train"].features["ner_tags"].feature.names == labels
    assert set(data) == {"train", "dev", "test"}


def test_an_orphan_inside_of_a_sorted_label_set_is_never_another_type(clean):
    labels, data, _ = encode_corpus(clean, ledger(), unknown_labels="outside")
    assert [labels[index] for index in data["train"]["ner_tags"][0]] == [
        "B-person",
        "I-person",
        "O",
        "B-city",
    ]


def test_counts_that_do_not_meet_fail(clean):
    with pytest.raises(NerpipeError, match="clean_conll -> encode_labels, split train: sentences: 3 before, 2 after"):
        encode_corpus(clean, ledger(train=Tally(3, 5, 2)), unknown_labels="fail")


def test_no_entity_in_train_fails(clean):
    (clean / "train.conll").write_text("hi\tO\n\n")
    with pytest.raises(NerpipeError, match=r"train.conll: no entity in the training split"):
        encode_corpus(clean, ledger(train=Tally(1, 1, 0)), unknown_labels="outside")


def test_a_missing_split_names_the_file(clean):
    (clean / "dev.conll").unlink()
    with pytest.raises(NerpipeError, match=r"dev.conll: not there"):
        encode_corpus(clean, ledger(), unknown_labels="fail")


def test_a_boundary_of_documents_does_not_move_the_line_that_a_message_names(clean):
    (clean / "test.conll").write_text(
        "-DOCSTART-\tO\td1\n\na\tO\nX\tB-band\nY\tI-band\n\nb\tO\nZ\tB-band\nAnn\tB-person\n\n"
    )
    with pytest.raises(NerpipeError, match=r"band: 2 entities in test, the first at .*test.conll:4\n"):
        encode_corpus(clean, ledger(), unknown_labels="fail")


def test_each_sentence_says_its_document(clean):
    text = "a\tB-x\n\n-DOCSTART-\tO\tnews\n\nb\tB-x\n\nc\tO\n\n-DOCSTART-\tO\n\nd\tO\n\n"
    (clean / "train.conll").write_text(text)
    rest = {"dev": Tally(1, 1, 1), "test": Tally(1, 1, 1)}
    for split in rest:
        (clean / f"{split}.conll").write_text("a\tB-x\n\n")
    data = encode_corpus(clean, ledger(train=Tally(4, 4, 2), **rest), unknown_labels="fail").data
    assert data["train"]["document"][:] == [None, "news", "news", "#2"]
    assert data["dev"]["document"][:] == [None]


def test_the_second_corpus_is_added_to_train_and_its_sentences_say_so(clean):
    (clean / "test.conll").write_text("hi\tO\n\n")
    (clean / "extra.conll").write_text("Oslo\tB-city\n\n-DOCSTART-\tO\td\n\nTed\tB-person\n\n")
    rows = ledger(test=Tally(1, 1, 0), extra=Tally(2, 2, 2))
    _, data, report = encode_corpus(clean, rows, unknown_labels="fail")
    assert data["train"]["id"][:] == ["train-0", "train-1", "extra-0", "extra-1"]
    assert data["train"]["corpus"][:] == ["mine", "mine", "other", "other"]
    assert data["train"]["document"][:] == [None, None, None, "d"]
    assert data["train"]["tokens"][3] == ["Ted"]
    assert report[0]["sentences_by_corpus"] == {"mine": 2, "other": 2}
    assert {name: report[0][name] for name in ("sentences", "tokens", "entities")} == Tally(4, 7, 4)._asdict()
    assert set(data) == {"train", "dev", "test"}
