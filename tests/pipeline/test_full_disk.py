"""A disk that is full while a stage runs: one sentence, nothing half-written stays, and the next run gives the same."""

import re
import shutil
import subprocess
import sys

import pytest

from repository import STAGES, Repo

# It stands before Python on the path of DVC, so the disk is filled after DVC has deleted the old outputs of the stage.
FILL = """#!/bin/sh
head -c 1000000000 /dev/zero > '{ballast}' 2> '{log}'
truncate -s -8K '{ballast}'
exec '{python}' "$@"
"""


@pytest.fixture(scope="module")
def small(built, tmp_path_factory):
    """A copy of the built repository on a file system of its own, beside which a file can take all the room."""
    base = tmp_path_factory.mktemp("full")
    place, tools = base / "disk", base / "tools"
    place.mkdir()
    tools.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this process may not mount a file system, so there is no full disk to test")
    shutil.copytree(built.path, place / "repo", symlinks=True)
    fill = FILL.format(ballast=place / "ballast", log=base / "log", python=sys.executable)
    (tools / "python").write_text(fill)
    (tools / "python").chmod(0o755)
    repo = Repo(place / "repo", base / "cache")
    repo.run("git", "update-index", "-q", "--refresh")
    yield repo, {"PATH": f"{tools}:{repo.env['PATH']}"}
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", STAGES)
def test_a_full_disk_is_one_sentence_and_with_room_the_next_run_gives_the_same(small, name):
    repo, full = small
    before = repo.read("dvc.lock")
    done = repo.try_run("dvc", "repro", "--force", "--single-item", "--no-run-cache", name, **full)
    (repo.path.parent / "ballast").unlink()
    assert done.returncode != 0
    said = re.findall(r"error: .*", done.stderr)
    assert len(said) == 1, done.stderr
    assert "No space left on device" in said[0]
    assert "free some space" in said[0] or "Make room" in said[0]
    assert "Traceback" not in done.stderr
    assert repo.read("dvc.lock") == before
    assert [path for path in repo.path.rglob(".*.partial") if ".dvc" not in path.parts] == []

    again = repo.run("dvc", "repro", "--force", "--single-item", "--no-run-cache", name)
    assert f"Running stage '{name}'" in again
    assert repo.repro() == ([], [])
    assert repo.read("dvc.lock") == before
