"""Watching a run: nothing is asked for, nothing of the result changes."""

import os

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.training import tracking
from nerpipe.training.tracking import check_tracker, start_tracker


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """No login of whoever runs the tests, and no trace of these tests in the environment."""
    for key in [key for key in os.environ if key.startswith(("WANDB_", "TENSORBOARD_"))]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("HOME", str(tmp_path))
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def test_none_is_nothing(tmp_path):
    check_tracker("none")
    assert start_tracker("none", tmp_path / "logs") == []
    assert not (tmp_path / "logs").exists()


def test_what_is_not_installed_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setattr(tracking, "find_spec", lambda _: None)
    with pytest.raises(
        NerpipeError, match=r"report_to\] wandb is not installed: `pip install -r requirements/watch.txt`"
    ):
        check_tracker("wandb")


def test_tensorboard_writes_below_logs(tmp_path):
    assert start_tracker("tensorboard", tmp_path) == ["tensorboard"]
    assert os.environ["TENSORBOARD_LOGGING_DIR"].startswith(str(tmp_path / "tensorboard"))
