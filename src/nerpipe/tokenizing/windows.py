"""Splitting of long sentences into windows of whole words."""

from collections.abc import Sequence
from typing import NamedTuple


class Window(NamedTuple):
    """A window with the words [start, end) of a sentence.

    Its words [own_start, own_end) are predicted in this window only.
    """

    start: int
    end: int
    own_start: int
    own_end: int


def plan_windows(sizes: Sequence[int], capacity: int, stride: int) -> list[Window]:
    """Cover a sentence with windows of whole words.

    Neighbouring windows share as many whole words as fit into `stride` sub-words. A shared word is predicted in only
    one window. Its context in a window is the smaller of two numbers: the sub-words to its left and the sub-words to
    its right. The window with the larger context owns the word (the rule of BERT's run_squad.py, Devlin et
    al. 2018). If the two contexts are equal, the earlier window owns it. A window that would own no sub-word, as with a
    stride of nearly `capacity`, is left out: it would take time, and in training it would have no label.

    Args:
        sizes: The number of sub-words of each word, each from 0 to `capacity`.
        capacity: The number of sub-words that a window holds, special tokens not counted; 1 or more.
        stride: The largest number of sub-words that neighbouring windows share; 0 or more.

    Returns:
        The windows in order. Exactly one of them owns each word that has a sub-word.
    """
    count = len(sizes)
    if sum(sizes) <= capacity:
        return [Window(0, count, 0, count)]
    offsets = [0]
    for size in sizes:
        offsets.append(offsets[-1] + size)
    bounds = _bounds(offsets, capacity, stride)
    windows = []
    own_start = 0
    for index, (start, end) in enumerate(bounds):
        own_end = count if index == len(bounds) - 1 else _handover(offsets, (start, end), bounds[index + 1])
        if offsets[own_end] > offsets[own_start]:
            windows.append(Window(start, end, own_start, own_end))
        own_start = own_end
    return windows


def _bounds(offsets: Sequence[int], capacity: int, stride: int) -> list[tuple[int, int]]:
    """Return the words [start, end) of each window. Each window ends at least one word later, so the loop ends."""
    count = len(offsets) - 1
    bounds: list[tuple[int, int]] = []
    start = end = 0
    while end < count:
        reach = end + 1
        while reach < count and offsets[reach + 1] - offsets[start] <= capacity:
            reach += 1
        end = reach
        bounds.append((start, end))
        if end == count:
            break
        next_start = end
        # The shared words may not exceed the stride, and they must leave room for the next new word.
        room = min(stride, capacity - (offsets[end + 1] - offsets[end]))
        while next_start - 1 > start and offsets[end] - offsets[next_start - 1] <= room:
            next_start -= 1
        start = next_start
    return bounds


def _handover(offsets: Sequence[int], earlier: tuple[int, int], later: tuple[int, int]) -> int:
    """Return the first shared word with more context in the later window, or the end of the earlier window."""

    def context(word: int, window: tuple[int, int]) -> int:
        return min(offsets[word] - offsets[window[0]], offsets[window[1]] - offsets[word + 1])

    for word in range(later[0], earlier[1]):
        if context(word, later) > context(word, earlier):
            return word
    return earlier[1]
