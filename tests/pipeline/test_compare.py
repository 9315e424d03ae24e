"""`nerpipe compare` in real DVC repositories: most of them small, with a stage that copies fixed predictions."""

import json
import shutil

import pytest

from repository import Repo
from small_repository import small_repository


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return small_repository(tmp_path_factory.mktemp("small"))


@pytest.fixture
def repo(small, tmp_path):
    shutil.copytree(small.path, tmp_path / "repo", symlinks=True)
    return Repo(tmp_path / "repo", tmp_path / "cache")


def compared(repo, *arguments):
    return json.loads(repo.run("nerpipe", "compare", *arguments, "--json"))


def refused(repo, *arguments):
    done = repo.try_run("nerpipe", "compare", *arguments)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_workspace_against_main(repo):
    repo.set(system="good")
    repo.run("dvc", "repro", "-q")
    found = compared(repo, "main")
    # bad finds 1 of 12 and predicts 1: F1 = 2/13; good finds all
    assert found["side"]["f1"]["value"] == pytest.approx(2 / 13)
    assert found["side"]["source"] == "main:kept/predictions/test.conll"
    assert found["other"]["source"] == "kept/predictions/test.conll"
    assert found["difference"]["value"] == pytest.approx(11 / 13)
    assert (found["verdict"], found["changes"]) == ("better", {"fixed": 11, "broken": 0, "changed": 0})
    assert len(found["changed_sentences"]) == 11
    out = repo.run("nerpipe", "compare", "main", "--show", "2", "--fail-if-worse")
    for part in ("+84.6 F1", ": better", "fixed  sentence 1: Ann ran", "9 more: use --show 11"):
        assert part in out
    backwards = repo.try_run("nerpipe", "compare", "workspace", "main", "--fail-if-worse")
    assert (backwards.returncode, "worse" in backwards.stdout) == (3, True)
    (repo.path / "below").mkdir()
    below = Repo(repo.path / "below", repo.path)
    assert compared(below, "HEAD", "--split", "dev")["difference"] == found["difference"]


def test_markdown_names_what_differs_and_only_what_the_results_were_made_from(repo):
    repo.set(system="good")
    (repo.path / "systems/unused").write_text("")
    repo.run("dvc", "repro", "-q")
    text = repo.run("nerpipe", "compare", "main", "--md", "--show", "2")
    for part in (
        "### `workspace` compared with `main`\n\n**+84.6 F1, 95% CI ",
        "| `system` | `bad` | `good` |\n\n",
        "Inputs that differ:\n\n- `systems`\n",
        "<details><summary>11 fixed sentences: wrong before, correct now</summary>",
        "| 1 | `Ann ran` | `Ann` (`a`) | none | `Ann` (`a`) |\n",
        "\n9 more are left out here.\n",
    ):
        assert part in text
    found = compared(repo, "main")
    assert (found["params"], found["inputs"]) == ({"system": {"side": "bad", "other": "good"}}, ["systems"])
    assert repo.try_run("nerpipe", "compare", "workspace", "main", "--md", "--fail-if-worse").returncode == 3
    # dvc.lock of main beside predictions of the branch
    repo.commit("good")
    repo.run("git", "checkout", "-q", "main~1")
    assert "The params and inputs of `workspace` are not known" in repo.run("nerpipe", "compare", "main", "--md")
    assert compared(repo, "main")["params"] is None
    repo.run("dvc", "checkout", "-q")
    assert "| `system` | `good` | `bad` |" in repo.run("nerpipe", "compare", "main", "--md")


def test_a_clone_without_the_branch_takes_that_of_the_git_remote(repo, tmp_path):
    repo.run("git", "checkout", "-qb", "work")
    repo.run("git", "clone", "-q", str(repo.path), str(tmp_path / "clone"))
    shutil.copytree(repo.path / ".dvc/cache", tmp_path / "clone/.dvc/cache")
    clone = Repo(tmp_path / "clone", tmp_path / "cache")
    assert clone.run("git", "branch", "--format=%(refname:short)") == "work\n"
    assert compared(clone, "main", "origin/main")["side"]["source"] == "main:kept/predictions/test.conll"


