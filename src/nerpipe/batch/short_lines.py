"""A stream whose lines are cut to a length, so that one long line neither fills the memory nor ends the run."""

from typing import BinaryIO

from nerpipe.batch.records import Told

LONGEST_LINE = 1 << 13  # Largest number of bytes in a line of CoNLL: 8 KiB.


class ShortLines:
    """A stream of bytes in which no line is longer than LONGEST_LINE."""

    def __init__(self, file: BinaryIO, told: Told) -> None:
        """Take the stream, and a function that receives the number of bytes of each read."""
        self.cut: set[int] = set()  # Numbers of the lines that were cut, counted from 1.
        self._file = file
        self._told = told
        self._line = 1  # Number of the open line.
        self._length = 0  # Bytes of the open line.

    def read(self, size: int = -1, /) -> bytes:
        """Read up to so many bytes, of which the ends of long lines are left out."""
        while block := self._file.read(size):
            self._told(len(block))
            if kept := self._kept(block):
                return kept
        return b""

    def _kept(self, block: bytes) -> bytes:
        parts = []
        at = 0
        while at < len(block):
            room = LONGEST_LINE - self._length
            end = block.rfind(b"\n", at, at + room + 1)
            if end >= 0:  # All lines up to here are short enough.
                parts.append(block[at : end + 1])
                self._line += block.count(b"\n", at, end + 1)
                self._length = 0
                at = end + 1
            elif len(block) - at <= room:
                parts.append(block[at:])
                self._length += len(block) - at
                at = len(block)
            else:
                self.cut.add(self._line)
                parts.append(block[at : at + room].decode("utf-8", "ignore").encode("utf-8"))
                self._length = LONGEST_LINE
                end = block.find(b"\n", at + room)
                at = end if end >= 0 else len(block)
        return b"".join(parts)
