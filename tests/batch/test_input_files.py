"""Which files are read, and by which format."""

import io
import os

import pytest

from nerpipe.batch.input_files import SUFFIXES, input_files, kind_of
from nerpipe.batch.readers import read_records
from nerpipe.batch.records import Record, Rejected
from nerpipe.batch.text_arguments import text_records
from nerpipe.errors import NerpipeError

CONTENTS = {
    "a.txt": "Ann saw Bob\n",
    "b.JSONL": '{"text": "Ann", "id": 1}\n',
    "c.ndjson": '{"text": "Bob"}\n',
    "d.conll": "Ann\tB-x\nsaw\tO\n",
    "e.testa": "Ann\tB-x\nsaw\tO\n",
    "f.iob2": "Ann\tB-x\nsaw\tO\n",
    "sub/g.bio": "Ann\tB-x\nsaw\tO\n",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    for name, content in CONTENTS.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def test_the_suffix_of_each_file_says_its_format(folder):
    files = input_files([str(folder)], None)
    kinds = [kind_of(name, None) for name in files]
    assert kinds == ["lines", "jsonl", "jsonl", "conll", "conll", "conll", "conll"]
    rows = list(read_records(files, None, io.BytesIO(), lambda _: None))
    assert [row.text for row in rows] == ["Ann saw Bob", "Ann", "Bob", *["Ann saw"] * 4]
    assert [row.words for row in rows] == [None, None, None, *[["Ann", "saw"]] * 4]


def test_a_format_that_is_named_holds_for_all_files(folder):
    files = input_files([str(folder)], "files")
    rows = list(read_records(files, "files", io.BytesIO(), lambda _: None))
    assert [row.text for row in rows] == [*CONTENTS.values()]


@pytest.mark.parametrize(("name", "said"), [("x.md", 'the suffix ".md" says no format'), ("x", "has no suffix")])
@pytest.mark.parametrize("inside", [True, False])
def test_a_suffix_that_says_nothing_is_refused_before_anything_is_read(folder, name, said, inside):
    (folder / name).write_text("Ann\n")
    with pytest.raises(NerpipeError, match=rf"{said}.*; name the format with --from, which takes lines, files, jsonl"):
        input_files([str(folder if inside else folder / name)], None)
    assert input_files([str(folder / name)], "lines") == [str(folder / name)]


def test_standard_input_and_pipes_hold_lines(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.jsonl")
    kinds = [kind_of(name, None) for name in ("-", str(tmp_path / "pipe"), str(tmp_path / "pipe.jsonl"), "/dev/null")]
    assert kinds == ["lines", "lines", "jsonl", "lines"]


def test_a_name_is_looked_up_in_its_folder(folder):
    assert kind_of("a.txt", None, folder) == "lines"
    (folder / "plain").write_text("")
    with pytest.raises(NerpipeError, match="no suffix"):
        kind_of("plain", None, folder)


def test_what_clean_conll_takes_is_taken(folder):
    del folder
    assert {suffix for suffix, kind in SUFFIXES.items() if kind == "conll"} >= {
        "conll",
        "conllu",
        "tsv",
        "iob",
        "bioes",
    }


def test_texts_of_the_command_line_are_records():
    rows = list(text_records(["Ann\nsaw Bob", "", os.fsdecode(b"caf\xe9")]))
    assert rows[0] == Record("text 1", "Ann\nsaw Bob", None, {})
    assert rows[1].text == ""
    assert rows[2] == Rejected("text 3", "byte 4 of the record is not UTF-8", "caf\\xe9")


@pytest.mark.parametrize(
    ("names", "kind", "said"),
    [
        (["nowhere.txt"], "lines", "nowhere.txt: no such file or folder"),
        (["-"], "files", "--from files needs --input"),
        (["-"], "parquet", "--from parquet needs --input"),
    ],
)
def test_inputs_that_cannot_be(names, kind, said):
    with pytest.raises(NerpipeError, match=said):
        input_files(names, kind)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(NerpipeError, match="the folder is empty"):
        input_files([str(tmp_path)], "lines")
