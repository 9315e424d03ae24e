"""Capital letters for a model whose tokenizer lower-cases: a capitalised word gets a first sub-word of its own.

The changed tokenizer puts a mark before every word that begins with a capital letter. Its vocabulary holds each
sub-word that can begin a capitalised word twice: without the mark and with it. A capitalised word is split as before,
but its first sub-word is the marked one. The change is stored in tokenizer.json and in the embedding table, so every
program that loads the model distinguishes capitalised words too.
"""

import json
from typing import TYPE_CHECKING, Any

from nerpipe.tokenizing.word_starts import rebuilt

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

MARK = "↑"  # BERT's pre-tokenizer does not split at this character, and its normalizer keeps it.
MARKING = [
    {"type": "Prepend", "prepend": " "},
    {"type": "Replace", "pattern": {"Regex": r"\s(?=\p{Lu})"}, "content": f" {MARK}"},
]


def loses_capitals(tokenizer: "PreTrainedTokenizerFast") -> bool:
    """Return whether this is a WordPiece tokenizer that lower-cases."""
    backend = tokenizer.backend_tokenizer
    normalizer = backend.normalizer
    return (
        type(backend.model).__name__ == "WordPiece" and normalizer is not None and normalizer.normalize_str("A") == "a"
    )


def keep_capitals(tokenizer: "PreTrainedTokenizerFast") -> "PreTrainedTokenizerFast":
    """Return a tokenizer that marks capitalised words, made from one for which `loses_capitals` is true.

    The existing sub-words keep their ids, and the marked sub-words get the ids after them. The splitting into
    sub-words, the special tokens and the lengths stay the same.
    """
    from tokenizers import Tokenizer

    parts: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary: dict[str, int] = parts["model"]["vocab"]
    for piece in sorted(filter(_can_be_capitalised, vocabulary), key=lambda piece: vocabulary[piece]):
        vocabulary[MARK + piece] = len(vocabulary)
    parts["normalizer"] = {"type": "Sequence", "normalizers": [*MARKING, parts["normalizer"]]}
    unmark = {"type": "Replace", "pattern": {"String": MARK}, "content": ""}
    parts["decoder"] = {"type": "Sequence", "decoders": [parts["decoder"], unmark]} if parts["decoder"] else unmark
    return rebuilt(tokenizer, Tokenizer.from_str(json.dumps(parts)))


def _can_be_capitalised(piece: str) -> bool:
    return piece[0].islower() and piece[0].upper() != piece[0]


def unmarked_ids(tokenizer: "PreTrainedTokenizerFast", rows: int) -> list[int]:
    """Return, for each sub-word whose id is `rows` or more, the id of the same sub-word without its mark."""
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    marked = sorted((index, piece) for piece, index in vocabulary.items() if index >= rows)
    return [vocabulary[piece.removeprefix(MARK)] for _, piece in marked]
