"""Several processes: half of torchrun's variables are refused, and two processes learn what one does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.training.processes import check_processes, rank, world_size
from tiny import save_tiny, spec_of

ALL = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ALL:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"RANK": "1"}, "RANK is 1, but WORLD_SIZE is not set"),
        ({"RANK": "2", "WORLD_SIZE": "2"}, "RANK is 2, but WORLD_SIZE is 2"),
        ({"RANK": "-1"}, "RANK is '-1', which is no number"),
        ({"RANK": ""}, "RANK is '', which is no number"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two'"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE is '0'"),
        ({"WORLD_SIZE": "2"}, "WORLD_SIZE is 2, but RANK, LOCAL_RANK, MASTER_ADDR, MASTER_PORT is not set"),
    ],
)
def test_half_of_the_variables_are_refused(monkeypatch, given, said):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(NerpipeError, match=said) as caught:
        check_processes()
    assert "unset RANK and WORLD_SIZE to train alone" in str(caught.value)


@pytest.mark.parametrize("given", [{}, {"RANK": "0"}, {"RANK": "0", "WORLD_SIZE": "1"}, ALL])
def test_what_torchrun_sets_or_nothing_is_taken(monkeypatch, given):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    check_processes()
    assert (rank(), world_size()) == (int(given.get("RANK", 0)), int(given.get("WORLD_SIZE", 1)))


@pytest.fixture(scope="module")
def one_and_two(tmp_path_factory):
    """What one process has after a short run without dropout, and what two processes have that share its batches."""
    import torch

    base = tmp_path_factory.mktemp("shared")
    model = save_tiny(base / "model", "bert")
    config = json.loads((model / "config.json").read_text()) | {"hidden_dropout_prob": 0.0}
    (model / "config.json").write_text(json.dumps(config))
    found = []
    for processes in (1, 2):
        out = base / str(processes)
        out.mkdir()
        start = (
            ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
        )
        script = Path(__file__).with_name("shared_training.py")
        command = [sys.executable, *start, str(script), spec_of(model), str(out)]
        done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
        found += [torch.load(path, weights_only=False) for path in sorted(out.glob("process-*.pt"))]
    return found


@pytest.mark.slow
def test_two_processes_that_share_each_batch_learn_what_one_does(one_and_two):
    """The halves of the batches have unequal numbers of labels, and the last batch is not full."""
    import torch

    alone, first, second = one_and_two
    for name, weights in alone["weights"].items():
        torch.testing.assert_close(first["weights"][name], weights, rtol=1e-4, atol=2e-5)
        assert torch.equal(first["weights"][name], second["weights"][name])
    for row, own in zip(alone["epochs"], first["epochs"], strict=True):
        assert own == pytest.approx(row, rel=1e-4)


@pytest.mark.slow
def test_dev_is_scored_by_the_first_process_alone_and_all_have_its_scores(one_and_two):
    alone, first, second = one_and_two
    assert (alone["scored"], first["scored"], second["scored"]) == (3, 3, 0)  # two epochs, and the kept weights
    assert first["epochs"] == second["epochs"]
