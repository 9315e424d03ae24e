"""Runs of DVC that go on at the same time: each is whole, or refused in one sentence."""

import re
import subprocess
import time

import pytest


def launch(repo, *command):
    with (repo.path.parent / "log").open("w") as log:
        return subprocess.Popen(command, cwd=repo.path, env=repo.env, stdout=log, stderr=subprocess.STDOUT)


def wait_for(condition, process=None):
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end
        assert process is None or process.poll() is None, "it ended too early"
        time.sleep(0.05)


def is_training(repo):
    return list((repo.path / ".nerpipe").glob("train-*"))


@pytest.fixture
def short(repo):
    """Two epochs that were not trained yet."""
    repo.set(epochs=2)
    repo.commit("two epochs")
    return repo


@pytest.mark.slow
def test_a_second_repro_is_refused_and_the_first_ends_as_if_it_were_alone(short):
    first = launch(short, "dvc", "repro")
    wait_for(lambda: is_training(short), first)
    second = short.try_run("dvc", "repro")
    assert second.returncode != 0
    assert "is busy, it is being blocked by" in second.stderr
    assert f"(PID {first.pid})" in second.stderr
    assert "Traceback" not in second.stderr
    assert first.wait(timeout=300) == 0
    lock = short.read("dvc.lock")
    assert short.repro() == ([], [])
    short.run("dvc", "repro", "--force", "--single-item", "--no-run-cache", "train")
    assert short.read("dvc.lock") == lock


@pytest.mark.slow
def test_a_temporary_run_beside_a_repro_leaves_both_whole(short):
    beside = launch(short, "dvc", "repro")
    wait_for(lambda: is_training(short), beside)
    short.run("dvc", "exp", "run", "--temp", "--name", "beside", "-S", "epochs=1")
    if beside.wait(timeout=300):  # Both wanted DVC's lock, or DVC put the files of git aside while the stage ended.
        log = (short.path.parent / "log").read_text()
        assert re.search(r"Unable to acquire lock|output 'metrics/\w+\.json' does not exist", log), log
        short.repro()
    assert short.repro() == ([], [])
    lock = short.read("dvc.lock")
    assert "epochs: 2" in lock
    short.run("dvc", "repro", "--force", "--single-item", "--no-run-cache", "train")
    assert short.read("dvc.lock") == lock
    short.commit("both ran")
    short.run("dvc", "exp", "apply", "beside")
    assert "epochs: 1" in short.read("dvc.lock")
    assert short.repro() == ([], [])


@pytest.mark.slow
def test_two_queued_experiments_at_the_same_time_are_both_whole(short):
    before = short.read("dvc.lock")
    for seed in ("7", "8"):
        short.run("dvc", "exp", "run", "--queue", "--name", f"seed-{seed}", "-S", "epochs=1", "-S", f"seed={seed}")
    short.run("dvc", "queue", "start", "-j", "2")
    wait_for(lambda: not {"Queued", "Running"} & set(short.run("dvc", "queue", "status").split()))
    assert short.run("dvc", "queue", "status").count("Success") == 2
    assert short.read("dvc.lock") == before
    for seed in ("7", "8"):
        short.run("dvc", "exp", "apply", f"seed-{seed}")
        assert f"seed: {seed}" in short.read("dvc.lock")
        assert short.repro() == ([], [])
