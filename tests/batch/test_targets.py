"""Files to write that are not what they seem: each is refused or written through before anything is deleted."""

import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from nerpipe.batch.output_file import Output
from nerpipe.batch.records import Rejected
from nerpipe.batch.targets import Targets, find_targets
from nerpipe.batch.writers import as_json
from nerpipe.errors import NerpipeError

OTHER = "this is a diary, not a rejects file\n"


def find(folder, output="out.jsonl", rejects=None, files=("in.txt",)):
    (folder / "in.txt").write_text("Ann\n")
    return find_targets(
        folder / output if output else None,
        rejects and folder / rejects,
        [str(folder / name) for name in files],
        sys.stdout,
        folder / "model",
    )


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def test_the_rejects_lie_beside_the_output_and_nowhere_without_one(tmp_path):
    assert find(tmp_path) == Targets(tmp_path / "out.jsonl", None, tmp_path / "out.jsonl.rejects.jsonl")
    assert find(tmp_path, output=None) == Targets(None, None, None)


@pytest.mark.parametrize(
    ("output", "rejects", "said"),
    [
        ("out.jsonl", "in.txt", "--rejects .*in.txt: this file is an input, which would be lost"),
        ("out.jsonl", "link.txt", "--rejects .*in.txt: this file is an input"),
        ("out.jsonl", "hard.txt", "--rejects .*hard.txt: this file is an input"),
        ("in.txt", None, "--output .*in.txt: this file is an input"),
        ("out.jsonl", "out.jsonl", "this is also the output"),
        ("out.jsonl", "diary.txt", "this file exists and holds no rejected records"),
        ("out.jsonl", "sub", "--rejects .*sub: this is a folder"),
        ("sub", None, "--output .*sub: this is a folder; name a file"),
        ("in.txt/out.jsonl", None, "in.txt is a file, not a folder"),
        ("loop", None, "--output .*loop: the file cannot be reached"),
    ],
)
def test_what_would_be_lost_is_refused_and_stays(tmp_path, output, rejects, said):
    (tmp_path / "diary.txt").write_text(OTHER)
    (tmp_path / "sub").mkdir()
    (tmp_path / "in.txt").write_text("Ann\n")
    (tmp_path / "link.txt").symlink_to("in.txt")
    (tmp_path / "hard.txt").hardlink_to(tmp_path / "in.txt")
    (tmp_path / "loop").symlink_to("loop")
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(NerpipeError, match=said):
        find(tmp_path, output, rejects)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert (tmp_path / "in.txt").read_text() == "Ann\n"
    assert (tmp_path / "diary.txt").read_text() == OTHER


def test_a_file_that_is_standard_input_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "in.txt"
    path.write_text("Ann\n")
    with path.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        with pytest.raises(NerpipeError, match="this file is the standard input"):
            find_targets(tmp_path / "out.jsonl", path, ["-"], sys.stdout, tmp_path / "model")


@pytest.mark.parametrize("option", [{"output": "model/onnx/model.onnx"}, {"rejects": "model/new"}, {"output": "link"}])
def test_a_file_of_the_model_is_refused(tmp_path, option):
    (tmp_path / "model/onnx").mkdir(parents=True)
    (tmp_path / "model/onnx/model.onnx").write_text("weights")
    (tmp_path / "link").symlink_to("model/onnx/model.onnx")
    with pytest.raises(NerpipeError, match="this is in the folder of the model; name a file elsewhere"):
        find(tmp_path, **option)


def test_a_dash_is_standard_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_targets(Path("-"), None, [], sys.stdout, Path("model")) == Targets(None, None, None)


def test_a_link_stays_and_the_file_behind_it_is_written(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "out.jsonl").symlink_to("real/there.jsonl")
    targets = find(tmp_path)
    assert targets.output == tmp_path / "real/there.jsonl"
    assert targets.rejects == tmp_path / "out.jsonl.rejects.jsonl"


def test_devices_and_fifos_are_written_through(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert find(tmp_path, output="pipe") == Targets(None, tmp_path / "pipe", None)
    assert (
        find_targets(tmp_path / "out", tmp_path / "pipe", [], io.StringIO(), tmp_path / "model").rejects
        == tmp_path / "pipe"
    )
    sink = Output(tmp_path / "out", tmp_path / "pipe", io.StringIO(), as_json)
    got = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_text()))
    reader.start()
    with sink.open("job", resume=False):
        sink.write([Rejected("in:1", "bad", "raw")])
    reader.join(10)
    assert json.loads(got[0])["position"] == "in:1"
    assert (tmp_path / "pipe").is_fifo()


def test_a_name_of_standard_output_is_standard_output(tmp_path):
    with (tmp_path / "shell.txt").open("w") as stdout:
        assert find_targets(tmp_path / "shell.txt", None, [], stdout, tmp_path / "model") == Targets(None, None, None)


def finished(folder, output, rejects, rejected=1):
    sink = Output(folder / output, folder / rejects, io.StringIO(), as_json)
    with sink.open("job", resume=False):
        sink.write([Rejected("in:1", "bad", "raw")] * rejected)


def test_the_rejects_of_another_output_are_not_replaced_but_the_own_are(tmp_path):
    finished(tmp_path, "one.jsonl", "rejects.jsonl")
    assert find(tmp_path, "one.jsonl", "rejects.jsonl").rejects == tmp_path / "rejects.jsonl"
    with pytest.raises(NerpipeError, match=r"holds the rejected records of .*one.jsonl"):
        find(tmp_path, "two.jsonl", "rejects.jsonl")
    (tmp_path / "one.jsonl").unlink()
    assert find(tmp_path, "two.jsonl", "rejects.jsonl").rejects
