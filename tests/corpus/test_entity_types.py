"""Types that corpus.yaml renames, and those that look like slips."""

import pytest

from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.entity_types import doubtful_types
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.errors import NerpipeError


@pytest.fixture
def folder(tmp_path):
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.conll").write_text("a\tB-PERSON\nb\tB-PER\nc\tB-MISC\nd\tI-MISC\n\n")
    return tmp_path


def test_types_are_merged_and_dropped_and_counted(folder):
    (folder / "corpus.yaml").write_text("types: {PERSON: PER, MISC: O}\n")
    row = clean_corpus(resolve_corpus(folder), folder / "clean", max_rejected=0)[0]
    assert row["renamed_types"] == {"PERSON -> PER": 1, "MISC -> O": 1}
    assert row["entities_by_type"] == {"PER": 2}
    assert (folder / "clean/train.conll").read_text() == "a\tB-PER\nb\tB-PER\nc\tO\nd\tO\n\n"


def test_a_type_that_does_not_occur_is_refused(folder):
    (folder / "corpus.yaml").write_text("types: {PERSN: PER}\n")
    with pytest.raises(NerpipeError, match=r"-> types.PERSN\] no entity .* 'PERSN'; did you mean 'PERSON'\?"):
        clean_corpus(resolve_corpus(folder), folder / "clean", max_rejected=0)


def test_doubtful_types_are_pointed_out(tmp_path):
    place = tmp_path / "corpus.yaml"
    (case,) = doubtful_types({"train": ["Loc", "LOC", "person"]}, place)
    assert "differ in case alone" in case
    (near,) = doubtful_types({"train": ["location", "person"], "dev": ["locaton", "person"]}, place)
    assert "did you mean 'location'?" in near
    assert near.endswith("    types: {locaton: location}")
    assert not doubtful_types({"train": ["location", "person"], "dev": ["group", "person"]}, place)


def test_a_train_without_an_entity_is_refused(folder):
    (folder / "train.conll").write_text("a\tO\n\n")
    with pytest.raises(NerpipeError, match=r"train.conll: no entity in the training split.*Add sentences"):
        clean_corpus(resolve_corpus(folder), folder / "clean", max_rejected=0)
