"""Two branches with different params are merged: results have no conflict markers, and nothing is trained again."""

import json

import pytest


def on_a_branch(repo, name, **params):
    """Change params on a new branch of main, and commit the results."""
    repo.run("git", "checkout", "-q", "main")
    repo.run("git", "checkout", "-qb", name)
    repo.set(**params)
    repo.repro()
    repo.commit(name)
    return repo.read("metrics/metrics.json"), repo.read("metrics/train.json")


@pytest.mark.slow
@pytest.mark.parametrize(("theirs", "conflict"), [({"lr": "0.02"}, True), ({"bootstrap": "150"}, False)])
def test_a_merge_leaves_whole_results_and_repro_restores_what_is_known(repo, theirs, conflict):
    mine = on_a_branch(repo, "mine", lr="0.03")
    other = on_a_branch(repo, "other", **theirs)
    repo.run("git", "checkout", "-q", "mine")
    merged = repo.try_run("git", "merge", "-q", "other")
    assert merged.returncode == 1, "the results of both sides differ"
    for path in ("dvc.lock", *(str(p.relative_to(repo.path)) for p in repo.path.glob("metrics/*.json"))):
        assert "<<<<<<<" not in repo.read(path), path
    for path in repo.path.glob("metrics/*.json"):
        json.loads(path.read_text())
    assert repo.read("metrics/metrics.json") == mine[0]
    assert ("<<<<<<< HEAD" in repo.read("params.yaml")) is conflict
    if conflict:
        repo.run("git", "checkout", "--theirs", "params.yaml")
    ran, _ = repo.repro()
    # Trained models are restored. Their evaluation can be new: with the lr of one side and the bootstrap of the other.
    assert "train" not in ran
    if conflict:
        assert ran == []
        assert (repo.read("metrics/metrics.json"), repo.read("metrics/train.json")) == other
    else:
        assert repo.read("metrics/train.json") == mine[1]
    repo.run("git", "add", "-A")
    repo.run("git", "commit", "-qm", "merged")
    assert repo.repro()[0] == []
