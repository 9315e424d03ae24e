"""Files of DVC's cache that are damaged or lost, and the commands of docs/reliability.md that find and replace them."""

import hashlib
import re
import shutil
import textwrap

import pytest
import yaml

from places import ROOT

PAGE = (ROOT / "docs/reliability.md").read_text()
CHECK, REPLACE = (
    textwrap.dedent(block) for block in re.findall(r"(?m)(?:^    .*\n)+", PAGE.partition("## DVC's cache")[2])[:2]
)


def object_of(repo, md5):
    return repo.path / ".dvc/cache/files/md5" / md5[:2] / md5[2:]


def md5_of(path):
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def folder_of(repo, stage, place):
    outs = yaml.safe_load(repo.read("dvc.lock"))["stages"][stage]["outs"]
    return object_of(repo, next(out["md5"] for out in outs if out["path"] == place))


def flip(path):
    """Change one bit, as a bad disk does: the file is still read-only, so DVC believes that it is right."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(0o444)


def digests(repo):
    folders = ("data/clean", "data/encoded", "data/tokenized", "data/predictions", "models", "reports")
    files = [path for folder in folders for path in (repo.path / folder).rglob("*") if path.is_file()]
    return {path: md5_of(path) for path in files}


@pytest.mark.slow
def test_what_is_damaged_is_found_and_the_commands_of_the_page_replace_it(repo, tmp_path):
    lock, whole = repo.read("dvc.lock"), digests(repo)
    repo.run("dvc", "remote", "add", "-d", "store", str(tmp_path / "store"))
    repo.run("dvc", "push")
    assert repo.run("sh", "-c", CHECK) == ""
    damaged = [
        object_of(repo, md5_of(repo.path / "data/encoded/labels.json")),
        object_of(repo, md5_of(repo.path / "models/exported/onnx/model.onnx")),
        folder_of(repo, "tokenize_align", "data/tokenized"),
    ]
    for path in damaged:
        flip(path)
    shutil.rmtree(repo.path / "models/exported")
    shutil.rmtree(repo.path / "data/encoded")
    repo.run("dvc", "checkout", "models/exported", "data/encoded")  # DVC notices nothing.
    assert digests(repo) != whole

    named = repo.run("sh", "-c", CHECK).split()
    assert sorted(named) == sorted(str(path.relative_to(repo.path)) for path in damaged)
    repo.run("sh", "-c", REPLACE)
    assert digests(repo) == whole
    assert repo.read("dvc.lock") == lock
    assert repo.run("sh", "-c", CHECK) == ""
    assert "up to date" in repo.run("dvc", "status")


@pytest.mark.slow
def test_without_a_remote_the_stages_run_again_and_give_the_same(repo):
    lock, whole = repo.read("dvc.lock"), digests(repo)
    flip(object_of(repo, md5_of(repo.path / "data/encoded/labels.json")))
    folder_of(repo, "evaluate", "reports").unlink()
    repo.run("sh", "-c", CHECK)
    repo.run("sh", "-c", REPLACE.replace("dvc pull", "dvc checkout || true"))
    assert digests(repo) == whole
    assert repo.read("dvc.lock") == lock


@pytest.mark.slow
def test_a_lost_file_is_named_by_checkout_and_made_again_by_repro(repo):
    lock, whole = repo.read("dvc.lock"), digests(repo)
    object_of(repo, md5_of(repo.path / "models/exported/onnx/model.onnx")).unlink()
    shutil.rmtree(repo.path / "models/exported")
    done = repo.try_run("dvc", "checkout")
    assert done.returncode != 0
    assert "models/exported" in done.stderr
    assert "Traceback" not in done.stderr
    assert repo.repro() == (["export"], [])
    assert digests(repo) == whole
    assert repo.read("dvc.lock") == lock


@pytest.mark.slow
def test_a_damaged_model_in_the_cache_is_refused_by_predict(repo):
    flip(object_of(repo, md5_of(repo.path / "models/exported/onnx/model.onnx")))
    shutil.rmtree(repo.path / "models/exported")
    repo.run("dvc", "checkout", "models/exported")
    done = repo.try_run("bash", "-c", "echo Ann | nerpipe predict models/exported")
    assert done.returncode == 1
    assert "models/exported/onnx/model.onnx: the file is damaged or was changed" in done.stderr
