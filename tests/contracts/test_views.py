"""What train reads of a teacher: damage is noticed."""

import numpy as np
import pytest

from nerpipe.contracts.views import BIAS, VIEWS, read_taught
from nerpipe.errors import NerpipeError

WINDOWS = {"unlabelled": {"labels": [[-100, 3, 5], [4, -100]]}}


def test_without_a_teacher_there_is_nothing(tmp_path):
    assert read_taught(tmp_path, {"train": None}, 3) is None


def test_what_was_written_is_read(tmp_path):
    given = np.eye(3, dtype=np.float32)
    np.save(tmp_path / VIEWS, given)
    (tmp_path / BIAS).write_text('{"outside_bias": 0.3}')
    found = read_taught(tmp_path, WINDOWS, 3)
    assert found.outside_bias == 0.3
    assert found.windows is WINDOWS["unlabelled"]
    assert (found.probabilities == given).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "cannot be read"),
        (b"", "cannot be read"),
        (b"\x93NUMPY\x01\x00", "cannot be read"),
        (b"PK\3\4 and no more", "cannot be read"),
        (np.full((3, 3), np.nan, dtype=np.float32), "does not belong"),
        (np.ones((3, 3), dtype=np.float32), "does not belong"),
        (np.eye(3), "does not belong"),
        (np.ones((2, 3), dtype=np.float32), "does not belong"),
        (np.ones((3, 4), dtype=np.float32), "does not belong"),
        (np.array([{}], dtype=object), "cannot be read"),
    ],
)
def test_damage_is_an_error_that_says_what_to_do(tmp_path, given, said):
    if isinstance(given, bytes):
        (tmp_path / VIEWS).write_bytes(given)
    elif given is not None:
        np.save(tmp_path / VIEWS, given, allow_pickle=True)
    with pytest.raises(NerpipeError, match=rf"views.npy: what the teacher says {said}.*dvc repro"):
        read_taught(tmp_path, WINDOWS, 3)


def test_without_the_bias_of_the_teacher_the_probabilities_are_not_read(tmp_path):
    np.save(tmp_path / VIEWS, np.eye(3, dtype=np.float32))
    with pytest.raises(NerpipeError, match=r"views\.json"):
        read_taught(tmp_path, WINDOWS, 3)
