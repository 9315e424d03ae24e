"""A teacher, as people use one: a model that was exported before, and texts beside the data set."""

import re
import shutil

import pytest

TEXTS = ["we saw Ada in Ulm", "Kit Lee was in Port Ness , Jo", "it rained in Oslo", "nobody", "we saw Ada in Ulm"]


@pytest.mark.slow
def test_a_model_learns_from_texts_by_what_another_one_says(repo):
    shutil.copytree(repo.path / "models/exported", repo.path / "teacher")
    repo.run("dvc", "add", "teacher")  # So that others can have it.
    repo.commit("a teacher")
    refused = repo.try_run("dvc", "exp", "run", "-S", "teacher=teacher")
    assert refused.returncode, refused.stdout
    line = re.search(r"paste this: `teacher: (\S+)`", refused.stdout + refused.stderr)[1]
    repo.set(teacher=line)
    refused = repo.try_run("dvc", "repro")
    assert "there is no data/raw/tiny/unlabelled.txt; put texts" in refused.stdout + refused.stderr
    (repo.path / "data/raw/tiny/unlabelled.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    # The texts are among the raw files, but they change nothing of what is clean.
    assert repo.repro()[0] == ["clean_conll", "tokenize_align", "train", "evaluate", "export"]
    rows = {row["split"]: row for row in repo.read("metrics/tokenize.json")}
    assert 1 <= rows["unlabelled"]["sentences"] <= 4
    assert "Texts without labels were learnt too" in repo.read("models/exported/README.md")
    assert f"| teacher | `{line}` |" in repo.read("models/exported/README.md")
    assert repo.repro() == ([], [])
    taught = repo.read("dvc.lock")
    repo.set(teacher="none")
    repo.repro()
    assert repo.read("dvc.lock") != taught
    repo.set(teacher=line)
    repo.run("dvc", "repro")
    assert repo.read("dvc.lock") == taught
