"""Splitting of words into sub-words, and of sentences into windows.

Training, evaluation and prediction share this module. It needs only a tokenizer.json.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from nerpipe.contracts.labels import NO_WORD
from nerpipe.contracts.terminal import number_of
from nerpipe.tokenizing.capitals import INSIDE
from nerpipe.tokenizing.windows import plan_windows

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BATCH = 1000  # Sentences that the tokenizer gets at a time.
LINE = 64  # Words that the tokenizer gets as one line.
UNREAD_SHARE = 0.05  # Share of words that a model cannot read above which a warning is given.
BLANK = "_"  # What the tokenizer reads for a word that is white space, which would have no sub-word.


class Special(NamedTuple):
    """The ids of the special tokens before and after every window."""

    before: list[int]
    after: list[int]


class Piece(NamedTuple):
    """One window of a sentence. input_ids and word_ids have equal lengths. Special tokens have the word id NO_WORD."""

    input_ids: list[int]
    word_ids: list[int]
    own: tuple[int, int]  # The words [start, end) that are predicted in this window only.


def special_tokens(tokenizer: "Tokenizer") -> Special:
    """Return the special tokens that this tokenizer puts before and after a single sequence."""
    encoding = tokenizer.encode(["a"], is_pretokenized=True, add_special_tokens=True)
    mask = encoding.special_tokens_mask
    first = mask.index(0)
    last = len(mask) - mask[::-1].index(0)
    return Special(encoding.ids[:first], encoding.ids[last:])


def encode_words(
    tokenizer: "Tokenizer", sentences: Iterable[Sequence[str]]
) -> Iterator[tuple[list[int], list[int], list[int]]]:
    """Yield three lists for each sentence.

    They hold the ids of its sub-words, the word of each sub-word, and the number of sub-words of each word.
    """
    encode = _encode_lines if _reads_words_alike(tokenizer) else _encode_apart
    rows = iter(sentences)
    while batch := list(islice(rows, BATCH)):
        # Each different word is read once.
        known = list(dict.fromkeys(word for words in batch for word in words))
        ids_of = dict(zip(known, encode(tokenizer, known), strict=True))
        for sentence in batch:
            pieces = [ids_of[word] for word in sentence]
            sizes = [len(piece) for piece in pieces]
            numbers = [number for number, size in enumerate(sizes) for _ in range(size)]
            yield [one for piece in pieces for one in piece], numbers, sizes


def _encode_apart(tokenizer: "Tokenizer", words: Sequence[str]) -> Iterator[list[int]]:
    """Give the tokenizer each word by itself, and yield the ids of its sub-words."""
    given = [[BLANK if word.isspace() else word] for word in words]
    for encoding in tokenizer.encode_batch(given, is_pretokenized=True, add_special_tokens=False):
        yield encoding.ids


def _encode_lines(tokenizer: "Tokenizer", words: Sequence[str]) -> Iterator[list[int]]:
    """Give the tokenizer many words as a line with spaces, and yield the ids of each word's sub-words.

    It takes a third of the time, because a tokenizer spends most of it on the beginning of each text.
    """
    lines = [[BLANK if word.isspace() else word for word in words[at : at + LINE]] for at in range(0, len(words), LINE)]
    encodings = tokenizer.encode_batch([" ".join(line) for line in lines], add_special_tokens=False)
    for line, encoding in zip(lines, encodings, strict=True):
        ends = [*accumulate(len(word) + 1 for word in line)]
        found: list[list[int]] = [[] for _ in line]
        word = 0
        for subword, (start, _) in zip(encoding.ids, encoding.offsets, strict=True):
            while start >= ends[word]:
                word += 1
            found[word].append(subword)
        yield from found


def _reads_words_alike(tokenizer: "Tokenizer") -> bool:
    """Return whether this tokenizer reads a word in a line with spaces as it reads the word by itself.

    So do those of BERT's kind, as they are or with capitals kept (`capitals`): they cut at white space, and what they
    replace is a single character that depends at most on its own word.
    """
    if type(tokenizer.model).__name__ != "WordPiece" or type(tokenizer.pre_tokenizer).__name__ != "BertPreTokenizer":
        return False
    if any(token.lstrip or token.rstrip for token in tokenizer.get_added_tokens_decoder().values()):
        return False  # Such a token takes the space beside it.
    if tokenizer.normalizer is None:
        return True
    steps = json.loads(tokenizer.normalizer.__getstate__())
    return all(map(_stays_in_word, steps["normalizers"] if steps["type"] == "Sequence" else [steps]))


def _stays_in_word(step: dict[str, Any]) -> bool:
    if step["type"] != "Replace":
        return step["type"] in ("BertNormalizer", "NFD")
    [(kind, pattern)] = step["pattern"].items()
    letter = pattern.removeprefix(INSIDE) if kind == "Regex" else pattern
    return len(letter) == 1 and letter.isalpha() and not any(map(str.isspace, step["content"]))


def unread_warning(unread: int, words: int, where: str, model: str) -> str:
    """Say that the model cannot read many words, and what to do."""
    name = model.rpartition("@")[0]
    return (
        f"{name} reads {unread:,} of {number_of(words, 'word')} of {where} ({unread / words:.1%}) as nothing but "
        "[UNK], so it cannot tell them apart. Set `model` in params.yaml to a model that was trained on text in this "
        "language and script"
    )


def unread_words(ids: Sequence[int], sizes: Sequence[int], unknown: int | None) -> list[int]:
    """Find the words of a sentence that the model cannot read, because all their sub-words are the unknown one.

    Args:
        ids: The ids of the sub-words, as `encode_words` yields them.
        sizes: The number of sub-words of each word.
        unknown: The id of the sub-word `[UNK]`, or None if the tokenizer has none.
    """
    if unknown is None or unknown not in ids:
        return []
    places = enumerate(zip(accumulate(sizes, initial=0), sizes, strict=False))
    return [
        word for word, (start, size) in places if size > 0 and all(one == unknown for one in ids[start : start + size])
    ]


def cut_sentence(
    ids: list[int], words: list[int], sizes: list[int], special: Special, *, capacity: int, stride: int
) -> list[Piece]:
    """Cover a sentence with windows of at most `capacity` sub-words, special tokens not counted.

    A word with more than `capacity` sub-words keeps only the first `capacity` of them. A word without a sub-word is not
    in the word_ids of any window. A sentence without any sub-word has no window.

    Args:
        ids: The ids of the sub-words, as `encode_words` yields them.
        words: The word of each sub-word.
        sizes: The number of sub-words of each word.
        special: The special tokens, as `special_tokens` returns them.
        capacity: The number of sub-words that a window holds, special tokens not counted; 1 or more.
        stride: The largest number of sub-words that neighbouring windows share; below `capacity`.
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
