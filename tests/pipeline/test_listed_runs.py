"""`nerpipe runs` in real DVC repositories: most of them small, with stages that copy fixed scores."""

import csv
import io
import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress

import pytest

from repository import Repo, write_corpus
from small_repository import repository_of

DVC_YAML = """
stages:
  clean_conll:
    cmd: python clean.py '${dataset}'
    deps: [clean.py]
    params: [dataset]
    metrics:
      - metrics/clean.json: {cache: false}
  evaluate:
    cmd: python evaluate.py ${lr} ${seed}
    deps: [evaluate.py, metrics/clean.json]
    params: [dataset, lr, seed]
    metrics:
      - metrics/metrics.json: {cache: false}
"""
CLEAN = """
import json, pathlib, sys
rows = [{"split": split, "sha256": sys.argv[1], "sentences": len(sys.argv[1])} for split in ("dev", "test")]
pathlib.Path("metrics").mkdir(exist_ok=True)
pathlib.Path("metrics/clean.json").write_text(json.dumps(rows))
"""
EVALUATE = """
import json, os, pathlib, sys, time
lr, seed = float(sys.argv[1]), int(sys.argv[2])
if lr > 1:
    sys.exit("it broke")
while os.path.exists(os.environ.get("HOLD", "")):
    time.sleep(0.1)
dev = lr + seed / 100 + (seed == 3 and lr > 0.55) / 10
test = {"f1": dev - 0.1, "f1_low": dev - 0.15, "f1_high": dev - 0.05}
pathlib.Path("metrics/metrics.json").write_text(json.dumps({"dev": {"f1": dev}, "test": test}))
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A repository that was run and committed on main."""
    files = {
        "dvc.yaml": DVC_YAML,
        "clean.py": CLEAN,
        "evaluate.py": EVALUATE,
        "params.yaml": "dataset: mine\nlr: 0.5 # Rate\nseed: 1\nreport_to: none\n",
    }
    return repository_of(tmp_path_factory.mktemp("small"), files)


@pytest.fixture
def repo(small, tmp_path):
    shutil.copytree(small.path, tmp_path / "repo", symlinks=True)
    return Repo(tmp_path / "repo", tmp_path / "cache")


def listed(repo, *options):
    """The rows of the CSV by the name of the run."""
    rows = csv.DictReader(io.StringIO(repo.run("nerpipe", "runs", "--csv", *options), newline=""))
    return {row["run"]: row for row in rows}


def try_settings(repo, *settings, name=None):
    options = [part for setting in settings for part in ("-S", setting)]
    repo.run("dvc", "exp", "run", "-q", "--temp", *(["-n", name] if name else []), *options)


def refused(repo, *options):
    done = repo.try_run("nerpipe", "runs", *options)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr.startswith("error: ")
    return done.stderr


def test_without_experiments_it_is_said_how_to_make_one(repo):
    out = repo.run("nerpipe", "runs", COLUMNS="100")
    assert re.search(r"main \(baseline\) +\d\d:\d\d +51\.0 +41\.0 \(36\.0 to 46\.0\)", out)
    assert re.search(r"workspace +51\.0 +41\.0", out)
    assert "No experiment started from main. `dvc exp run -S lr=5e-4` makes one." in out


@pytest.mark.slow
def test_experiments_branches_and_data_sets(repo):
    try_settings(repo, "lr=0.6", name="better")
    try_settings(repo, "dataset=other", name="elsewhere")
    repo.run("git", "checkout", "-qb", "topic")
    repo.set(lr="0.55")
    repo.run("dvc", "repro", "-q")
    repo.commit("topic")
    try_settings(repo, "seed=2", name="of-topic")
    repo.run("git", "checkout", "-q", "main")
    before = repo.run("git", "for-each-ref"), repo.run("git", "status", "--porcelain")

    found = listed(repo)
    assert list(found) == ["main", "workspace", "better", "elsewhere"]
    assert (found["better"]["lr"], found["main"]["lr"], found["main"]["baseline"]) == ("0.6", "0.5", "baseline")
    assert found["main"]["data"] != found["elsewhere"]["data"] == "other, 5 sentences of dev and 5 of test"
    assert float(found["better"]["test_f1_low"]) == pytest.approx(0.61 - 0.15)

    done = repo.try_run("nerpipe", "runs", "--all", COLUMNS="100")
    assert max(map(len, done.stdout.splitlines())) <= 130  # The notes are not broken.
    table = done.stdout.split("Data set other")[0]
    assert re.search(r"of-topic +topic +\d\d:\d\d +57\.0 ", table)
    names = re.findall(r"(?m)^(main|workspace|better|of-topic|topic) ", table)
    assert names == ["main", "workspace", "better", "of-topic", "topic"]
    assert "without results, and not shown: unrun" in done.stdout
    assert "lr=0.55, seed=2" in table
    assert "| `better` | " in repo.run("nerpipe", "runs", "--md").replace("  ", " ")
    assert (repo.run("git", "for-each-ref"), repo.run("git", "status", "--porcelain")) == before

    repo.run("git", "checkout", "-q", "--detach", "topic")
    assert next(iter(listed(repo))) == "topic"
    below = Repo(repo.path / "metrics", repo.path)
    assert list(listed(below)) == list(listed(repo))
    repo.run("git", "checkout", "-q", "--detach", "unrun")
    repo.run("git", "tag", "-d", "unrun")
    assert next(iter(listed(repo, "--all"))) == "HEAD"


