"""A repository with a tiny model and a tiny corpus, in which DVC really runs."""

import shutil

import pytest

from repository import STAGES, Repo, tiny_repository


@pytest.fixture(scope="session")
def start(tmp_path_factory):
    """Make repositories with a tiny model and corpus in which nothing was run yet."""

    def start(name):
        return tiny_repository(tmp_path_factory.mktemp(name))

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
