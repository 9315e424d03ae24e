"""Sentences that occur twice: eight bytes a sentence are kept, whatever its length."""

from array import array
from hashlib import blake2b

BUCKETS = 256


class SentenceHashes:
    """The hashes of one split's sentences, in buckets by their first byte.

    Buckets are compared one by one, so that the Python sets needed for it (50 bytes an entry) stay small. Two
    different sentences share a hash once in 2**64 pairs.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.buckets = [array("Q") for _ in range(BUCKETS)]

    def add(self, text: str) -> None:
        """Add a sentence: its tokens, joined by LF. Upper and lower case differ."""
        digest = blake2b(text.encode(), digest_size=8).digest()
        self.buckets[digest[0]].frombytes(digest)

    def repeated(self) -> int:
        """Count the sentences that occurred before."""
        return sum(len(bucket) - len(set(bucket)) for bucket in self.buckets)

    def found_in(self, other: "SentenceHashes") -> int:
        """Count the sentences that occur in `other` as well."""
        count = 0
        for ours, theirs in zip(self.buckets, other.buckets, strict=True):
            known = set(theirs)
            count += sum(value in known for value in ours)
        return count
