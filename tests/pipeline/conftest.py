"""A repository with a tiny model and a tiny corpus, in which DVC really runs."""

import shutil

import pytest

from repository import STAGES, Repo, copy_repository, write_corpus
from tiny import save_tiny, spec_of


@pytest.fixture(scope="session")
def start(tmp_path_factory):
    """Make repositories with a tiny model and corpus in which nothing was run yet."""

    def start(name):
        base = tmp_path_factory.mktemp(name)
        repo = Repo(base / "repo", base / "cache")
        copy_repository(repo.path)
        (repo.path / "dvc.lock").unlink(missing_ok=True)
        shutil.rmtree(repo.path / "metrics", ignore_errors=True)
        write_corpus(repo.path / "data/raw/tiny")
        save_tiny(repo.path / "tiny-model", "bert")
        model = spec_of(repo.path / "tiny-model").removeprefix(f"{repo.path}/")
        repo.set(dataset="tiny", model=model, epochs=6, lr="0.01", batch_size=8, max_length=32, stride=8)
        repo.set(frozen_layers=1)  # of two
        repo.run("git", "init", "-qb", "main")
        repo.commit("start")
        return repo

    return start


@pytest.fixture(scope="session")
def built(start):
    """A repository that was reproduced once and committed, on branch main."""
    repo = start("built")
    assert repo.repro() == (STAGES, [])
    repo.commit("first run")
    return repo


@pytest.fixture
def repo(built, tmp_path):
    """A copy of the built repository, DVC cache and all."""
    shutil.copytree(built.path, tmp_path / "repo", symlinks=True)
    copy = Repo(tmp_path / "repo", tmp_path / "cache")
    copy.run("git", "update-index", "-q", "--refresh")
    return copy
