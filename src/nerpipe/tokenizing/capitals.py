"""Capital letters for a model whose tokenizer lower-cases: a capitalised word gets a first sub-word of its own.

The changed tokenizer lower-cases every letter of a word but the first. Its vocabulary holds each sub-word that begins
with a small letter twice: as it is (`paris`) and with a capital (`Paris`), its twin. A capitalised word is cut as
before, but its first sub-word is the twin. Nothing is put into the text, so a sub-word keeps its place in it. The
change is stored in tokenizer.json and in the embedding table, so every program that loads the model distinguishes
capitalised words too.
"""

import json
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from nerpipe.tokenizing.word_starts import rebuilt

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

LETTERS = range(0x20000)  # No capital letter lies beyond these characters.
# Before a letter: it is not the first of its word. It is the first behind nothing (a word that is given apart), white
# space, and punctuation at which the tokenizer cuts, such as `(`, `"`, `@`, `#`, `-` and `/`. It is not behind `.`, `'`
# and `&`, so that the letters of `U.S.` and `AT&T` stay one capitalised word.
INSIDE = r"(?<=[^\s!-%(-\-/:-@\[-\^`{-~¡«»¿–—‘“”„‹›…])"


def loses_capitals(tokenizer: "PreTrainedTokenizerFast") -> bool:
    """Return whether this is a WordPiece tokenizer that lower-cases."""
    backend = tokenizer.backend_tokenizer
    normalizer = backend.normalizer
    return (
        type(backend.model).__name__ == "WordPiece"
        and type(normalizer).__name__ == "BertNormalizer"
        and normalizer.normalize_str("A") == "a"
    )


def keep_capitals(tokenizer: "PreTrainedTokenizerFast") -> "PreTrainedTokenizerFast":
    """Return a tokenizer that distinguishes capitalised words, made from one for which `loses_capitals` is true.

    The existing sub-words keep their ids, and the twins get the ids after them. The splitting into sub-words, the
    special tokens and the lengths stay the same.
    """
    from tokenizers import Tokenizer

    parts: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary: dict[str, int] = parts["model"]["vocab"]
    lower_casing = parts["normalizer"]
    cuts_accents = lower_casing["strip_accents"] is not False  # None: accents are removed, because it lower-cases.
    added = {token["content"] for token in parts["added_tokens"]}
    for piece in twins_of(vocabulary):
        if piece in vocabulary and piece not in added:
            # No lower-cased text matched this sub-word, so its name is free.
            vocabulary[_unused(piece)] = vocabulary.pop(piece)
        vocabulary[_unused(piece) if piece in added else piece] = len(vocabulary)
    # Letters are lower-cased before any character is removed or gets spaces around it, so that the first letter of a
    # word is the one that is first in the text.
    letters = {letter for piece in vocabulary for letter in piece}
    steps = _lower_casing(letters, decomposed=cuts_accents)
    steps.append(lower_casing | {"lowercase": False, "strip_accents": cuts_accents})
    parts["normalizer"] = {"type": "Sequence", "normalizers": steps}
    return rebuilt(tokenizer, Tokenizer.from_str(json.dumps(parts)))


def twins_of(vocabulary: Mapping[str, int]) -> dict[str, int]:
    """Return the name of each twin with the id of its sub-word with a small letter, in the order of these ids."""
    small = sorted(filter(_can_be_capitalised, vocabulary), key=lambda piece: vocabulary[piece])
    return {_capitalised(piece): vocabulary[piece] for piece in small}


def twins_from(tokenizer: "PreTrainedTokenizerFast", rows: int) -> dict[str, int | None]:
    """Return each sub-word whose id is `rows` or more, in the order of these ids.

    With the id of the sub-word whose twin it is, or None if it is no twin.
    """
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    twins = twins_of(vocabulary)
    new = sorted((index, piece) for piece, index in vocabulary.items() if index >= rows)
    return {piece: twins.get(piece) for _, piece in new}


def _can_be_capitalised(piece: str) -> bool:
    return piece[0].islower() and piece[0].upper() != piece[0]


def _capitalised(piece: str) -> str:
    """Name the twin of a sub-word, which is never used if the letter has no capital of its own (`ﬁ`, `ς`)."""
    capital = _capitals().get(piece[0])
    return _unused(piece) if capital is None else capital + piece[1:]


def _unused(piece: str) -> str:
    return f"[unused {piece}]"  # No text matches a name with a space.


def _lower_casing(letters: set[str], *, decomposed: bool) -> list[dict[str, Any]]:
    """List the steps of a normalizer that lower-cases all letters that the vocabulary holds but the first of a word.

    Args:
        letters: The characters of the vocabulary.
        decomposed: Whether the letters are separated from their accents first.
    """
    steps: list[dict[str, Any]] = [{"type": "NFD"}] if decomposed else []
    capitals = _capitals()
    inside = []
    for letter, (small, is_capital) in _cased_letters().items():
        if not letters.issuperset(small) or (decomposed and unicodedata.normalize("NFD", letter) != letter):
            continue
        capital = capitals.get(small[0], "") if is_capital else small[0]
        if capital == letter:
            inside.append(_replace({"Regex": INSIDE + letter}, small))
        else:  # Such as the Kelvin sign, and the letters in circles, which are symbols.
            steps.append(_replace({"String": letter}, capital + small[1:]))
    return steps + inside


def _replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


@cache
def _capitals() -> dict[str, str]:
    """Return the capital of each small letter that has one. Of two, the first in Unicode is taken."""
    capitals: dict[str, str] = {}
    for letter, (small, is_capital) in _cased_letters().items():
        if is_capital and len(small) == 1:
            capitals.setdefault(small, letter)
    return capitals


@cache
def _cased_letters() -> dict[str, tuple[str, bool]]:
    """Return each character that is lower-cased, what becomes of it, and whether it is a capital letter (Lu).

    The tokenizers library is asked, because the versions of Python know different versions of Unicode.
    """
    from tokenizers import Regex
    from tokenizers.normalizers import Lowercase, Replace

    characters = [letter for letter in map(chr, LETTERS) if letter != "\n" and unicodedata.category(letter) != "Cs"]
    lines = "\n".join(characters)
    small = Lowercase().normalize_str(lines).split("\n")
    rest = Replace(Regex(r"\p{Lu}"), "").normalize_str(lines).split("\n")
    return {
        letter: (lower, not left)
        for letter, lower, left in zip(characters, small, rest, strict=True)
        if lower != letter
    }