def test_experiments_of_older_commits_are_counted_and_shown_with_all(repo):
    try_settings(repo, "lr=0.6", name="better")
    start = repo.run("git", "rev-parse", "HEAD")[:7]
    (repo.path / "note").write_text("x")
    repo.commit("go on")
    out = repo.run("nerpipe", "runs")
    assert "Experiments that started from other commits: 1. `nerpipe runs --all` shows them." in out
    assert listed(repo, "--all")["better"]["from"] == start


def test_results_that_are_older_than_params_or_that_are_of_two_runs_are_not_passed_off(repo):
    repo.set(lr="0.7")
    found = repo.run("nerpipe", "runs")
    assert "workspace: params.yaml was edited after the run (lr=0.7); `dvc repro` runs with that" in found
    repo.set(dataset="other")
    repo.run("dvc", "repro", "-q", "clean_conll")
    assert listed(repo)["workspace"]["state"] == "unfinished"
    (repo.path / "dvc.lock").write_text("<<<<<<< ours\n")
    done = repo.try_run("nerpipe", "runs")
    assert (done.returncode, "workspace cannot be read: dvc.lock" in done.stdout) == (0, True)
    assert "Traceback" not in done.stderr


def test_where_there_is_nothing_to_list(tmp_path):
    outside = Repo(tmp_path / "outside", tmp_path)
    outside.path.mkdir()
    assert "is in no DVC repository with git" in refused(outside)
    assert "predictions file" not in refused(outside, "--seeds")
    outside.run("git", "init", "-q")
    outside.run("dvc", "init", "-q")
    assert "there is no commit in the repository" in refused(outside)
    outside.commit("empty")
    assert "nothing was run yet" in refused(outside)
    assert "nothing was run yet" in refused(outside, "--all", "--md")


def test_settings_over_seeds(repo):
    for lr, seed in ((0.5, 2), (0.5, 3), (0.6, 1), (0.6, 2), (0.6, 3)):
        try_settings(repo, f"lr={lr}", f"seed={seed}")
    rows = list(csv.DictReader(io.StringIO(repo.run("nerpipe", "runs", "--seeds", "--csv"), newline="")))
    assert [(row["lr"], row["runs"], row["seeds"]) for row in rows] == [
        ("0.5", "3", "1, 2, 3"),
        ("0.6", "3", "1, 2, 3"),
    ]
    # lr 0.5: 0.51, 0.52, 0.53; lr 0.6: 0.61, 0.62, 0.73; gains 0.1, 0.1, 0.2: sd 0.1 / sqrt 3, t(0.975, 2) = 4.3027
    assert (float(rows[0]["dev_f1_mean"]), float(rows[0]["dev_f1_sd"])) == pytest.approx((0.52, 0.01))
    out = repo.run("nerpipe", "runs", "--seeds")
    for part in ("lr=0.6 minus the baseline, seed by seed", "+13.3 F1 (sd 5.8, n = 3), 95% CI -1.0 to +27.7: not"):
        assert part in out


def test_start_up_is_light(repo):
    repo.run_light("runs", "--all")


def wait_for(repo, **states):
    """Wait until runs have these states, and return how long the slowest look at them took."""
    slowest, deadline = 0.0, time.monotonic() + 120
    while time.monotonic() < deadline:
        began = time.monotonic()
        found = {name: row["state"] for name, row in listed(repo).items()}
        slowest = max(slowest, time.monotonic() - began)
        if states.items() <= found.items():
            return slowest
    raise AssertionError(f"{found} never became {states}")


