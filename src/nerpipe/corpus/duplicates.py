"""Search for sentences that occur twice. Each sentence, short or long, is kept as a hash of eight bytes."""

from array import array
from collections.abc import Iterable
from hashlib import blake2b

BUCKETS = 256  # Number of values of the first byte of a hash.


class SentenceHashes:
    """The hashes of the sentences of one split, in buckets by their first byte.

    Buckets are compared one at a time. A comparison needs a Python set with about 50 bytes for each hash, and the set
    of one bucket is small. The probability that two different sentences have the same hash is 1 in 2**64.
    """

    def __init__(self) -> None:
        """Make empty buckets."""
        self.buckets = [array("Q") for _ in range(BUCKETS)]

    def add(self, tokens: Iterable[str]) -> None:
        """Add a sentence. Its tokens contain no LF. Upper and lower case count as different."""
        digest = blake2b("\n".join(tokens).encode(), digest_size=8).digest()
        self.buckets[digest[0]].frombytes(digest)

    def repeated(self) -> int:
        """Return the number of sentences that occurred before in this split."""
        return sum(len(bucket) - len(set(bucket)) for bucket in self.buckets)

    def found_in(self, other: "SentenceHashes") -> int:
        """Return the number of sentences of this split that also occur in `other`."""
        count = 0
        for ours, theirs in zip(self.buckets, other.buckets, strict=True):
            known = set(theirs)
            count += sum(value in known for value in ours)
        return count
