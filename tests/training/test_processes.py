"""The variables of torchrun: half of them set must not look like the second of several processes."""

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.training.processes import check_processes, rank, world_size

ALL = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ALL:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"RANK": "1"}, "RANK is 1, but WORLD_SIZE is not set"),
        ({"RANK": "2", "WORLD_SIZE": "2"}, "RANK is 2, but WORLD_SIZE is 2"),
        ({"RANK": "-1"}, "RANK is '-1', which is no number"),
        ({"RANK": ""}, "RANK is '', which is no number"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two'"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE is '0'"),
        ({"WORLD_SIZE": "2"}, "WORLD_SIZE is 2, but RANK, LOCAL_RANK, MASTER_ADDR, MASTER_PORT is not set"),
    ],
)
def test_half_of_the_variables_are_refused(monkeypatch, given, said):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(NerpipeError, match=said) as caught:
        check_processes()
    assert "unset RANK and WORLD_SIZE to train alone" in str(caught.value)


@pytest.mark.parametrize("given", [{}, {"RANK": "0"}, {"RANK": "0", "WORLD_SIZE": "1"}, ALL])
def test_what_torchrun_sets_or_nothing_is_taken(monkeypatch, given):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    check_processes()
    assert (rank(), world_size()) == (int(given.get("RANK", 0)), int(given.get("WORLD_SIZE", 1)))
