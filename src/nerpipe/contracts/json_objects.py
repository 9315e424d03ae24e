"""JSON objects in which no key stands twice. Python's reader takes the last value and drops the others silently."""

from collections import Counter
from typing import Any

SHOWN_KEY = 80  # Characters of a key that a message shows.


class RepeatedKeyError(ValueError):
    """An object holds a key twice. The message is the rest of a sentence about it."""


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its keys and values: the `object_pairs_hook` of `json.loads`.

    >>> import json
    >>> json.loads('{"text": "Ann"}', object_pairs_hook=unique_keys)
    {'text': 'Ann'}

    Raises:
        RepeatedKeyError: If a key stands twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        (key, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise RepeatedKeyError(f"the key {key[:SHOWN_KEY]!r} stands twice in an object; keep one of the two")
    return found
