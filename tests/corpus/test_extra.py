"""A second corpus in one training: its train is added, without the sentences of the first one's dev and test."""

import pytest

from nerpipe.contracts.conll import read_conll, read_training
from nerpipe.corpus.clean_conll import clean_conll
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.errors import NerpipeError

FIRST = {"train": "Ann\tB-person\n\n", "dev": "Bo\tB-person\nran\tO\n\n", "test": "Cy\tB-person\n\nhi\tO\n\n"}
SECOND = "-DOCSTART-\tO\td1\n\nBo\tB-person\nran\tO\n\nDee\tB-person\n\nhi\tO\n\nAnn\tB-person\n\nhi\tO\n\n"


def corpora(tmp_path, second=SECOND, **settings):
    for name, files in (("first", FIRST), ("second", {"train": second})):
        (tmp_path / name).mkdir()
        for split, text in files.items():
            (tmp_path / name / f"{split}.conll").write_text(text)
        if name in settings:
            (tmp_path / name / "corpus.yaml").write_text(settings[name])
    return resolve_corpus(tmp_path / "first"), resolve_corpus(tmp_path / "second")


def clean(tmp_path, *args, **settings):
    first, second = corpora(tmp_path, *args, **settings)
    return clean_corpus(first, tmp_path / "clean", max_rejected=0, extra=second)


def test_train_is_the_union_and_held_out_sentences_are_dropped_and_counted(tmp_path):
    rows = clean(tmp_path)
    assert [(row["split"], row["corpus"]) for row in rows] == [
        ("train", "first"),
        ("dev", "first"),
        ("test", "first"),
        ("extra", "second"),
    ]
    assert rows[3]["dropped_sentences"] == {"dev": 1, "test": 2}
    assert {name: rows[3][name] for name in ("sentences", "tokens", "entities", "documents")} == {
        "sentences": 2,
        "tokens": 2,
        "entities": 2,
        "documents": 1,
    }
    assert rows[3]["lines"]["kept"] == 6  # The ledger of the raw file is whole.
    assert rows[3]["sentences_also_in"] == {"train": 1, "dev": 0, "test": 0}
    assert [sentence.tokens for sentence in read_training(tmp_path / "clean")] == [("Ann",), ("Dee",), ("Ann",)]
    assert [sentence.document for sentence in read_conll(tmp_path / "clean/extra.conll")] == ["d1", "d1"]


def test_the_first_corpus_is_the_same_with_and_without_a_second_one(tmp_path):
    first, second = corpora(tmp_path)
    alone = clean_corpus(first, tmp_path / "alone", max_rejected=0)
    both = clean_corpus(first, tmp_path / "both", max_rejected=0, extra=second)
    for split, row, other in zip(FIRST, alone, both, strict=False):
        assert (tmp_path / f"alone/{split}.conll").read_bytes() == (tmp_path / f"both/{split}.conll").read_bytes()
        assert {**other, "sentences_also_in": None} == {**row, "sentences_also_in": None}
    clean_corpus(first, tmp_path / "both", max_rejected=0)
    assert not (tmp_path / "both/extra.conll").exists()


def test_a_second_corpus_of_one_file_is_taken_whole(tmp_path):
    rows = clean(tmp_path, "".join(f"w{number}\tB-person\n\n" for number in range(50)))
    assert rows[3]["sentences"] == 50
    assert rows[3]["cut"] is None


def test_other_types_stop_with_lines_that_help(tmp_path):
    with pytest.raises(NerpipeError) as caught:
        clean(tmp_path, "Dee\tB-PERSON\nOslo\tB-city\n\n")
    lines = f"{tmp_path / 'second/corpus.yaml'}:\n    types:\n      PERSON: person\n      city: O"
    assert str(caught.value).endswith(lines)
    assert "first and second have different entity types (person and PERSON, city)" in str(caught.value)
    assert not [*(tmp_path / "clean").glob("*.conll")]
    (tmp_path / "second/corpus.yaml").write_text("types:\n      PERSON: person\n      city: O\n")
    first, second = resolve_corpus(tmp_path / "first"), resolve_corpus(tmp_path / "second")
    rows = clean_corpus(first, tmp_path / "clean", max_rejected=0, extra=second)
    assert rows[3]["entities_by_type"] == {"person": 1}


@pytest.mark.parametrize(("theirs", "ours"), [("PER", "person"), ("persons", "person"), ("per", "person")])
def test_a_type_with_another_name_is_proposed(tmp_path, theirs, ours):
    with pytest.raises(NerpipeError, match=rf"types:\n      {theirs}: {ours}$"):
        clean(tmp_path, f"Dee\tB-{theirs}\n\n")


def test_types_with_nothing_in_common_are_not_dropped(tmp_path):
    with pytest.raises(NerpipeError, match=r"no type in common.*extra: none.*\n    types:\n      scope: person$"):
        clean(tmp_path, "Dee\tB-scope\n\n")


def test_types_that_drop_everything_are_named(tmp_path):
    corpora(tmp_path, first="types:\n  person: O\n")
    with pytest.raises(NerpipeError, match=r"first/corpus.yaml -> types\] drops every entity .* person \("):
        clean_corpus(resolve_corpus(tmp_path / "first"), tmp_path / "clean", max_rejected=0)


def test_a_type_that_the_second_corpus_lacks_stops_too(tmp_path):
    (tmp_path / "first.conll").write_text("")
    first, second = corpora(tmp_path)
    (tmp_path / "first/train.conll").write_text("Ann\tB-person\nOslo\tB-city\n\n")
    with pytest.raises(NerpipeError, match=r"first/corpus.yaml:\n    types:\n      city: O$"):
        clean_corpus(first, tmp_path / "clean", max_rejected=0, extra=second)


def test_nothing_left_is_an_error(tmp_path):
    with pytest.raises(NerpipeError, match="every training sentence of the second corpus is also in dev or test"):
        clean(tmp_path, "Bo\tB-person\nran\tO\n\n")
    assert not [*(tmp_path / "clean").glob("*.conll")]


def test_what_is_quarantined_in_the_second_corpus_is_kept_and_named(tmp_path):
    with pytest.raises(NerpipeError, match=r"1 of 3 sentences of extra \(.*second/train.conll\)"):
        clean(tmp_path, "Dee\tB-person\n\nbad\n\nEve\tB-person\n\n")
    assert '"split": "extra"' in (tmp_path / "clean/rejected.jsonl").read_text()


def test_the_stage_says_what_was_dropped_and_refuses_the_data_set_itself(tmp_path, capsys):
    corpora(tmp_path)
    where = {"out": tmp_path / "clean", "report": tmp_path / "clean.json", "max_rejected": 0}
    clean_conll(raw=tmp_path / "first", extra=tmp_path / "second", **where)
    said = capsys.readouterr().out
    assert "dropped: 1 sentence also in dev, 2 sentences also in test" in said
    assert "of extra also occurred in" not in said
    with pytest.raises(NerpipeError, match="extra: first is the data set itself"):
        clean_conll(raw=tmp_path / "first", extra=tmp_path / "first", **where)
