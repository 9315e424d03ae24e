"""A search: which settings are tried, which are stopped, and what becomes of those that fail."""

import os
import stat
import sys

import pytest

from nerpipe.comparison import param_search
from nerpipe.comparison.display import print_search
from nerpipe.comparison.param_search import load_ranges, search
from nerpipe.errors import NerpipeError
from places import ROOT

# Stands in for `dvc exp run --temp -n NAME -S lr=VALUE`: dev F1 grows with lr, three epochs.
DVC = """#!{python}
import os, signal, sys, time
name, lr = sys.argv[5], float(sys.argv[7].split("=")[1])
log = open("{log}", "a", buffering=1)
def stopped(*_):
    log.write(f"stopped {{name}}\\n")
    sys.exit(130)
signal.signal(signal.SIGINT, stopped)
if lr > 0.9:
    print("error: it broke")
    sys.exit(1)
for epoch in (1, 2, 3):
    print(f"bar \\repoch {{epoch}}/3: dev F1 {{lr:.4f}} (precision 1)", flush=True)
    time.sleep(0.2)
log.write(f"finished {{name}} {{lr}}\\n")
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A `dvc` that only prints, and what it did."""
    log = tmp_path / "log"
    log.touch()
    program = tmp_path / "bin" / "dvc"
    program.parent.mkdir()
    program.write_text(DVC.format(python=sys.executable, log=log))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(param_search, "experiments_from", lambda _: {"search-1": "abc"})

    def dev_f1(name):
        return next(
            float(line.split()[2]) for line in log.read_text().splitlines() if line.startswith(f"finished {name} ")
        )

    monkeypatch.setattr(param_search, "_dev_f1", dev_f1)
    return log


def test_what_falls_behind_is_stopped_and_the_best_is_named(fake, capsys):
    study = search({"lr": {"low": 0.01, "high": 0.5}}, trials=10, seed=3)
    done = fake.read_text().split("\n")
    finished = {line.split()[1] for line in done if line.startswith("finished")}
    stopped = {line.split()[1] for line in done if line.startswith("stopped")}
    assert finished
    assert stopped
    assert not finished & stopped
    assert finished | stopped == {f"search-{number}" for number in range(2, 12)}  # 1 was taken
    best = max((line for line in done if line.startswith("finished")), key=lambda line: float(line.split()[2]))
    capsys.readouterr()
    print_search(study)
    out = capsys.readouterr().out
    assert f"dvc exp apply {best.split()[1]}" in out
    assert "stopped early" in out


@pytest.mark.usefixtures("fake")
def test_the_same_seed_proposes_the_same():
    tried = [[trial.params for trial in search({"lr": {"low": 0.01, "high": 0.5}}, 3, seed=5).trials] for _ in "ab"]
    assert tried[0] == tried[1]


@pytest.mark.usefixtures("fake")
def test_a_trial_that_fails_by_itself_ends_the_search_with_what_it_said():
    with pytest.raises(NerpipeError, match=r"search-2 failed; its last lines are:\nerror: it broke"):
        search({"lr": {"low": 0.95, "high": 0.99}}, trials=3, seed=1)


def test_the_shipped_ranges_are_usable():
    assert "lr" in load_ranges(ROOT / "search.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected ranges"),
        ("lrr: {low: 1, high: 2}", r"-> lrr\] unknown param"),
        ("lr: 3", r"-> lr\] 3; expected \{low"),
        ("lr: {low: 1}", "expected"),
        ("lr: {low: a, high: 2}", "with numbers"),
        ("lr: {low: 2, high: 1}", "low must be below high"),
        ("lr: {low: 0, high: 1, log: true}", "above 0 for log"),
        ("lr: {choices: 3}", "choices must be a list"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(tmp_path, text, said):
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(NerpipeError, match=said):
        load_ranges(tmp_path / "r.yaml")


def test_without_optuna_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(NerpipeError, match=r"pip install -r requirements/search.txt"):
        search({"lr": {"low": 0.01, "high": 0.5}}, 1, 1)
