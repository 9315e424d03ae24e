"""The place of each training sentence in its raw file, whatever clean_conll left out or cut."""

import pytest

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.files import EXTRA
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.corpus.training_places import training_places
from nerpipe.errors import NerpipeError

GOOD = "Ann\tB-x\nsaw\tO\n\n"


def places(tmp_path, *, extra=False):
    """Clean the corpora, and return the rows of each sentence's raw file from its line on, and its clean words."""
    corpora = {"train": resolve_corpus(tmp_path / "mine")}
    if extra:
        corpora[EXTRA] = resolve_corpus(tmp_path / "other")
    clean = tmp_path / "clean"
    rows = clean_corpus(corpora["train"], clean, max_rejected=0.5, extra=corpora.get(EXTRA))
    found = training_places(clean, rows, corpora)
    names = ["train", *([EXTRA] if extra else [])]
    sentences = [sentence for name in names for sentence in read_conll(clean / f"{name}.conll")]
    assert len(found) == len(sentences)
    for place, sentence in zip(found, sentences, strict=True):
        lines = corpora["train" if place.id.corpus == "mine" else EXTRA].sources["train"].read_text().split("\n")
        assert lines[place.id.line - 1].split("\t")[0] == sentence.tokens[0]
    return found, sentences


def write(folder, **splits):
    folder.mkdir()
    (folder / "corpus.yaml").write_text("token_column: 1\ntag_column: 2\n")
    for split, text in splits.items():
        (folder / f"{split}.conll").write_text(text)


def test_quarantined_sentences_comments_and_boundaries_are_counted(tmp_path):
    train = f"-DOCSTART-\tO\n\n# a comment\n{GOOD}bad\tB-\nhere\tO\n\n\n\nBo\tB-x\nsaw\tO\nit\tO\n\n"
    write(tmp_path / "mine", train=train, dev=GOOD, test=GOOD)
    found, _ = places(tmp_path)
    assert [place.id.line for place in found] == [4, 12]
    assert str(found[1]).endswith("mine/train.conll:12") or str(found[1]) == "train.conll:12"


@pytest.mark.parametrize("documents", [False, True])
def test_what_is_cut_from_train_has_no_place_in_it(tmp_path, documents):
    texts = []
    for number in range(200):
        if documents and number % 4 == 0:
            texts.append(f"-DOCSTART-\tO\tdoc-{number}\n\n")
        texts.append(f"w{number % 150}\tB-x\nsaw\tO\n\n")  # Some sentences come twice.
    write(tmp_path / "mine", train="".join(texts))
    found, sentences = places(tmp_path)
    assert 100 < len(found) < 190
    assert [place.id.line for place in found] == sorted({place.id.line for place in found})
    assert len({sentence.tokens for sentence in sentences}) < len(sentences)


def test_sentences_of_a_second_data_set_follow_without_those_of_dev_and_test(tmp_path):
    write(tmp_path / "mine", train=GOOD, dev="Cy\tB-x\nsaw\tO\n\n", test="Di\tB-x\nsaw\tO\n\n")
    write(tmp_path / "other", train="Cy\tB-x\nsaw\tO\n\nEd\tB-x\nsaw\tO\n\n", dev=GOOD, test=GOOD)
    found, _ = places(tmp_path, extra=True)
    assert [(place.id.corpus, place.id.line) for place in found] == [("mine", 1), ("other", 4)]


def test_a_raw_file_that_was_changed_since_is_named(tmp_path):
    write(tmp_path / "mine", train=GOOD, dev=GOOD, test=GOOD)
    corpus = resolve_corpus(tmp_path / "mine")
    rows = clean_corpus(corpus, tmp_path / "clean", max_rejected=0)
    (tmp_path / "mine/train.conll").write_text(GOOD.replace("B-x", "O") + GOOD)
    with pytest.raises(NerpipeError, match=r"train.conll: this file was changed after the pipeline read it"):
        training_places(tmp_path / "clean", rows, {"train": corpus})
