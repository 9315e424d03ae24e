"""CSV with a word a row: where a sentence ends, and what a broken row does to the sentences around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.annotations.csv_tables import csv_documents
from nerpipe.annotations.documents import Broken, TaggedSentence


def write(tmp_path, content):
    path = tmp_path / "some.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
    return path


def test_a_sentence_goes_on_until_the_next_name(tmp_path):
    path = write(tmp_path, 'Sentence #,Word,POS,Tag\nSentence: 1,Ada,N,B-PER\n,slept,V,O\nSentence: 2,"""",X,O\n')
    first, second = csv_documents(path)
    assert first[:4] == (f"{path}:2", "", ["Ada", "slept"], ["B-PER", "O"])
    assert isinstance(second, TaggedSentence)
    assert second.tokens == ['"']


def test_a_sentence_ends_with_its_document(tmp_path):
    path = write(tmp_path, "doc_id,sentence,word,tag\nd1,1,Ada,O\nd2,1,Bo,O\n,,ran,O\nd2,2,Cy,O\nd3,2,Di,O\n")
    assert [(row.document, row.tokens) for row in csv_documents(path)] == [
        ("d1", ["Ada"]),
        ("d2", ["Bo", "ran"]),
        ("d2", ["Cy"]),
        ("d3", ["Di"]),
    ]


def found(tmp_path, *rows):
    path = write(tmp_path, "\n".join(("sentence,word,tag", *rows)) + "\n")
    return [
        (row.problem, int(row.place.rpartition(":")[2])) if isinstance(row, Broken) else row.tokens
        for row in csv_documents(path)
    ]


@pytest.mark.parametrize("bad", ["x,y", "1,x,y,z", 'a,"b"c,d', "\udce9,x"])
def test_a_broken_row_takes_its_whole_sentence_with_it(tmp_path, bad):
    problem = "invalid_utf8" if "\udce9" in bad else "bad_row"
    assert found(tmp_path, "1,a,O", bad, "1,b,O", "2,c,O") == [(problem, 3), ["c"]]
    assert found(tmp_path, "1,a,O", ",b,O", bad, "2,c,O", ",d,O") == [(problem, 4), ["c", "d"]]
    assert found(tmp_path, "1,a,O", bad, ",c,O", "3,d,O", ",e,O") == [(problem, 3), ["d", "e"]]


@pytest.mark.parametrize("before", [("1,a,O", "1,b,O"), ("1,a,O",)])
def test_both_sentences_are_rejected_if_the_row_may_belong_to_either(tmp_path, before):
    at = len(before) + 2
    rows = found(tmp_path, *before, "x", "2,c,O", "2,d,O", "3,e,O")
    assert rows == [("bad_row", at), ("bad_row", at + 1), ["e"]]
    assert found(tmp_path, "x", "2,c,O", "3,e,O") == [("bad_row", 2), ("bad_row", 3), ["e"]]


def test_a_row_with_other_bytes_keeps_its_sentence(tmp_path):
    assert found(tmp_path, "1,a,O", "2,\udce9,O", "2,b,O", "3,c,O") == [["a"], ("invalid_utf8", 3), ["c"]]


def test_an_open_quote_that_swallows_the_next_row_leaves_no_shortened_sentence(tmp_path):
    assert found(tmp_path, "1,a,O", '1,",O', "2,b,O", '2,",O', "2,c,O", "3,d,O") == [
        ("bad_row", 3),
        ("bad_row", 6),
        ["d"],
    ]


def test_a_swallowed_row_is_no_name_of_a_sentence(tmp_path):
    rows = ["0,a,O", ",b,O", '",c,O', '",d,O', "1,e,O"]
    assert found(tmp_path, *rows) == [("bad_row", 4), ["e"]]


SENTENCES = st.lists(st.integers(1, 4), min_size=1, max_size=6)


@given(sizes=SENTENCES, filled=st.booleans(), bad=st.data())
def test_wherever_rows_are_broken_each_sentence_is_whole_or_rejected(sizes, filled, bad, tmp_path_factory):
    whole = [[f"w{number}.{at}" for at in range(size)] for number, size in enumerate(sizes)]
    rows = [
        f"{number if filled or not at else ''},{word},O"
        for number, words in enumerate(whole)
        for at, word in enumerate(words)
    ]
    for at in bad.draw(st.sets(st.integers(0, len(rows) - 1))):
        rows[at] = bad.draw(st.sampled_from(["x", rows[at] + ",y", rows[at].replace("w", "\udce9")]))
    path = write(tmp_path_factory.mktemp("any"), "\n".join(("sentence,word,tag", *rows)) + "\n")
    kept = [row.tokens for row in csv_documents(path) if isinstance(row, TaggedSentence)]
    assert all(tokens in whole for tokens in kept)
