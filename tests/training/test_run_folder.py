"""The folder of a run: named by what decides it, locked, deleted at the end, bounded in number."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from nerpipe.errors import NerpipeError
from nerpipe.training import run_folder
from nerpipe.training.checkpoints import last_usable, mark_complete
from nerpipe.training.run_folder import GUARD, code_of, run_fingerprint, training_folder
from places import ROOT


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


def test_the_fingerprint_covers_the_code_that_dvc_yaml_lists_for_the_stage(tmp_path, monkeypatch):
    for name in ("src/nerpipe/training", "src/nerpipe/serving", "stages"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / ".dvcignore", tmp_path)
    (tmp_path / "stages/train.py").write_text("1")
    deps = ["src/nerpipe/training", "stages/train.py"]
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": {"cmd": "true", "deps": deps}}}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_folder, "__file__", str(tmp_path / "src/nerpipe/training/run_folder.py"))
    assert code_of("train") == [Path("src/nerpipe/training"), Path("stages/train.py")]

    def after(name):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("new")
        return run_fingerprint({}, code_of("train"))

    first = run_fingerprint({}, code_of("train"))
    assert after("src/nerpipe/serving/page.html") == first
    assert after("src/nerpipe/training/__pycache__/loss.cpython-311.pyc") == first
    assert after("src/nerpipe/training/.loss.py.swp") == first
    assert len({first, after("src/nerpipe/training/loss.py"), after("src/nerpipe/training/sub/template.md")}) == 3
    assert len({first, after("stages/train.py")}) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stages: {train: {cmd: x}}",
        "stages: {other: {cmd: x, deps: [a]}}",
        "stages: {train: {cmd: x, deps: ['src/${pkg}']}}",
        "stages: {train: {cmd: x, deps: [stages]}}",
        "stages: {train: {cmd: x, deps: &d [stages]}}",
        "stages: {train: {cmd: x, deps: [1]}}",
    ],
)
def test_a_dvc_yaml_that_does_not_name_the_code_means_the_whole_package(tmp_path, monkeypatch, text):
    (tmp_path / "stages").mkdir()
    (tmp_path / "dvc.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert code_of("train") == [ROOT / "src/nerpipe"]


def test_a_file_that_moves_to_another_folder_changes_the_fingerprint(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("p/a", "p/z", "q/zz"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(name)
    before = run_fingerprint({}, [Path("p"), Path("q")])
    Path("p/z").rename("q/z")
    assert run_fingerprint({}, [Path("p"), Path("q")]) != before


def test_the_code_of_the_train_stage_is_all_that_it_imports():
    listed = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["train"]["deps"]
    assert {path for path in listed if path.startswith("src/")} == {
        f"src/nerpipe/{name}" for name in ("contracts", "inference", "scoring", "tokenizing", "training")
    }


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
    assert [path.name for path in tmp_path.iterdir()] == [GUARD]


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


RUN = """
import sys, time
from pathlib import Path
from nerpipe.errors import NerpipeError
from nerpipe.training import run_folder
root, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
run_folder.PATIENCE, run_folder.PERIOD_OF_LOCK, run_folder.KEPT = 20.0, 0.001, 2
print("ready", flush=True)
sys.stdin.readline()
for _ in range(rounds):
    with run_folder.training_folder(root, name) as folder:
        inside = folder.parent.parent / f"inside-{name}"
        inside.open("x").close()  # it fails if another process is inside
        (folder / "state").write_text("x")
        time.sleep(0.002)
        inside.unlink()
print("done", flush=True)
"""


def test_many_that_start_at_once_take_turns_and_none_crashes(tmp_path):
    """Eight processes, forty turns in each of two folders: the end of one turn is where the next ones wait."""
    root = tmp_path / "runs"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, str(root), "ab"[number % 2], "10"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for number in range(8)
    ]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 8
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate() for process in processes]
    assert ends == [("done\n", "")] * 8
    assert [path.name for path in root.iterdir()] == [GUARD]


def test_what_broke_off_is_bounded_in_number(tmp_path):
    for number in range(6):
        break_off(tmp_path, str(number))
        os.utime(tmp_path / f"train-{number}", (number, number))
    assert sorted(path.name for path in tmp_path.glob("train-*/")) == ["train-3", "train-4", "train-5"]


def save(folder, step, best):
    """Save what stands for a checkpoint."""
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir()
    (checkpoint / "weights").write_text(str(step))
    (checkpoint / "trainer_state.json").write_text(json.dumps({"best_global_step": best}))
    mark_complete(checkpoint)
    return checkpoint


def test_the_newest_whole_checkpoint_is_taken_and_others_are_deleted(tmp_path, capsys):
    for step in (5, 10, 20):
        save(tmp_path, step, None)
    assert last_usable(tmp_path) == tmp_path / "checkpoint-20"
    (tmp_path / "checkpoint-20" / "complete.json").unlink()
    assert last_usable(tmp_path) == tmp_path / "checkpoint-10"
    assert "checkpoint-20 is incomplete or damaged" in capsys.readouterr().out
    assert not (tmp_path / "checkpoint-20").exists()
    (tmp_path / "checkpoint-10" / "weights").write_text("other")
    (tmp_path / "checkpoint-5" / "weights").unlink()
    assert last_usable(tmp_path) is None


@pytest.mark.parametrize("marker", ["", "{}", "[]", "null", "1", "[1]", '{"weights": 1}', '{"../outside": "x"}'])
def test_a_damaged_marker_is_no_marker(tmp_path, marker):
    (save(tmp_path, 5, None) / "complete.json").write_text(marker)
    assert last_usable(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_whose_best_epoch_is_lost_is_not_taken(tmp_path):
    save(tmp_path, 10, 10)
    save(tmp_path, 15, 10)
    save(tmp_path, 20, 20)
    save(tmp_path, 25, 20)
    assert last_usable(tmp_path) == tmp_path / "checkpoint-25"
    (tmp_path / "checkpoint-20" / "weights").write_text("other")
    assert last_usable(tmp_path) == tmp_path / "checkpoint-15"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-15"]
