"""Files that are whole or absent."""

import errno
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nerpipe.contracts import files
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


def test_a_file_keeps_the_mode_of_the_one_that_it_replaces(tmp_path):
    path = tmp_path / "x.txt"
    write_text(path, "old")
    path.chmod(0o640)
    write_text(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_keeps_the_owner_and_the_group_of_the_one_that_it_replaces(tmp_path):
    path = tmp_path / "shared"
    path.write_text("old")
    os.chown(path, 12345, 54321)
    path.chmod(0o640)
    write_text(path, "new")
    found = path.stat()
    assert (path.read_text(), found.st_uid, found.st_gid, found.st_mode & 0o777) == ("new", 12345, 54321, 0o640)


def test_a_file_that_is_replaced_does_not_run_as_another_user_any_more(tmp_path):
    path = tmp_path / "tool"
    path.write_text("old")
    path.chmod(0o6755)
    write_text(path, "new")
    assert path.stat().st_mode & 0o7777 == 0o755


def test_a_file_has_its_mode_before_it_is_given_away(tmp_path, monkeypatch):
    path = tmp_path / "shared"
    path.write_text("old")
    path.chmod(0o640)
    own = path.stat()
    of_another_owner = os.stat_result((*own[:4], own.st_uid + 1, *own[5:]))
    given = []

    def give_away(new, user, _):
        given.append((new.stat().st_mode & 0o777, user))
        # From now on, a root that may give files away need not be allowed to change their mode.
        monkeypatch.setattr(files.Path, "chmod", refuse)

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(files.os, "chown", give_away)
    monkeypatch.setattr(files.Path, "lstat", lambda _: of_another_owner)
    write_text(path, "new")
    monkeypatch.undo()
    assert given == [(0o640, own.st_uid + 1)]
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)


@pytest.mark.parametrize(("before", "after"), [(0o640, 0o600), (0o664, 0o644), (0o600, 0o600)])
def test_another_group_gets_no_more_rights_than_everybody(tmp_path, monkeypatch, before, after):
    path = tmp_path / "shared"
    path.write_text("old")
    path.chmod(before)
    own = path.stat()
    of_another_group = os.stat_result((*own[:5], own.st_gid + 1, *own[6:]))

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(files.os, "chown", refuse)
    monkeypatch.setattr(files.Path, "lstat", lambda _: of_another_group)
    write_text(path, "new")
    monkeypatch.undo()
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", after)


def test_a_folder_is_replaced_whole(tmp_path):
    for text in ("1", "2"):
        with replacing(tmp_path / "out") as folder:
            folder.mkdir()
            (folder / text).write_text(text)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["2"]


WRITER = """
import sys, time
from pathlib import Path
from nerpipe.contracts.files import replacing
path, text = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for _ in range(100):
    with replacing(path) as folder:
        folder.mkdir()
        for name in "ab":
            (folder / name).write_text(text)
if len(sys.argv) > 3:
    with replacing(path) as folder:
        folder.mkdir()
        (folder / "half").write_text(text)
        print(folder.name, flush=True)
        time.sleep(60)
"""


def start_writer(path, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_two_processes_that_write_the_same_folder_leave_one_of_the_two_whole(tmp_path):
    writers = [start_writer(tmp_path / "out", text) for text in ("1", "2", "3")]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 3
    assert [writer.communicate("go\n") for writer in writers] == [("", "")] * 3
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert {(path.name, path.read_text()) for path in (tmp_path / "out").iterdir()} in [
        {("a", text), ("b", text)} for text in ("1", "2", "3")
    ]


def test_what_a_killed_process_left_is_deleted_by_the_next_and_that_of_a_living_one_is_not(tmp_path):
    killed, living = (start_writer(tmp_path / "out", "1", "stay") for _ in range(2))
    names = []
    for writer in (killed, living):
        writer.stdin.write("go\n")
        writer.stdin.flush()
        assert writer.stdout.readline() == "ready\n"
        names.append(Path(writer.stdout.readline().strip()))
    assert len(set(names)) == 2
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert (tmp_path / names[0]).is_dir()
    write_text(tmp_path / "other", "")
    assert (tmp_path / names[0]).is_dir()  # it is for another file
    with replacing(tmp_path / "out") as folder:
        folder.mkdir()
        assert sorted(path.name for path in tmp_path.glob(".*")) == sorted([names[1].name, folder.name])
    living.kill()
    living.communicate()


def test_a_link_to_a_folder_is_replaced_and_its_target_stays(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a").write_text("1")
    (tmp_path / "out").symlink_to("kept")
    with replacing(tmp_path / "out") as folder:
        folder.mkdir()
    assert list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "out").is_symlink()
    assert (tmp_path / "kept" / "a").read_text() == "1"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("PytorchStreamWriter failed writing file data: file write failed"),
        Exception("Error while serializing: I/O error: No space left on device (os error 28)"),  # safetensors
    ],
)
def test_a_full_disk_names_the_file_whatever_a_library_raises(tmp_path, error):
    (tmp_path / "out").write_text("old")

    def fail():
        with replacing(tmp_path / "out") as path:
            path.write_text("ne")
            raise error

    with pytest.raises(OSError, match="No space left on device") as found:
        fail()
    assert found.value.filename == str(tmp_path / "out")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("error", [NerpipeError("no space left here"), OSError(errno.EIO, "broken"), ValueError("x")])
def test_another_error_stays_what_it_is(tmp_path, error):
    with pytest.raises(type(error)) as found, replacing(tmp_path / "out"):
        raise error
    assert found.value is error


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


def test_rows_are_lines_and_other_json_is_indented(tmp_path):
    rows = [{"b": [1, {"c": "\u2028"}], "a": 0.1}, {}, {"text": "a\nb"}]
    write_json(tmp_path / "rows.json", rows)
    lines = (tmp_path / "rows.json").read_text().split("\n")
    assert [lines[0], *lines[-2:]] == ["[", "]", ""]
    assert [json.loads(line.removesuffix(",")) for line in lines[1:-2]] == rows
    assert read_json(tmp_path / "rows.json") == rows
    for other in ([], {"a": [{"b": 1}]}, [1, 2]):
        write_json(tmp_path / "other.json", other)
        assert (tmp_path / "other.json").read_text() == json.dumps(other, indent=2) + "\n"
