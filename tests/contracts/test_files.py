"""Files that are whole or absent."""

import math

import pytest

from nerpipe.contracts.files import read_json, replacing, sha256_of, write_json, write_text
from nerpipe.errors import NerpipeError


def test_a_failed_write_leaves_the_old_file_and_no_trace(tmp_path):
    path = tmp_path / "a" / "x.txt"
    write_text(path, "old")

    def interrupted():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["x.txt"]


def test_a_folder_is_replaced_whole(tmp_path):
    for text in ("1", "2"):
        with replacing(tmp_path / "out") as folder:
            folder.mkdir()
            (folder / text).write_text(text)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["2"]


def test_json_is_sorted_and_finite(tmp_path):
    path = tmp_path / "x.json"
    write_json(path, {"b": 1, "a": "é"})
    assert path.read_text() == '{\n  "a": "é",\n  "b": 1\n}\n'
    assert read_json(path) == {"a": "é", "b": 1}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"x": math.nan})
    assert read_json(path) == {"a": "é", "b": 1}


def test_a_missing_or_broken_json_names_the_file_and_the_way_out(tmp_path):
    with pytest.raises(NerpipeError, match=r"x.json: not there; run `dvc repro`"):
        read_json(tmp_path / "x.json")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(NerpipeError, match=r"x.json: the file is not valid JSON"):
        read_json(tmp_path / "x.json")


def test_sha256(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    assert sha256_of(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
