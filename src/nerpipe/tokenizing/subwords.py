"""Words to sub-words to windows, with a tokenizer.json alone: what training, evaluation and prediction share."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import TYPE_CHECKING, NamedTuple

from nerpipe.contracts.labels import NO_WORD
from nerpipe.tokenizing.windows import plan_windows

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BATCH = 1000  # sentences handed to the tokenizer at a time


class Special(NamedTuple):
    """The special tokens' ids that stand before and after every window."""

    before: list[int]
    after: list[int]


class Piece(NamedTuple):
    """One window of a sentence: input_ids and word_ids are equally long, special tokens belong to NO_WORD."""

    input_ids: list[int]
    word_ids: list[int]
    own: tuple[int, int]  # the words [start, end) that are predicted here and nowhere else


def special_tokens(tokenizer: "Tokenizer") -> Special:
    """Read off the special tokens that this tokenizer puts round a single sequence."""
    encoding = tokenizer.encode(["a"], is_pretokenized=True, add_special_tokens=True)
    mask = encoding.special_tokens_mask
    first = mask.index(0)
    last = len(mask) - mask[::-1].index(0)
    return Special(encoding.ids[:first], encoding.ids[last:])


def encode_words(
    tokenizer: "Tokenizer", sentences: Iterable[Sequence[str]]
) -> Iterator[tuple[list[int], list[int], list[int]]]:
    """Yield for each sentence its sub-words' ids, the word each belongs to, and how many sub-words each word has."""
    rows = iter(sentences)
    while batch := [list(words) for words in islice(rows, BATCH)]:
        encodings = tokenizer.encode_batch(batch, is_pretokenized=True, add_special_tokens=False)
        for sentence, encoding in zip(batch, encodings, strict=True):
            words: list[int] = encoding.word_ids  # type: ignore[assignment] # None only for special tokens
            sizes = [0] * len(sentence)
            for word in words:
                sizes[word] += 1
            yield encoding.ids, words, sizes


def cut_sentence(
    ids: list[int], words: list[int], sizes: list[int], special: Special, *, capacity: int, stride: int
) -> list[Piece]:
    """Cover a sentence with windows of at most `capacity` sub-words beside the special tokens.

    Of a word that alone is longer than that, the first `capacity` sub-words stay; a word without a sub-word is in no
    window's word_ids. A sentence without any sub-word has no window.

    Args:
        ids: sub-words, as `encode_words` gives them.
        words: the word of each sub-word.
        sizes: sub-words of each word.
        special: from `special_tokens`.
        capacity: sub-words that a window holds beside the special tokens, 1 or more.
        stride: the most sub-words that neighbouring windows share, below `capacity`.
    """
    if not ids:
        return []
    if max(sizes) > capacity:
        ids, words, sizes = _shortened(ids, words, sizes, capacity)
    before, after = special
    offsets = list(accumulate(sizes, initial=0))
    pieces = []
    for start, end, own_start, own_end in plan_windows(sizes, capacity, stride):
        first, last = offsets[start], offsets[end]
        inside = [NO_WORD] * len(before) + words[first:last] + [NO_WORD] * len(after)
        pieces.append(Piece(before + ids[first:last] + after, inside, (own_start, own_end)))
    return pieces


def _shortened(
    ids: list[int], words: list[int], sizes: list[int], capacity: int
) -> tuple[list[int], list[int], list[int]]:
    kept: list[int] = []
    for start, size in zip(accumulate(sizes, initial=0), sizes, strict=False):
        kept.extend(range(start, start + min(size, capacity)))
    return [ids[i] for i in kept], [words[i] for i in kept], [min(size, capacity) for size in sizes]
