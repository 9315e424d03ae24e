import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.contracts.conll import (
    Sentence,
    format_boundary,
    format_sentence,
    name_documents,
    read_blocks,
    read_conll,
    read_rows,
    writing_conll,
)
from nerpipe.errors import NerpipeError


def test_format():
    assert format_sentence([("New York", "B-location"), ("!", "O")]) == "New York\tB-location\n!\tO\n\n"
    assert format_sentence([("a", "O", "B-x", "0.9")]) == "a\tO\tB-x\t0.9\n\n"


def test_only_lf_ends_a_line(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("a\u2028b\tO\nc\u0085d\tB-x\ne\rf\tO\n\n", encoding="utf-8", newline="\n")
    assert list(read_conll(path)) == [Sentence(("a\u2028b", "c\u0085d", "e\rf"), ("O", "B-x", "O"))]


# characters(codec="utf-8") leaves out the surrogates
cells = st.text(st.characters(codec="utf-8", exclude_characters="\n\t") | st.just("\ufeff"), min_size=1)


@given(st.lists(st.lists(st.tuples(cells, cells, cells), min_size=1)))
def test_format_and_read(sentences):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.conll"
        with writing_conll(path) as file:
            file.write("".join(map(format_sentence, sentences)))
        assert list(read_rows(path, width=3)) == [[list(row) for row in sentence] for sentence in sentences]


@pytest.mark.parametrize("token", ["\ufeff", "\ufeffAda", "\ufeff\ufeff"])
def test_a_first_token_that_begins_with_a_byte_order_mark_keeps_it(tmp_path, token):
    path = tmp_path / "a.conll"
    with writing_conll(path) as file:
        file.write(format_sentence([(token, "O")]))
    assert path.read_text(encoding="utf-8").startswith(f"\ufeff{token}\t")
    assert [sentence.tokens for sentence in read_conll(path)] == [(token,)]


def test_documents_are_read_and_have_no_words(tmp_path):
    path = tmp_path / "a.conll"
    text = "a\tO\n\n-DOCSTART-\tO\n\nb\tO\n\n-DOCSTART-\tO\tnews 1\n\n \tB-x\n\nd\tO\n\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    assert list(read_conll(path)) == [
        Sentence(("a",), ("O",)),
        Sentence(("b",), ("O",), None, starts_document=True),
        Sentence((" ",), ("B-x",), "news 1", starts_document=True),
        Sentence(("d",), ("O",), "news 1"),
    ]
    assert list(read_rows(path, width=2)) == [[["a", "O"]], [["b", "O"]], [[" ", "B-x"]], [["d", "O"]]]
    assert format_boundary("news 1") + format_boundary(None) == "-DOCSTART-\tO\tnews 1\n\n-DOCSTART-\tO\n\n"


def test_documents_stand_in_files_with_four_columns_too(tmp_path):
    path = tmp_path / "a.conll"
    text = "-DOCSTART-\tO\tx\n\na\tO\tO\t0.9\n\n-DOCSTART-\tO\tO\t0.9\n\n-DOCSTART-\tO\n\nb\tO\tO\t1\n\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    assert list(read_blocks(path, width=4)) == [
        ([["a", "O", "O", "0.9"]], "x", True),
        ([["-DOCSTART-", "O", "O", "0.9"]], "x", False),  # a word of four columns is no boundary
        ([["b", "O", "O", "1"]], None, True),
    ]


def test_documents_are_named_by_their_id_or_number():
    assert name_documents({}, 3) is None
    assert name_documents({0: "x", 2: None}, 4) == ["x", "x", "#2", "#2"]
    assert name_documents({1: None}, 3) == ["#0", "#1", "#1"]


def test_boundaries_of_documents_in_a_file_with_more_columns(tmp_path):
    path = tmp_path / "a.conll"
    text = "-DOCSTART-\tO\n\na\tO\tO\t0.9\n\n-DOCSTART-\tO\tnews 1\n\n-DOCSTART-\tO\tB-x\t0.1\n\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    assert list(read_rows(path, width=4)) == [[["a", "O", "O", "0.9"]], [["-DOCSTART-", "O", "B-x", "0.1"]]]


def test_a_boundary_needs_its_blank_line(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("-DOCSTART-\tO\na\tO\n\n", encoding="utf-8")
    with pytest.raises(NerpipeError, match=r"a\.conll:2: a blank line was expected in 'a"):
        list(read_conll(path))


def test_an_empty_file_has_no_sentence(tmp_path):
    path = tmp_path / "a.conll"
    path.touch()
    assert list(read_conll(path)) == []


def test_a_row_of_another_width_is_located(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("a\tO\n\nb\tO\nc O\n\n", encoding="utf-8")
    with pytest.raises(NerpipeError, match=r"a\.conll:4: 1 column where 2 were expected in 'c O.*dvc repro --force"):
        list(read_conll(path))


def test_a_sentence_that_is_cut_off(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("a\tO\n", encoding="utf-8")
    with pytest.raises(NerpipeError, match=r"a\.conll: the file ends within a sentence"):
        list(read_conll(path))


def test_a_missing_file_names_the_way_to_build_it(tmp_path):
    with pytest.raises(NerpipeError, match=r"none\.conll: not there; run `dvc repro`"):
        list(read_conll(tmp_path / "none.conll"))


def test_a_line_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "dev.conll"
    path.write_bytes(b"a\tO\n\n" * 9000 + b"caf\xe9\tO\n\n")
    with pytest.raises(NerpipeError, match=r"dev\.conll:18001: the line is not UTF-8.*`dvc repro --force`"):
        list(read_conll(path))
