"""Assignment of documents or sentences to train, dev and test by a hash of their content.

The split of a key depends on the key and the two fractions alone: on no seed, and on no other key. So a corpus can grow
or come in another order, and everything that was in dev or test before stays there.
"""

import hashlib

HASH_BYTES = 8


def position_of(key: str) -> float:
    """Give the number from 0 to 1 by which a key is assigned. It follows from the SHA-256 of the key."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:HASH_BYTES], "big") / (1 << 8 * HASH_BYTES)


def split_of(key: str, dev_fraction: float, test_fraction: float) -> str:
    """Give the split of a key: train, dev or test.

    The positions below `test_fraction` are test, the highest `dev_fraction` are dev, and the others are train. So
    another `dev_fraction` moves nothing into or out of test.

    Args:
        key: The content that is assigned, such as the id and the text of a document, as one string.
        dev_fraction: The fraction of keys that go to dev, from 0 to 1.
        test_fraction: The fraction of keys that go to test, from 0 to 1. The sum of both fractions is at most 1.

    >>> [split_of(key, 0.2, 0.2) for key in ("a", "b", "c", "d", "e", "f")]
    ['train', 'train', 'test', 'test', 'train', 'test']
    """
    position = position_of(key)
    if position < test_fraction:
        return "test"
    return "dev" if position >= 1 - dev_fraction else "train"
