"""A training that is killed goes on where it was, and ends as if nothing had happened."""

import os
import random
import re
import signal
import subprocess
import time

import psutil
import pytest
import yaml
from random_kills import Attack

from nerpipe.training.run_folder import GUARD
from random_seed import random_seed
from repository import STAGES

OFTEN = {"NERPIPE_CHECKPOINT_SECONDS": "0"}
STEPS_AN_EPOCH = 8  # 60 sentences in batches of 8
EPOCHS = 30


def reached(repo):
    """The last step that a whole checkpoint holds."""
    found = (repo.path / ".nerpipe").glob("train-*/checkpoint-*/complete.json")
    return max((int(path.parent.name.split("-")[1]) for path in found), default=0)


def launch(repo, *command):
    with (repo.path.parent / "log").open("w") as log:
        return subprocess.Popen(
            command,
            cwd=repo.path,
            env=repo.env | OFTEN,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=hear_interrupts,  # noqa: PLW1509 - no thread runs here
        )


def hear_interrupts():
    """What a shell starts in the background ignores Ctrl-C, and so would what the tests start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition, seconds, process=None):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        assert process is None or process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)


def stages_of(process, name="train"):
    return [p for p in psutil.Process(process.pid).children(recursive=True) if f"stages.{name}" in p.cmdline()]


def kill_stage(process):
    for stage in stages_of(process):
        stage.kill()


def kill_dvc(process, name="train"):
    """The stage must end by itself."""
    stages = stages_of(process, name)
    process.kill()
    _, alive = psutil.wait_procs(stages, timeout=10)
    assert alive == []


def interrupt(process):
    os.killpg(process.pid, signal.SIGINT)


def terminate_stage(process):
    for stage in stages_of(process):
        stage.terminate()


@pytest.fixture
def longer(repo):
    """Train long enough to be killed several times."""
    repo.set(epochs=EPOCHS)
    return repo


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_with_the_same_bits(longer):
    generator = random.Random(random_seed())
    third = EPOCHS * STEPS_AN_EPOCH // 4
    moments = [generator.randrange(part * third + 2, (part + 1) * third) for part in range(3)]
    moments[1] += moments[1] % STEPS_AN_EPOCH == 0  # one at least is within an epoch
    for moment, kill in zip(
        moments, generator.sample([kill_stage, kill_dvc, interrupt, terminate_stage], 3), strict=True
    ):
        process = launch(longer, "dvc", "repro")
        wait_for(lambda at=moment: reached(longer) >= at, 300, process)
        kill(process)
        assert process.wait(timeout=60) != 0
        assert reached(longer) >= moment
    out = longer.run("dvc", "repro", **OFTEN)
    begun = int(re.search(r"going on from step (\d+)", out)[1])
    assert begun >= moments[-1]
    killed = yaml.safe_load(longer.read("dvc.lock"))["stages"]
    assert [path.name for path in (longer.path / ".nerpipe").iterdir()] == [GUARD]

    longer.run("dvc", "repro", "--force", "--single-item", "train", "--no-run-cache")
    whole = yaml.safe_load(longer.read("dvc.lock"))["stages"]
    assert killed["train"]["outs"] == whole["train"]["outs"]


@pytest.mark.slow
@pytest.mark.parametrize("name", STAGES)
def test_every_stage_ends_when_dvc_is_killed_and_the_next_run_gives_the_same(repo, name):
    before = repo.read("dvc.lock")
    process = launch(repo, "dvc", "repro", "--force", "--single-item", "--no-run-cache", name)
    wait_for(lambda: stages_of(process, name), 60, process)
    time.sleep(random.Random(random_seed()).uniform(0.2, 2))
    kill_dvc(process, name)
    process.wait(timeout=60)
    repo.run("dvc", "repro", "--force", "--single-item", "--no-run-cache", name)
    assert repo.read("dvc.lock") == before
    assert [path for path in repo.path.rglob(".*.partial") if ".dvc" not in path.parts] == []


@pytest.mark.slow
def test_a_temporary_run_that_was_killed_goes_on_too(longer):
    longer.commit("longer")
    process = launch(longer, "dvc", "exp", "run", "--temp")
    wait_for(lambda: reached(longer) >= STEPS_AN_EPOCH + 3, 300, process)
    kill_dvc(process)
    process.wait(timeout=60)
    assert "going on from step" in longer.run("dvc", "exp", "run", "--temp", "-f", **OFTEN)


@pytest.mark.slow
def test_another_param_does_not_go_on_from_there(longer):
    process = launch(longer, "dvc", "repro")
    wait_for(lambda: reached(longer) >= 3, 300, process)
    kill_stage(process)
    process.wait(timeout=60)
    longer.set(weight_decay="0.02", epochs=2)
    assert "going on from step" not in longer.run("dvc", "repro")


@pytest.mark.slow
def test_random_kills_of_any_stage_of_dvc_and_of_predict_lose_nothing(start):
    """`python tests/pipeline/random_kills.py --kills 100` does more."""
    generator = random.Random(random_seed())
    attack = Attack(start("attacked"))
    print(*(attack.strike(generator) for _ in range(5)), sep="\n")
