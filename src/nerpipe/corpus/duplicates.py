"""Search for sentences that occur twice. Each sentence, short or long, is kept as a hash of eight bytes."""

from array import array
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from nerpipe.contracts.terminal import number_of

BUCKETS = 256  # Number of values of the first byte of a hash.


class SentenceHashes:
    """The hashes of the sentences of one split, in buckets by their first byte.

    Buckets are compared one at a time. A comparison needs a Python set with about 50 bytes for each hash, and the set
    of one bucket is small. The probability that two different sentences have the same hash is 1 in 2**64.
    """

    def __init__(self) -> None:
        """Make empty buckets."""
        self.buckets = [array("Q") for _ in range(BUCKETS)]

    def add(self, text: str) -> None:
        """Add a sentence: its tokens, joined by LF. Upper and lower case count as different."""
        digest = blake2b(text.encode(), digest_size=8).digest()
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


def shared_sentences(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say in a sentence for each split what occurs twice in it, and for each pair of splits what occurs in both.

    Args:
        rows: The rows of clean.json.
    """
    return [
        f"{row['duplicate_sentences']:,} of {_size(row)} occurred before in it."
        for row in rows
        if row["duplicate_sentences"]
    ] + leaked_sentences(rows)


def leaked_sentences(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say in a sentence for each pair of splits how many sentences of dev or test are also in an earlier split.

    Args:
        rows: The rows of clean.json.
    """
    earlier = {row["split"]: [other["split"] for other in rows[:at]] for at, row in enumerate(rows)}
    return [
        f"{count:,} of {_size(row)} also occurred in {other}, which makes the scores on {row['split']} too good."
        for row in rows
        for other, count in row["sentences_also_in"].items()
        if row["split"] in ("dev", "test") and count and other in earlier[row["split"]]
    ]


def _size(row: Mapping[str, Any]) -> str:
    return f"{number_of(row['sentences'], 'sentence')} of {row['split']}"
