"""The folder of a run: named by what decides it, locked, deleted at the end, bounded in number."""

import os
import subprocess
import sys

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.training import run_folder
from nerpipe.training.checkpoints import last_complete, mark_complete
from nerpipe.training.run_folder import run_fingerprint, training_folder


def test_the_fingerprint_follows_params_names_and_contents(tmp_path):
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "a"
    file.write_text("1")
    seen = {run_fingerprint({"lr": 1}, [tmp_path / "data"]), run_fingerprint({"lr": 2}, [tmp_path / "data"])}
    file.write_text("2")
    seen.add(run_fingerprint({"lr": 1}, [tmp_path / "data"]))
    file.rename(tmp_path / "data" / "b")
    seen.add(run_fingerprint({"lr": 1}, [tmp_path / "data"]))
    assert len(seen) == 4
    assert run_fingerprint({"lr": 1}, [tmp_path / "data"]) in seen


def break_off(root, name):
    """Begin a run that leaves something and fails."""
    try:
        with training_folder(root, name) as folder:
            (folder / "state").write_text("x")
            raise ZeroDivisionError  # noqa: TRY301 - as anything may fail in the block
    except ZeroDivisionError:
        pass


def test_the_folder_is_deleted_on_success_and_kept_on_failure(tmp_path):
    break_off(tmp_path, "a")
    assert (tmp_path / "train-a" / "state").exists()
    with training_folder(tmp_path, "a") as folder:
        assert (folder / "state").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_second_writer_is_refused_and_told_who_the_first_is(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "PATIENCE", 0.2)
    code = (
        "import sys, time; from pathlib import Path; from nerpipe.training.run_folder import training_folder\n"
        "with training_folder(Path(sys.argv[1]), 'a'): print('in', flush=True); time.sleep(60)"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert first.stdout.readline() == b"in\n"
        with (
            pytest.raises(NerpipeError, match=rf"another process \(number {first.pid}\)"),
            training_folder(tmp_path, "a"),
        ):
            pass
    finally:
        first.kill()
        first.communicate()
    with training_folder(tmp_path, "a"):  # its death freed the lock
        pass


def test_what_broke_off_is_bounded_in_number(tmp_path):
    for number in range(6):
        break_off(tmp_path, str(number))
        os.utime(tmp_path / f"train-{number}", (number, number))
    assert sorted(path.name for path in tmp_path.glob("train-*/")) == ["train-3", "train-4", "train-5"]


def test_the_newest_whole_checkpoint_is_taken_and_others_are_deleted(tmp_path, capsys):
    for step in (5, 10, 20):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "weights").write_text(str(step))
        mark_complete(tmp_path / f"checkpoint-{step}")
    assert last_complete(tmp_path) == tmp_path / "checkpoint-20"
    (tmp_path / "checkpoint-20" / "complete.json").unlink()
    assert last_complete(tmp_path) == tmp_path / "checkpoint-10"
    assert "checkpoint-20 is not whole" in capsys.readouterr().out
    assert not (tmp_path / "checkpoint-20").exists()
    (tmp_path / "checkpoint-10" / "weights").write_text("other")
    (tmp_path / "checkpoint-5" / "weights").unlink()
    assert last_complete(tmp_path) is None
