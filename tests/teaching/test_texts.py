"""Texts without labels: which lines are texts, and what is said of the others."""

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.teaching import texts
from nerpipe.teaching.texts import Texts, read_unlabelled


def write(folder, *lines, ending="\n", encoding="utf-8"):
    folder.mkdir(exist_ok=True)
    (folder / "unlabelled.txt").write_bytes("".join(f"{line}{ending}" for line in lines).encode(encoding))
    return folder


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_each_text_is_taken_once_in_its_order_and_none_of_dev_or_test(tmp_path, ending):
    first = write(tmp_path / "a", "Ann ran.", "", "  ", "in Ulm", "Ann  ran .", "\ufeffin Lima", ending=ending)
    second = write(tmp_path / "b", "in Ulm", "don't go to Bergen", "Öl")
    held_out = [["do", "n't", "go", "to", "Bergen"], ["x"], ["in\xa0Lima"]]
    found = read_unlabelled([first, tmp_path / "none", second], "general", held_out)
    assert found.sentences[:2] == [["Ann", "ran", "."], ["in", "Ulm"]]
    assert found.sentences[-1] == ["Öl"]
    assert len(found.sentences) == 3
    assert (found.repeated, found.held_out) == (2, 2)


def test_words_are_found_by_the_rule_of_the_corpus(tmp_path):
    folder = write(tmp_path / "a", "GDP增长")
    assert read_unlabelled([folder], "mixed", []) == Texts([["GDP", "增", "长"]], 0, 0)


def test_the_encoding_that_corpus_yaml_names_holds_for_the_texts_too(tmp_path):
    folder = write(tmp_path / "a", *["Köln liegt am Rhein, Zürich nicht"] * 12, "Genève", encoding="cp1252")
    with pytest.raises(NerpipeError, match=r"unlabelled.txt: the file is not UTF-8; it is probably cp1252"):
        read_unlabelled([folder], "general", [])
    (folder / "corpus.yaml").write_text("encoding: cp1252\n")
    assert read_unlabelled([folder], "general", []).sentences[1] == ["Genève"]


def test_lines_that_are_no_text_are_listed_with_their_numbers(tmp_path):
    folder = write(tmp_path / "a", "good")
    with (folder / "unlabelled.txt").open("ab") as file:
        file.write(b"a\0b\nfine\ncaf\xe9\n")
    with pytest.raises(NerpipeError) as caught:
        read_unlabelled([folder], "general", [])
    said = str(caught.value)
    assert "2 of 4 lines hold a NUL or a byte that is not UTF-8" in said
    assert "unlabelled.txt:2: a\\x00b\n" in said
    assert said.endswith("unlabelled.txt:4: caf\\xe9")


def test_without_a_text_the_message_says_where_texts_belong(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NerpipeError, match=r"there is no .*a.unlabelled.txt or .*b.unlabelled.txt; put texts"):
        read_unlabelled([tmp_path / "a", tmp_path / "b"], "general", [])
    folder = write(tmp_path / "a", "Ann ran", "", " ")
    with pytest.raises(NerpipeError, match="no line holds a text that may be learnt"):
        read_unlabelled([folder], "general", [["Ann", "ran"]])
    write(folder)
    with pytest.raises(NerpipeError, match="no line holds a text"):
        read_unlabelled([folder], "general", [])
    (folder / "unlabelled.txt").unlink()
    (folder / "unlabelled.txt").symlink_to("nowhere")
    with pytest.raises(NerpipeError, match="this is no file, or a link to none"):
        read_unlabelled([folder], "general", [])


def test_a_file_that_a_copy_of_the_repository_lacks_is_pointed_out(tmp_path, monkeypatch):
    from pathlib import Path

    home, copy = tmp_path / "home", tmp_path / "copy"
    for each in (home, copy):
        (each / "data/raw/a").mkdir(parents=True)
    write(home / "data/raw/a", "Ann")
    monkeypatch.chdir(copy)
    monkeypatch.setattr(texts, "project_root", lambda: home)
    with pytest.raises(
        NerpipeError, match=r"holds only what git or DVC tracks: `git add data/raw/a/unlabelled.txt`, or `dvc add`"
    ):
        read_unlabelled([Path("data/raw/a")], "general", [])


def test_texts_that_a_copy_lacks_are_missed_although_others_are_there(tmp_path, monkeypatch):
    from pathlib import Path

    home, copy = tmp_path / "home", tmp_path / "copy"
    for folder in (home / "data/raw/a", home / "data/raw/b", copy / "data/raw/a"):
        folder.mkdir(parents=True)
        write(folder, "Ann")
    monkeypatch.chdir(copy)
    monkeypatch.setattr(texts, "project_root", lambda: home)
    with pytest.raises(NerpipeError, match=r"data/raw/b/unlabelled.txt is there, but this run works on a copy"):
        read_unlabelled([Path("data/raw/a"), Path("data/raw/b")], "general", [])
