"""Words and sub-words: which label each sub-word carries, and how a long sentence becomes windows."""

from collections.abc import Sequence

from nerpipe.contracts.labels import IGNORED, NO_WORD


def align_labels(
    word_ids: Sequence[int],
    word_labels: Sequence[int],
    continuation: Sequence[int] | None,
    own: tuple[int, int],
) -> list[int]:
    """Give every sub-word of a window its label.

    Two words, of two sub-words and of one, between special tokens; only the first sub-word of a word has its label:

    >>> align_labels([-1, 0, 0, 1, -1], [2, 0], None, (0, 2))
    [-100, 2, -100, 0, -100]

    Args:
        word_ids: for each sub-word the word it belongs to, ascending; NO_WORD for special tokens.
        word_labels: label id of each word of the sentence.
        continuation: for each label id the one that further sub-words of a word carry (`labels.continuations`), or
            None: they carry IGNORED.
        own: the words [start, end) that this window owns; all others carry IGNORED.

    Returns:
        Label ids, as many as `word_ids`.
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
