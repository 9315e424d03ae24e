"""What DVC and this project say of a mistyped param or data set, as the documentation quotes it."""

import pytest

from places import ROOT

TROUBLE = (ROOT / "docs/troubleshooting.md").read_text()
PARAMS = (ROOT / "docs/params.md").read_text()
BACK = "touch params.yaml && git checkout . && dvc checkout"


def said(done):
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_key_that_does_not_exist_is_refused_by_dvc_with_advice_that_the_next_stage_refutes(repo):
    refused = repo.try_run("dvc", "exp", "run", "-S", "learning_rate=1e-4")
    assert refused.returncode != 0
    for message in ("Could not override 'learning_rate'", "To append to your config use +learning_rate=1e-4"):
        assert message in said(refused)
        assert message.replace("learning_rate=1e-4", "KEY").replace("learning_rate", "KEY") in TROUBLE
    assert repo.run("git", "status", "--short") == ""
    repo.run("dvc", "exp", "run", "-S", "+learning_rate=1e-4")  # With nothing to do, no stage reads the params.
    assert "learning_rate: 0.0001" in repo.read("params.yaml")
    found = repo.try_run("dvc", "exp", "run", "-S", "bootstrap=200")
    assert found.returncode != 0
    assert "[params.yaml -> learning_rate] unknown key with the value 0.0001; did you mean 'lr'?" in said(found)
    assert all(text in PARAMS for text in ("`-S +KEY=VALUE`", BACK))
    repo.run("bash", "-c", BACK)
    assert repo.run("git", "status", "--short") == ""
    assert "up to date" in repo.run("dvc", "status")


def test_a_data_set_that_does_not_exist_stops_dvc_before_a_stage_could_say_so(repo):
    done = repo.try_run("dvc", "exp", "run", "-S", "dataset=smaple")
    assert done.returncode != 0
    message = f"[Errno 2] No such file or directory: '{repo.path}/data/raw/smaple'"
    assert message in said(done)
    assert message.replace(f"{repo.path}/data/raw/smaple", ".../data/raw/NAME") in TROUBLE
    assert "dataset: smaple" in repo.read("params.yaml")
    repo.run("bash", "-c", BACK)
    assert repo.run("git", "status", "--short") == ""
    assert "up to date" in repo.run("dvc", "status")
