"""A labelled file is what clean_conll would make of it, and what `nerpipe predict` writes is read back tag by tag."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.comparison.labelled_file import read_labelled, read_system
from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.schemes import to_iob2
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.errors import NerpipeError

RAW = {
    "IOB1 and documents": "-DOCSTART- -X- O\n\nAnn NNP I-a\nLee NNP B-a\n\n-DOCSTART- (two) O\n\nUlm NNP I-b\n\n",
    "plain types": "1\tAnn\ta\n2\tran\tO\n3\tto\tO\n4\tUlm\tb\n\n1\tBo\ta\n2\tran\tO\n3\ttoo\tO\n\n",
    "markup and several tags": "Ann\t<i>B-a</i>\nUlm\tB-b,B-a\nran\tO\n\n",
    "a token that is a blank": "a\tB-a\n \tO\nb\tB-b\n\n",
    "IOBES": "Ann\tB-a\nLee\tE-a\nran\tO\nUlm\tS-b\n\n",
}


@pytest.mark.parametrize("settings", ["", "types: {a: b}\n", "types: {b: O}\n"])
@pytest.mark.parametrize("text", RAW.values(), ids=RAW)
def test_it_is_read_as_clean_conll_reads_it(tmp_path, text, settings):
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.conll").write_text(text)
    (tmp_path / "corpus.yaml").write_text(settings)
    clean_corpus(resolve_corpus(tmp_path), tmp_path / "clean", max_rejected=0)
    cleaned = list(read_conll(tmp_path / "clean/test.conll"))
    found = read_labelled(tmp_path / "test.conll")
    assert [(tuple(tokens), tuple(tags)) for tokens, tags in zip(found.tokens, found.gold, strict=True)] == [
        (sentence.tokens, sentence.tags) for sentence in cleaned
    ]
    assert found.boundaries == {at: each.document for at, each in enumerate(cleaned) if each.starts_document}
    again = read_labelled(tmp_path / "clean/test.conll")
    assert (again.tokens, again.gold, again.boundaries) == (found.tokens, found.gold, found.boundaries)


def test_repairs_of_tags_are_said_and_multi_tag_holds(tmp_path):
    (tmp_path / "gold").write_text(RAW["markup and several tags"])
    assert read_labelled(tmp_path / "gold").notes == [
        f"words of {tmp_path / 'gold'} with several tags, of which the first is taken (multi_tag in corpus.yaml): 1",
        f"words of {tmp_path / 'gold'} with markup in the tag, which is left out: 1",
    ]
    (tmp_path / "corpus.yaml").write_text("multi_tag: reject\n")
    with pytest.raises(NerpipeError, match=r"gold:2: several tags in .*keep one tag for each word"):
        read_labelled(tmp_path / "gold")


WORDS = st.sampled_from(
    ["the", "Ann", "0.9812", "1", "2", "3", "O", "B-a", "#", "_", "a b", "ß", "1.0000", "B", "\u00a0"]
)
TAGS = st.sampled_from(["O", "O", "O", "B-a", "I-a", "B-loc", "I-loc"])
SURE = st.floats(0, 1).map(lambda value: f"{value:.4f}")
PREDICTED = st.lists(st.lists(st.tuples(WORDS, TAGS, SURE), min_size=1, max_size=6), min_size=1, max_size=8)
numbers = count()


@given(PREDICTED)
def test_the_confidence_is_never_taken_for_the_tag(tmp_path_factory, sentences):
    folder = tmp_path_factory.getbasetemp() / f"predicted-{next(numbers)}"
    folder.mkdir()
    rows = []
    for sentence in sentences:
        words, tags, sure = zip(*sentence, strict=True)
        rows.append([*zip(words, to_iob2(tags)[0], sure, strict=True)])
    # A row at the top by which the words of both files are known to be words, and a blank line for an empty record.
    head = [("Ulm", "B-loc", "0.5000"), ("sleeps", "O", "0.9999")]
    for name, columns in (("gold", 2), ("system", 3)):
        lines = ["\n".join("\t".join(row[:columns]) for row in sentence) + "\n\n" for sentence in [head, *rows]]
        (folder / name).write_text("\n".join(lines), encoding="utf-8", newline="\n")
    labelled = read_labelled(folder / "gold")
    assert read_system(labelled, folder / "system") == ([[tag for _, tag, _ in row] for row in [head, *rows]], [])


def test_numbers_as_words_leave_nothing_open(tmp_path):
    (tmp_path / "gold").write_text("Ulm\tB-loc\n\n")
    (tmp_path / "system").write_text("1.0000\tO\t0.7500\n\n")
    tags, notes = read_system(read_labelled(tmp_path / "gold"), tmp_path / "system")
    assert tags == [["O"]]
    both = f"words of {tmp_path / 'system'} that differ from those of {tmp_path / 'gold'}"
    assert notes == [f"{both} (tags are compared row by row): 1"]
