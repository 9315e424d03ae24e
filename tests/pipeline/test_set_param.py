"""`-S KEY=VALUE` changes one line of params.yaml, so that `git diff` shows what was tried and nothing else."""

import difflib
import shutil

import pytest
import yaml

from nerpipe.params import DEVICES, load_params
from places import ROOT
from repository import Repo, copy_repository

PARAMS = (ROOT / "params.yaml").read_text(encoding="utf-8")
VALUES = yaml.safe_load(PARAMS)
COMMIT = "6ea81172465e8b0ad3fddeed32b986cdcdcffcf0"


def changed_lines(new):
    lines = difflib.ndiff(PARAMS.splitlines(), new.splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize("key", VALUES)
def test_dvc_rewrites_one_line(key, tmp_path):
    from dvc.utils.hydra import apply_overrides

    shutil.copy(ROOT / "params.yaml", tmp_path)
    value = {"device": DEVICES[1], "model": f"distilbert/distilbert-base-cased@{COMMIT}"}.get(key)
    value = value or (VALUES[key] / 4 + 1e-5 if isinstance(VALUES[key], float) else 12345)
    apply_overrides(tmp_path / "params.yaml", [f"{key}={value}"])
    removed, added = changed_lines((tmp_path / "params.yaml").read_text(encoding="utf-8"))
    assert removed.startswith(f"- {key}: ")
    assert added.startswith(f"+ {key}: ")
    assert removed.partition(" # ")[2] == added.partition(" # ")[2]  # The comment stays.


@pytest.mark.parametrize("settings", [("lr=5e-4",), ("lr=3e-5", "dataset=wnut17", "extra=sample")])
def test_an_experiment_changes_the_lines_of_its_params(tmp_path, settings):
    repo = Repo(tmp_path / "repo", tmp_path / "cache")
    copy_repository(repo.path)
    repo.run("git", "init", "-qb", "main")
    repo.commit("a clone")
    repo.run("dvc", "exp", "run", "--queue", *[part for setting in settings for part in ("-S", setting)])
    diff = repo.run("git", "diff", "--numstat", "HEAD", "refs/exps/celery/stash", "--", "params.yaml")
    assert diff.split()[:2] == [str(len(settings))] * 2
    (repo.path / "params.yaml").write_text(repo.run("git", "show", "refs/exps/celery/stash:params.yaml"))
    params = load_params(repo.path / "params.yaml")
    assert params.lr == float(settings[0].partition("=")[2])
