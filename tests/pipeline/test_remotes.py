"""The model goes through a remote to a fresh clone, in which nothing is trained: docs/remotes.md."""

import re
import shutil

import pytest

from places import ROOT
from repository import Repo
from small_repository import small_repository

PAGE = (ROOT / "docs/remotes.md").read_text()
TEXT = "Ada and Kit Lee saw the boat in Port Ness"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


def clone_of(repo, folder):
    repo.run("git", "clone", "-q", str(repo.path), str(folder))
    clone = Repo(folder, folder.parent / "cache")
    shutil.copytree(repo.path / "tiny-model", folder / "tiny-model", dirs_exist_ok=True)
    return clone


def entities(repo):
    return repo.run("bash", "-c", f"echo '{TEXT}' | nerpipe predict models/exported")


def push_pull_predict(repo, folder):
    """What the page says, from the repository with a remote to the prediction in a clone."""
    repo.commit("a remote")
    repo.run("dvc", "push")
    clone = clone_of(repo, folder)
    clone.run("dvc", "pull")
    assert clone.repro() == ([], [])
    assert "up to date" in clone.run("dvc", "status")
    assert clone.run("git", "status", "--porcelain") == ""
    assert entities(clone) == entities(repo)
    return clone


def experiment_through(repo, clone):
    """An experiment that began after the remote was committed is fetched with its files, and needs no training."""
    repo.run("dvc", "exp", "run", "--temp", "--name", "slower", "-S", "lr=0.005", "-S", "epochs=1")
    bare = repo.path.parent / "shared.git"
    repo.run("git", "clone", "-q", "--bare", str(repo.path), str(bare))
    repo.run("git", "remote", "add", "origin", str(bare))
    assert "Pushed experiment" in repo.run("dvc", "exp", "push", "origin", "slower")
    clone.run("git", "remote", "set-url", "origin", str(bare))
    assert "Pulled experiment" in clone.run("dvc", "exp", "pull", "origin", "slower")
    clone.run("dvc", "exp", "apply", "slower")
    assert re.search(r"(?m)^lr: 0.005", clone.read("params.yaml"))
    assert clone.repro() == ([], [])
    return clone.read("models/exported/README.md")


@pytest.mark.slow
def test_a_local_folder(repo, tmp_path):
    store = tmp_path / "store"
    repo.run("dvc", "remote", "add", "-d", "store", str(store))
    repo.run("dvc", "remote", "modify", "store", "verify", "true")
    clone = push_pull_predict(repo, tmp_path / "clone")
    assert "| lr | `0.005` |" in experiment_through(repo, clone)


@pytest.mark.slow
def test_a_damaged_file_of_the_remote_is_refused(repo, tmp_path):
    store = tmp_path / "store"
    repo.run("dvc", "remote", "add", "-d", "store", str(store))
    repo.run("dvc", "remote", "modify", "store", "verify", "true")
    repo.commit("a remote")
    repo.run("dvc", "push")
    (largest,) = sorted((path for path in store.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)[
        -1:
    ]
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.chmod(0o644)
    largest.write_bytes(content)
    clone = clone_of(repo, tmp_path / "clone")
    done = clone.try_run("dvc", "pull")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert not any(path.read_bytes() == content for path in clone.path.rglob("*") if path.is_file())


@pytest.fixture
def s3(monkeypatch):
    """The address of a server on this machine that speaks S3, with the bucket `models`."""
    import requests
    from moto.server import ThreadedMotoServer

    for key, value in KEYS.items():
        monkeypatch.setenv(key, value)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    requests.put(f"{address}/models", timeout=30).raise_for_status()
    yield address
    server.stop()


@pytest.mark.slow
def test_s3(repo, tmp_path, s3):
    repo.env |= KEYS
    repo.run("dvc", "remote", "add", "-d", "store", "s3://models/nerpipe")
    repo.run("dvc", "remote", "modify", "store", "endpointurl", s3)
    repo.run("dvc", "remote", "modify", "store", "verify", "true")
    clone = push_pull_predict(repo, tmp_path / "clone")
    assert "| lr | `0.005` |" in experiment_through(repo, clone)


def test_the_page_names_the_pin_of_dvc_s3():
    pin = re.search(r"(?m)^dvc-s3==(\S+)", (ROOT / "requirements/dev.txt").read_text())[1]
    assert f"pip install dvc-s3=={pin}" in PAGE


@pytest.mark.slow
def test_a_remote_that_is_younger_than_the_experiment_gets_no_file_and_then_does(tmp_path):
    """What docs/troubleshooting.md says of `dvc exp push`."""
    repo = small_repository(tmp_path)
    repo.run("dvc", "exp", "run", "-q", "--temp", "-n", "early", "-S", "system=good")
    repo.run("dvc", "remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    repo.commit("a remote")
    repo.run("git", "clone", "-q", "--bare", str(repo.path), str(tmp_path / "shared.git"))
    repo.run("git", "remote", "add", "origin", str(tmp_path / "shared.git"))
    done = repo.try_run("dvc", "exp", "push", "origin", "early")
    assert done.returncode == 0  # Whether it also warns ("failed to collect ..., skipping") depends on the terminal.
    assert not list((tmp_path / "store").rglob("*.*"))
    assert "remote 'store' doesn't exist" in repo.try_run("dvc", "exp", "push", "-r", "store", "origin", "early").stderr
    repo.run("dvc", "exp", "apply", "early")
    repo.run("git", "checkout", "HEAD", "--", ".dvc/config")
    repo.commit("early")
    repo.run("dvc", "push", "-q")
    shutil.rmtree(repo.path / ".dvc/cache")
    shutil.rmtree(repo.path / "kept")
    repo.run("dvc", "pull", "-q")
    assert "Ann\tB-a\tB-a" in repo.read("kept/predictions/test.conll")
