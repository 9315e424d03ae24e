"""Label alignment: the label of each sub-word follows from the label of its word."""

from collections.abc import Sequence

from nerpipe.contracts.labels import IGNORED, NO_WORD


def align_labels(
    word_ids: Sequence[int],
    word_labels: Sequence[int],
    continuation: Sequence[int] | None,
    own: tuple[int, int],
) -> list[int]:
    """Return the label of every sub-word of a window.

    In the example, the first word has two sub-words and the second word has one. A special token stands before and
    after them. Only the first sub-word of a word gets the label of the word:

    >>> align_labels([-1, 0, 0, 1, -1], [2, 0], None, (0, 2))
    [-100, 2, -100, 0, -100]

    Args:
        word_ids: The word of each sub-word, in ascending order, with NO_WORD for special tokens.
        word_labels: The label id of each word of the sentence.
        continuation: For each label id, the label id of the second and later sub-words of a word, as
            `labels.continuations` returns them. With None, these sub-words get IGNORED.
        own: The words [start, end) that this window owns. The sub-words of all other words get IGNORED.

    Returns:
        One label id for each entry of `word_ids`.
    """
    labels = []
    own_start, own_end = own
    previous = NO_WORD
    for word in word_ids:
        if not own_start <= word < own_end:
            labels.append(IGNORED)
        elif word != previous:
            labels.append(word_labels[word])
        else:
            labels.append(IGNORED if continuation is None else continuation[word_labels[word]])
        previous = word
    return labels