@pytest.mark.slow
def test_a_queue_under_way_is_shown_and_not_waited_for(repo, tmp_path):
    hold = tmp_path / "hold"
    hold.touch()
    repo.env["HOLD"] = str(hold)
    for name, lr in (("one", 0.6), ("two", 2), ("three", 0.7)):
        repo.run("dvc", "exp", "run", "-q", "--queue", "-n", name, "-S", f"lr={lr}")
    assert wait_for(repo, one="queued", two="queued", three="queued") < 20
    found = listed(repo)
    assert [found[name]["lr"] for name in ("one", "two", "three")] == ["0.6", "2", "0.7"]
    # The worker lives on and would hold the pipes of an output that is captured.
    start = ["dvc", "queue", "start", "-j", "1"]
    subprocess.run(start, cwd=repo.path, env=repo.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_for(repo, one="running", two="queued", three="queued") < 20
        assert re.search(r"one +\S+ +running +lr=0\.6", repo.run("nerpipe", "runs"))
        hold.unlink()
        wait_for(repo, one="finished", two="failed", three="finished")
        assert "failed: `dvc queue logs NAME` says why" in repo.run("nerpipe", "runs")
    finally:
        hold.unlink(missing_ok=True)
        repo.try_run("dvc", "queue", "stop", "--kill")
    repo.run("dvc", "queue", "remove", "--failed")
    assert "two" not in listed(repo)


@pytest.mark.slow
def test_the_real_pipeline(built, tmp_path):
    shutil.copytree(built.path, tmp_path / "repo", symlinks=True)
    repo = Repo(tmp_path / "repo", tmp_path / "cache")
    repo.run("git", "update-index", "-q", "--refresh")
    write_corpus(repo.path / "data/raw/second", seed=5)
    repo.commit("a second data set")
    try_settings(repo, "seed=2", name="other-seed")
    try_settings(repo, "dataset=second", name="second")
    repo.run("git", "checkout", "-qb", "topic")
    repo.set(frozen_layers=0)
    repo.repro()
    repo.commit("topic")
    repo.run("git", "checkout", "-q", "main")
    repo.run("dvc", "checkout", "-q")
    repo.run("dvc", "exp", "run", "-q", "--queue", "-n", "waiting", "-S", "lr=0.02")
    found = listed(repo, "--all")
    assert [(name, row["state"]) for name, row in found.items() if row["dataset"] == "second"] == [
        ("second", "finished")
    ]
    assert {name: row["state"] for name, row in found.items() if row["dataset"] == "tiny"} == {
        **dict.fromkeys(("main", "workspace", "other-seed", "topic"), "finished"),
        "waiting": "queued",
    }
    committed = repo.read("metrics/metrics.json")
    rows = {row["split"]: row for row in repo.read("metrics/averages.json") if row["measure"] == "conlleval micro"}
    for split in ("dev", "test"):
        assert float(found["main"][f"{split}_f1"]) == committed[split]["f1"]
        for bound in ("f1_low", "f1_high"):
            assert float(found["main"][f"{split}_{bound}"]) == rows[split][bound]
    header = next(iter(found.values())).keys()
    assert {"frozen_layers", "lr", "seed"} == set(header) - {
        *("data", "dataset", "run", "from", "baseline", "state"),
        *(f"{split}_{part}" for split in ("dev", "test") for part in ("f1", "f1_low", "f1_high")),
    }
    out = repo.run("nerpipe", "runs", "--all", COLUMNS="100")
    # A signature is one line to copy, however long.
    prose = ("F1", "Params", "Experiments", "dev   nerpipe:", "test  nerpipe:")
    tables = [line for line in out.splitlines() if not line.startswith(prose)]
    assert max(map(len, tables)) <= 100
    assert "\ntest  nerpipe:" in out


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--temp",)], ids=["in the workspace", "beside it"])
def test_an_experiment_that_runs_now_is_running_until_it_ends_or_is_killed(repo, tmp_path, options):
    hold = tmp_path / "hold"
    hold.touch()
    repo.env["HOLD"] = str(hold)
    for kill in (False, True):
        hold.touch()
        command = ["dvc", "exp", "run", "-q", "-n", f"now-{kill}", *options, "-S", f"lr={0.6 + kill / 10}"]
        process = subprocess.Popen(command, cwd=repo.path, env=repo.env, start_new_session=True)
        try:
            name = f"now-{kill}" if options else "workspace"
            assert wait_for(repo, **{name: "running"}) < 20
            found = listed(repo)
            assert (found[name]["lr"], found[name]["dev_f1"], found["main"]["dev_f1"]) == (
                f"{0.6 + kill / 10}",
                "",
                "0.51",
            )
            if kill:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                assert listed(repo).get(name, {"state": "gone"})["state"] != "running"
            else:
                hold.unlink()
                assert process.wait(120) == 0
                assert listed(repo)[f"now-{kill}"]["state"] == "finished"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