def test_experiments_commits_and_files(repo):
    repo.run("dvc", "exp", "run", "-q", "--temp", "-n", "try-good", "-S", "system=good")
    found = compared(repo, "main", "try-good")
    assert found["verdict"] == "better"
    commit = repo.run("git", "rev-parse", "HEAD").strip()
    assert compared(repo, commit[:10], "systems/good")["difference"] == found["difference"]
    same = repo.run("nerpipe", "compare", "main")
    assert "All predicted tags are the same" in same


def test_revisions_without_predictions_are_explained(repo):
    said = refused(repo, "mian")
    assert "mian is no file, no git revision and no DVC experiment; did you mean main?" in said
    repo.run("dvc", "exp", "run", "-q", "--temp", "-n", "try-good", "-S", "system=good")
    assert "did you mean try-good?" in refused(repo, "try-god")
    assert "branches: main; tags: unrun; experiments: try-good" in refused(repo, "x/y/z")
    assert "never run" in refused(repo, "unrun")
    text = (repo.path / "dvc.yaml").read_text()
    (repo.path / "dvc.yaml").write_text(text.replace("evaluate:", "score:"))
    assert "no stage `evaluate`" in refused(repo, "main")
    (repo.path / "dvc.yaml").write_text(text + "  x: [")
    assert "dvc.yaml" in refused(repo, "main")
    (repo.path / "dvc.yaml").write_text(text)
    shutil.rmtree(repo.path / "kept")
    assert "kept/predictions/test.conll: not there; run `dvc repro`" in refused(repo, "main")


def test_predictions_come_from_the_remote_or_it_is_said_how_to_get_them(repo, tmp_path):
    shutil.copytree(repo.path / ".dvc/cache", tmp_path / "kept")
    shutil.rmtree(repo.path / ".dvc/cache")
    said = refused(repo, "main")
    for part in ("not in DVC's cache, and no remote is configured", "dvc push", "dvc fetch", "git checkout main"):
        assert part in said
    repo.run("dvc", "remote", "add", "-q", "-d", "store", "../kept")  # known to the workspace, not to the revision
    assert compared(repo, "main")["difference"]["value"] == 0.0
    shutil.rmtree(tmp_path / "kept")
    assert "nor in the remote 'store'" in refused(repo, "main")


def test_different_gold_is_refused(repo):
    repo.set(system="other_gold")
    repo.run("dvc", "repro", "-q")
    said = refused(repo, "main")
    assert "Sentence 12 is the first that differs: word 1 'Ann' B-a in main:kept/" in said
    assert "cannot be compared" in said


def test_outside_a_repository(tmp_path):
    outside = Repo(tmp_path, tmp_path)
    assert "is in no DVC repository with git" in refused(outside, "main")
    assert "required: SIDE" in outside.try_run("nerpipe", "compare").stderr
    (tmp_path / "empty").write_text("")
    assert "empty: the file holds no sentence" in refused(outside, "empty")
    outside.run("git", "init", "-q")
    assert "is in no DVC repository" in refused(outside, "main")
    outside.run("dvc", "init", "-q")
    assert "does the repository have a commit?" in refused(outside, "main")


def test_start_up_is_light(repo):
    repo.run_light("compare", "main")


@pytest.fixture
def trained(request, tmp_path):
    """A copy of the repository in which the whole pipeline ran; built only if a test asks for it."""
    built = request.getfixturevalue("built")
    shutil.copytree(built.path, tmp_path / "trained", symlinks=True)
    return Repo(tmp_path / "trained", tmp_path / "cache")


@pytest.mark.slow
def test_the_real_pipeline(trained):
    assert compared(trained, "main")["difference"]["value"] == 0.0
    trained.set(lr="1e-9")  # learns nothing
    assert trained.repro()[0][0] == "train"
    found = compared(trained, "main")
    metrics = trained.read("metrics/metrics.json")
    assert found["other"]["f1"]["value"] == pytest.approx(metrics["test"]["f1"])
    committed = json.loads(trained.run("git", "show", "main:metrics/metrics.json"))
    assert found["side"]["f1"]["value"] == pytest.approx(committed["test"]["f1"])
    assert found["verdict"] == "worse"
    assert trained.try_run("nerpipe", "compare", "main", "--fail-if-worse").returncode == 3
    for split in ("dev", "test"):
        row = compared(trained, "main", "--split", split)
        assert row["other"]["f1"]["value"] == pytest.approx(metrics[split]["f1"])
