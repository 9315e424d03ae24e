"""Splits that are missing are cut from train, by hash."""

import random

import pytest

from nerpipe.contracts.conll import format_boundary, format_sentence, read_conll
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.errors import NerpipeError

SPLITS = ("train", "dev", "test")


def sentences(count):
    return [format_sentence([(f"w{number}", "B-x"), ("is", "O")]) for number in range(count)]


def documents(count):
    return [
        format_boundary(f"d{number}") + "".join(format_sentence([(f"w{number}-{each}", "B-x")]) for each in range(5))
        for number in range(count)
    ]


def cut(folder, units, **files):
    folder.mkdir()
    (folder / "train.conll").write_text("".join(units))
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    rows = clean_corpus(resolve_corpus(folder), folder / "clean", max_rejected=0)
    return rows, {split: [*read_conll(folder / f"clean/{split}.conll")] for split in SPLITS}


def words(split):
    return {sentence.tokens for sentence in split}


def test_a_tenth_each_and_the_report_says_so(tmp_path):
    rows, found = cut(tmp_path / "a", sentences(2000))
    sizes = [len(found[split]) for split in SPLITS]
    assert sum(sizes) == 2000
    assert all(150 < size < 250 for size in sizes[1:])
    for row, split in zip(rows, SPLITS, strict=True):
        assert row["cut"] == {"from": "train", "by": "sentence", "fractions": "dev 0.1, test 0.1"}
        assert row["sentences"] == row["entities"] == len(found[split])
        assert row["tokens"] == 2 * row["sentences"]
        assert not any(row["sentences_also_in"].values())


def test_neither_the_order_nor_more_sentences_move_one(tmp_path):
    units = sentences(300)
    _, first = cut(tmp_path / "a", units[:200])
    random.Random(1).shuffle(units)
    _, second = cut(tmp_path / "b", units)
    for split in SPLITS:
        assert words(first[split]) <= words(second[split])


def test_a_document_stays_whole_and_keeps_its_id(tmp_path):
    rows, found = cut(tmp_path / "a", documents(100))
    homes = {sentence.document: split for split in SPLITS for sentence in found[split]}
    assert len(homes) == 100 == sum(row["documents"] for row in rows)
    assert all(homes[sentence.document] == split for split in SPLITS for sentence in found[split])
    assert rows[0]["cut"]["by"] == "document"


def test_too_few_documents_are_cut_by_sentence(tmp_path):
    rows, found = cut(tmp_path / "a", ["-DOCSTART-\tO\tone\n\n", *sentences(200)])
    assert rows[0]["cut"]["by"] == "sentence"
    assert all(found[split][0].starts_document and found[split][0].document == "one" for split in SPLITS)


def test_only_what_is_missing_is_cut(tmp_path):
    rows, found = cut(tmp_path / "a", sentences(200), test_conll="Ada\tB-x\n\n", corpus_yaml="dev_fraction: 0.3\n")
    assert rows[2]["cut"] is None
    assert len(found["test"]) == 1
    assert 40 < len(found["dev"]) < 80
    assert rows[1]["cut"]["fractions"] == "dev 0.3"


def test_a_train_that_is_too_small_is_refused_with_the_lines_to_paste(tmp_path):
    with pytest.raises(NerpipeError, match=r"too small .*\n    dev_fraction: 0.3\n    test_fraction: 0.3$"):
        cut(tmp_path / "a", sentences(2))


def test_a_file_without_empty_lines_says_so(tmp_path):
    with pytest.raises(NerpipeError, match=r"train is one sentence.* An empty line must stand between two sentences"):
        cut(tmp_path / "a", ["a\tB-x\nb\tO\n" * 100])
