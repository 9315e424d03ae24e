"""Two processes under torchrun train as one does: the same steps, one writer, and it can be killed too."""

import pytest
from test_killed import OFTEN, STEPS_AN_EPOCH, kill_dvc, reached, stages_of, start, wait_for

from nerpipe.training.run_folder import GUARD

TWO = '"torchrun --nproc-per-node=2"'


@pytest.fixture
def two(repo):
    repo.set(launcher=TWO, threads=1)
    return repo


@pytest.mark.slow
def test_two_processes_take_the_same_steps_and_learn_as_much(two):
    alone = two.read("metrics/train.json")
    out = two.run("dvc", "repro")
    together = two.read("metrics/train.json")
    assert [row["steps"] for row in together] == [row["steps"] for row in alone]
    assert max(row["dev_f1"] for row in together) == pytest.approx(max(row["dev_f1"] for row in alone), abs=0.1)
    assert together[0]["train_loss"] == pytest.approx(alone[0]["train_loss"], rel=0.2)
    assert out.count("kept epoch") == out.count("loading transformers ...\nkept") + 1  # one of the two speaks
    assert [path.name for path in (two.path / ".nerpipe").iterdir()] == [GUARD]


@pytest.mark.slow
def test_killed_it_goes_on_and_a_batch_that_cannot_be_shared_is_refused(two):
    two.set(epochs=20)
    process = start(two, "dvc", "repro")
    wait_for(lambda: reached(two) >= STEPS_AN_EPOCH + 3, 300, process)
    kill_dvc(process)
    process.wait(timeout=60)

    process = start(two, "dvc", "repro")  # and one of the two alone
    at = reached(two)
    wait_for(lambda: reached(two) >= at + 20, 300, process)
    [stage for stage in stages_of(process) if "torchrun" not in " ".join(stage.cmdline()[:2])][-1].kill()
    assert process.wait(timeout=120) != 0
    said = (two.path.parent / "log").read_text()
    assert "going on from step" in said
    assert "SIGKILL" in said
    assert "going on from step" in two.run("dvc", "repro", **OFTEN)

    two.set(batch_size=7)
    done = two.try_run("dvc", "repro")
    assert "cannot be shared out evenly among 2 processes" in done.stdout + done.stderr
    assert done.returncode != 0
