"""Keys that stand twice in an object, at every depth."""

import json

import pytest

from nerpipe.contracts.json_objects import RepeatedKeyError, unique_keys


@pytest.mark.parametrize(
    ("text", "key"),
    [('{"a": 1, "a": 1}', "a"), ('[{"b": {"a": 1, "c": {"é": [], "é": 2}}}]', "é"), ('{"": 1, "x": 2, "": 3}', "")],
)
def test_a_key_that_stands_twice_is_refused(text, key):
    with pytest.raises(RepeatedKeyError, match=f"the key {key!r} stands twice in an object"):
        json.loads(text, object_pairs_hook=unique_keys)


def test_other_objects_are_read_as_ever():
    text = '{"a": {"a": [{"a": 1}, {"a": 2}]}, "b": {}}'
    assert json.loads(text, object_pairs_hook=unique_keys) == json.loads(text)
