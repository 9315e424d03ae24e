"""The format is found from the content; what is not known, missing or mixed is refused with what to do."""

import json
import os
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.annotations.documents import RECORD_PROBLEMS, Broken, Document, TaggedSentence
from nerpipe.annotations.formats import find_files, left_aside, read_file
from nerpipe.errors import NerpipeError
from places import ROOT

FIXTURES = ROOT / "tests/fixtures/annotations"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty; export the annotations again"),
        ("\ufeff \n\n", "the file is empty"),
        ("PK\x03\x04 and so on", "the file is packed; unpack it with unzip"),
        (b"\x1f\x8b\x08", "the file is packed; unpack it with gunzip"),
        ("Ada B-PER\nsaw O\n\nBo B-PER\n", "a CoNLL file, which needs no import. Copy it to data/raw/NAME/train.conll"),
        ("-DOCSTART-\t-X-\tO\n\nAda\tN\tB-PER\n", "this is a CoNLL file"),
        ("# id = 1\n1 Ada O\n2 saw O\n", "this is a CoNLL file"),
        ("the dog\nthe cat\n", "the format is not known. Known are doccano"),
        ("Ada saw Bo\n", "the format is not known"),
        ("{}", "no record has the layout of a known annotation tool"),
        ('{"text": "Ada"}\n', "no record has the layout of a known annotation tool"),
        ('{"text": "Ada", "entities": []}\n', "no record has the layout of a known annotation tool"),
        ("[1, 2]", "no record has the layout of a known annotation tool"),
        ("\x00\x01\x02", "the format is not known"),
        ("\ufeff{}".encode("utf-16-le"), "iconv -f UTF-16 -t UTF-8"),
        ("{" * 1000, "no record has the layout of a known annotation tool"),
    ],
)
def test_an_unknown_format_is_refused(tmp_path, content, said):
    (tmp_path / "some.jsonl").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(NerpipeError, match=said) as error:
        find_files([tmp_path / "some.jsonl"])
    assert str(tmp_path / "some.jsonl") in str(error.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere.jsonl", "no such file or folder"),
        ("empty", "the folder is empty"),
        ("pipe", "this is a pipe or a device"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path, name, said):
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NerpipeError, match=said):
        find_files([tmp_path / name])


@pytest.mark.parametrize("name", ["train.conll", "some.conllu", "some.tsv", "some.txt"])
def test_a_conll_file_needs_no_import(tmp_path, name):
    (tmp_path / name).write_text("Ada\tB-PER\nslept\tO\n")
    with pytest.raises(NerpipeError, match=r"needs no import.*data/raw/NAME/train.conll.*dvc exp run -S dataset=NAME"):
        find_files([tmp_path / name])


def test_files_of_no_known_format_in_a_folder_are_left_aside_and_named(tmp_path):
    shutil.copy(FIXTURES / "doccano.jsonl", tmp_path / "b.jsonl")
    for name in ("README.md", "dataset_info.json", "sub/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    files = find_files([tmp_path])
    assert [file.name for file in files] == [str(tmp_path / "b.jsonl")]
    named = [str(tmp_path / name) for name in ("README.md", "dataset_info.json", "sub/notes.txt")]
    assert left_aside([tmp_path], files) == named
    with pytest.raises(NerpipeError, match=r"README\.md"):
        find_files([tmp_path / "README.md", tmp_path / "b.jsonl"])
    (tmp_path / "b.jsonl").unlink()
    with pytest.raises(NerpipeError, match=r"README.md: no record has the layout"):
        find_files([tmp_path])


def test_the_files_of_save_to_disk_are_all_its_own(tmp_path):
    for name in ("dataset_dict.json", "train/state.json", "train/data.arrow"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert left_aside([tmp_path], find_files([tmp_path])) == []


def test_files_of_several_formats_are_refused():
    with pytest.raises(
        NerpipeError, match=r"doccano.jsonl is doccano; .*spacy.jsonl is spaCy. Import the files of each"
    ):
        find_files([FIXTURES / "doccano.jsonl", FIXTURES / "spacy.jsonl"])


def test_the_ending_of_a_json_file_says_nothing(tmp_path):
    shutil.copy(FIXTURES / "label_studio.json", tmp_path / "some.txt")
    (file,) = find_files([tmp_path / "some.txt"])
    assert file.format == "Label Studio JSON"


def test_records_without_any_span_may_be_doccano_s(tmp_path):
    (tmp_path / "some.jsonl").write_text('{"text": "Ada", "label": []}\n')
    assert find_files([tmp_path / "some.jsonl"])[0].format == "doccano"


def test_a_folder_of_files_is_read_in_the_order_of_their_names(tmp_path):
    for name in ("b.jsonl", "a.jsonl"):
        shutil.copy(FIXTURES / "doccano.jsonl", tmp_path / name)
    assert [file.name for file in find_files([tmp_path])] == [str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")]


def test_a_broken_first_line_does_not_hide_the_format(tmp_path):
    text = (FIXTURES / "prodigy.jsonl").read_text(encoding="utf-8")
    (tmp_path / "some.jsonl").write_text(text[:60] + "\n" + text, encoding="utf-8")
    (file,) = find_files([tmp_path / "some.jsonl"])
    records = list(read_file(file))
    assert file.format == "Prodigy"
    assert [isinstance(record, Document) for record in records] == [False] + [True] * 6


KEYS = ["text", "data", "label", "labels", "entities", "spans", "ents", "annotations", "predictions", "result", "value"]
KEYS += [
    "start",
    "end",
    "start_offset",
    "end_offset",
    "answer",
    "meta",
    "id",
    "tokens",
    "ner_tags",
    "relations",
    "to_name",
]
VALUES = st.recursive(
    st.sampled_from([None, True, 0, 3, 2.5, -1, float("nan"), 10**40, "", "Ada saw 😀 Bo", "PER", "\ud800", "\0"]),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)),
    max_leaves=20,
)
KNOWN = [
    {"text": "Ada", "label": [[0, 3, "PER"]]},
    {"text": "Ada", "spans": []},
    {"text": "Ada", "ents": []},
    {"data": {"text": "Ada"}, "annotations": []},
    {"text": "Ada", "label": [{"start": 0, "end": 3, "labels": ["PER"]}]},
    {"tokens": ["Ada"], "ner_tags": ["O"]},
]


@given(
    first=st.sampled_from(KNOWN),
    rows=st.lists(st.one_of(VALUES, st.dictionaries(st.sampled_from(KEYS), VALUES)), max_size=4),
)
def test_whatever_the_records_are_each_is_read_or_broken_for_a_stated_reason(first, rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "some.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (first, *rows)), encoding="utf-8")
    (file,) = find_files([path])
    records = list(read_file(file))
    assert len(records) == 1 + len(rows)
    for record in records:
        assert isinstance(record, Document | TaggedSentence | Broken)
        if isinstance(record, Broken):
            assert record.problem in RECORD_PROBLEMS
        if isinstance(record, Document):
            assert isinstance(record.text, str)
