"""The launcher starts torchrun once, without a shell."""

import os
import sys

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.training.launching import launch


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Put a torchrun on the PATH, and collect what replaces this process."""
    program = tmp_path / "torchrun"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setattr(sys, "argv", ["train.py", "--out", "a b"])
    calls = []
    monkeypatch.setattr(os, "execv", lambda path, words: calls.append((path, words)))
    return calls


def test_python_starts_nothing(started):
    launch("python")
    assert started == []


def test_torchrun_gets_its_options_and_the_flags_of_the_stage(started, tmp_path):
    launch("torchrun --nproc-per-node=2 --standalone")
    program = str(tmp_path / "torchrun")
    words = [program, "--nproc-per-node=2", "--standalone", "-m", "stages.train", "--out", "a b"]
    assert started == [(program, words)]


def test_a_process_of_torchrun_starts_nothing(started, monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    launch("torchrun --nproc-per-node=2")
    assert started == []


def test_without_torchrun_the_message_says_so(started, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NerpipeError, match="torchrun is not on the PATH"):
        launch("torchrun --nproc-per-node=2")
    assert started == []
