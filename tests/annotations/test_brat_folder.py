"""brat: pairs of files, parts, quotes that show how offsets count, and lines that are no entity."""

import json

import pytest

from nerpipe.annotations.brat_folder import brat_documents
from nerpipe.annotations.formats import find_files, read_file
from nerpipe.annotations.importing import import_annotations
from nerpipe.annotations.offsets import judge_annotations
from nerpipe.contracts.word_rules import find_words


def read(folder, text, annotations):
    (folder / "a.txt").write_bytes(text.encode("utf-8"))
    (folder / "a.ann").write_bytes(annotations.encode("utf-8"))
    (document,) = brat_documents([(folder / "a.txt", "a")])
    verdicts = judge_annotations(document.text, find_words(document.text), document.annotations, "characters")
    return [verdict.mention or verdict.problem for verdict in verdicts]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("T1\tPER 0 3\tAda", ("PER", 0, 3)),
        ("T1\tPER 0 3\tAda\r", ("PER", 0, 3)),
        ("T1\tPER 0 3", ("PER", 0, 3)),
        ("T1\tPER 0 3\tBo", "text_differs"),
        ("T1\tPER 0 3;4 7\tAda saw", ("PER", 0, 7)),
        ("T1\tPER 0 3;8 10\tAda Bo", "discontinuous"),
        ("T1\tPER 0 99\tAda", "out_of_range"),
        ("T1\tPER -1 3\tAda", "malformed"),
        ("T1\tPER 0\tAda", "malformed"),
        ("T1\tPER 0.0 3\tAda", "malformed"),
        (f"T1\tPER 0 {'9' * 5000}\tAda", "malformed"),
        ("T1\tPER ٠ ٣\tAda", "malformed"),
        ("T1 PER 0 3 Ada", "malformed"),
        ("T", "malformed"),
    ],
)
def test_a_line(tmp_path, line, found):
    assert read(tmp_path, "Ada saw Bo", line + "\n") == [found]


def test_crlf_and_a_byte_order_mark_count_as_the_quote_shows(tmp_path):
    assert read(tmp_path, "Hi\r\nAda", "T1\tPER 4 7\tAda\n") == [("PER", 4, 7)]
    assert read(tmp_path, "Hi\r\nAda", "T1\tPER 3 6\tAda\n") == [("PER", 4, 7)]
    assert read(tmp_path, "Ada\nByron", "T1\tPER 0 3;4 9\tAda Byron\n") == [("PER", 0, 9)]


def test_a_text_that_cannot_be_used_is_rejected_and_the_others_go_on(tmp_path):
    for name, text in (("a", b"caf\xe9"), ("b", b"Ada")):
        (tmp_path / f"{name}.txt").write_bytes(text)
        (tmp_path / f"{name}.ann").write_text("T1\tPER 0 3\tAda\n")
    (tmp_path / "c.ann").write_text("T1\tPER 0 3\tAda\n")
    (tmp_path / "d.txt").write_text("nobody looked at this")
    (file,) = find_files([tmp_path])
    assert [record.problem for record in read_file(file)] == ["invalid_utf8", "", "no_text", "not_annotated"]


def test_ids_are_the_paths_in_the_folder(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "v1.2.txt").write_text("Ada")
        (tmp_path / folder / "v1.2.ann").write_text("T1\tPER 0 3\tAda\n")
    (file,) = find_files([tmp_path])
    assert [document.id for document in read_file(file)] == ["x/v1.2", "y/v1.2"]
    (alone,) = find_files([tmp_path / "x/v1.2.ann"])
    assert [document.id for document in read_file(alone)] == ["v1.2"]


def test_an_annotation_that_is_not_used_has_its_own_line(tmp_path):
    (tmp_path / "reports").mkdir()
    for n in range(6):
        (tmp_path / f"reports/{n}.txt").write_text(f"Ada saw {n}")
        (tmp_path / f"reports/{n}.ann").write_text("T1\tPER 0 3\tAda\n\n#1\tnote\nT2\tPER 4 7\tBo\nT3\tPER 3 7\t saw\n")
    report = import_annotations([tmp_path / "reports"], tmp_path / "mine")
    places = [str(tmp_path / f"reports/{n}.ann:") for n in range(6)]
    assert report["quarantined"]["text_differs"]["first"] == [f"{place}4" for place in places[:5]]
    assert report["repairs"]["trimmed"]["first"] == [f"{place}5" for place in places[:5]]
    rejects = (tmp_path / "mine/import_rejects.jsonl").read_text().splitlines()
    assert [json.loads(line)["place"] for line in rejects] == [f"{place}4" for place in places]
