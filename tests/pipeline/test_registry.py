"""A version is registered, promoted, fetched on another machine and rolled back: docs/deploy.md."""

import re
import subprocess

import pytest

from places import ROOT
from repository import Repo

PAGE = (ROOT / "docs/deploy.md").read_text()
SECTION = PAGE[PAGE.index("## Versions of the model") :]
URL = "https://example.com/team/ner.git"


def commands(heading):
    """The commands of a part of the section, each as the page shows it."""
    part = re.search(rf"\*\*{heading}\.\*\*.*?((?:\n    [^\n]+)+)", SECTION, re.DOTALL)[1]
    return [line.strip().partition("  #")[0].strip() for line in part.strip().splitlines()]


def test_gto_comes_with_dvc():
    assert re.search(r"(?m)^gto==", (ROOT / "requirements/run.txt").read_text())


class Registry:
    """A repository with a git remote and a DVC remote, and the commands of the page at one time after the other."""

    def __init__(self, repo, folder):
        self.repo, self.folder, self.hours = repo, folder, 0
        self.url = str(folder / "ner.git")
        repo.run("git", "clone", "-q", "--bare", str(repo.path), self.url)
        repo.run("git", "remote", "add", "origin", self.url)
        repo.run("git", "fetch", "-q")
        repo.run("git", "branch", "-q", "-u", "origin/main")

    def type(self, where, lines, **versions):
        for line in lines:
            for old, new in {URL: self.url, **versions}.items():
                line = line.replace(old, new)  # noqa: PLW2901
            where.run("bash", "-e", "-c", line)


def predicted(folder, where):
    return where.run("nerpipe", "predict", str(folder), "--to", "jsonl", "Ada and Kit Lee saw the boat in Port Ness")


@pytest.mark.slow
def test_a_version_is_promoted_fetched_and_rolled_back(repo, tmp_path):
    store = tmp_path / "store"
    repo.run("dvc", "remote", "add", "-d", "store", str(store))
    repo.commit("a remote")
    registry = Registry(repo, tmp_path)
    results = {}
    for version, params in (("v1.1.0", {}), ("v1.2.0", {"lr": "0.02", "seed": 2})):
        repo.set(**params)
        if params:
            assert "train" in repo.repro()[0]
            repo.commit(version)
        registry.type(repo, commands("Register"), **{"v1.2.0": version})
        registry.type(repo, commands("Promote"), **{"v1.2.0": version})
        results[version] = (repo.read("models/exported/SHA256SUMS"), predicted("models/exported", repo))
    assert results["v1.1.0"][0] != results["v1.2.0"][0]
    tags = subprocess.run(["git", "-C", registry.url, "tag"], capture_output=True, text=True, check=True).stdout.split()
    assert tags == ["ner#prod#1", "ner#prod#2", "ner@v1.1.0", "ner@v1.2.0"]
    # Another machine: no clone, no data, no history. What the checksums belong to is what the registered commit made.
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Repo(tmp_path / "elsewhere", tmp_path / "other-cache")
    fetch, fetch_stage = commands("Fetch")[:2], commands("Fetch")[2:]
    for version, (sums, entities) in results.items():
        registry.type(elsewhere, fetch, **{"v1.2.0": version})
        folder = elsewhere.path / f"ner-{version}"
        assert (folder / "SHA256SUMS").read_text() == sums
        assert predicted(folder, elsewhere) == entities
    registry.type(elsewhere, fetch_stage)
    assert (elsewhere.path / "ner/SHA256SUMS").read_text() == results["v1.2.0"][0]
    # Back to the version before: nothing is trained and nothing deleted.
    registry.type(repo, commands("Roll back"))
    registry.type(elsewhere, fetch_stage)
    assert (elsewhere.path / "ner/SHA256SUMS").read_text() == results["v1.1.0"][0]
    assert predicted("ner", elsewhere) == results["v1.1.0"][1]
    shown = repo.run("gto", "show", "ner")
    assert re.search(r"v1\.1\.0.*prod", shown)
    # and forward again
    registry.type(repo, [line.replace("v1.1.0", "v1.2.0") for line in commands("Roll back")])
    registry.type(elsewhere, fetch_stage)
    assert (elsewhere.path / "ner/SHA256SUMS").read_text() == results["v1.2.0"][0]
    # A version that is damaged on its way is noticed.
    weights = elsewhere.path / "ner/model.safetensors"
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    done = elsewhere.try_run("bash", "-c", "cd ner && sha256sum -c SHA256SUMS")
    assert done.returncode != 0
    assert "model.safetensors: FAILED" in done.stdout


@pytest.mark.slow
def test_what_is_not_pushed_cannot_be_fetched_and_is_named(repo, tmp_path):
    repo.run("dvc", "remote", "add", "-d", "store", str(tmp_path / "store"))
    repo.commit("a remote")
    registry = Registry(repo, tmp_path)
    repo.run("git", "push", "-q")
    repo.run("gto", "register", "ner", "--version", "v1.2.0", "--push")
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Repo(tmp_path / "elsewhere", tmp_path / "other-cache")
    repo.run("git", "tag", "ner@v3.0.0")  # without -a
    repo.run("git", "push", "-q", "origin", "ner@v3.0.0")
    for arguments in (("--rev", "v1.2.0"), ("--rev", "v9.9.9"), ("--rev", "v3.0.0"), ("--stage", "prod")):
        done = elsewhere.try_run("dvc", "artifacts", "get", registry.url, "ner", *arguments)
        assert done.returncode != 0
        assert not (elsewhere.path / "ner").exists()
    for version, why in (("v1.2.0", "already"), ("v1.3.0", "already")):
        done = repo.try_run("gto", "register", "ner", "--version", version)
        assert done.returncode != 0, done
        assert why in done.stderr
