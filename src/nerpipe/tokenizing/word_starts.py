"""Marks of word starts: words that are given apart must be split as the same words in a text.

Byte-level tokenizers (RoBERTa, GPT-2, Llama 3) and those of the SentencePiece family mark the space before a word. Some
of them put no mark at the beginning of a text. The model has then learnt that a word without a mark goes on with the
word before, and all words of a sentence that are given apart would look like that.
"""

from typing import TYPE_CHECKING, Any

from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

# Words of a test. The first stands at the beginning of the text, where tokenizers differ, and is not compared.
PROBE = ("ab", "cd", "Ef", "g-h", "i'j", "(k", "10")


def check_word_starts(spec: str, tokenizer: "PreTrainedTokenizerFast") -> "PreTrainedTokenizerFast":
    """Return a tokenizer that splits words as in a text, or the tokenizer itself if it does so already.

    Args:
        spec: The value of `model` in params.yaml.
        tokenizer: A tokenizer that neither cuts nor pads.

    Raises:
        NerpipeError: If the tokenizer cannot tell the word of each sub-word, or splits words in another way when they
            are given apart and cannot be mended.
    """
    backend = tokenizer.backend_tokenizer
    numbers = backend.encode(list(PROBE), is_pretokenized=True, add_special_tokens=False).word_ids
    if sorted(set(numbers), key=str) != list(range(len(PROBE))):
        raise NerpipeError(
            f"[params.yaml -> model] {spec}: for a test of {len(PROBE)} words, its tokenizer says that the sub-words "
            f"belong to the words {numbers}, so labels cannot be aligned. Choose a model with another tokenizer"
        )
    wanted = _in_text(backend)
    if _apart(backend) == wanted:
        return tokenizer
    for mend in (_with_prefix_space, _with_space_before):
        mended = mend(backend)
        if mended is not None and _apart(mended) == wanted:
            return rebuilt(tokenizer, mended)
    raise NerpipeError(
        f"[params.yaml -> model] {spec}: its tokenizer splits words that are given apart into {_apart(backend)}, but "
        f"the same words in a text into {wanted}, so the model would not know them again. Choose a model with another "
        "tokenizer"
    )


def rebuilt(tokenizer: "PreTrainedTokenizerFast", backend: "Tokenizer") -> "PreTrainedTokenizerFast":
    """Return a tokenizer with a changed backend and the special tokens and lengths of the given one.

    The tokenizer classes of single architectures build their own backend when they are loaded, so none is used here.
    """
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=tokenizer.model_max_length,
        model_input_names=tokenizer.model_input_names,
        padding_side=tokenizer.padding_side,
        **tokenizer.special_tokens_map,
    )


def _apart(backend: "Tokenizer") -> list[str]:
    """Split the words of the test, given apart. The first is left out."""
    tokens = backend.encode(list(PROBE), is_pretokenized=True, add_special_tokens=False).tokens
    first = backend.encode([PROBE[0]], is_pretokenized=True, add_special_tokens=False).tokens
    return list(tokens[len(first) :])


def _in_text(backend: "Tokenizer") -> list[str]:
    """Split the words of the test in a text. The first is left out."""
    tokens = backend.encode(" ".join(PROBE), add_special_tokens=False).tokens
    first = backend.encode(PROBE[0], add_special_tokens=False).tokens
    return list(tokens[len(first) :])


def _with_prefix_space(backend: "Tokenizer") -> "Tokenizer | None":
    """Let a byte-level pre-tokenizer put a space before every word, as RoBERTa's own option does."""
    from tokenizers.pre_tokenizers import ByteLevel

    if not isinstance(backend.pre_tokenizer, ByteLevel):
        return None
    copy = _copy(backend)
    pre_tokenizer: Any = copy.pre_tokenizer
    pre_tokenizer.add_prefix_space = True
    return copy


def _with_space_before(backend: "Tokenizer") -> "Tokenizer":
    """Put a space before every word, from which the tokenizer then makes its own mark."""
    from tokenizers.normalizers import Prepend, Sequence

    copy = _copy(backend)
    space = Prepend(" ")
    copy.normalizer = space if copy.normalizer is None else Sequence([space, copy.normalizer])
    return copy


def _copy(backend: "Tokenizer") -> "Tokenizer":
    from tokenizers import Tokenizer

    return Tokenizer.from_str(backend.to_str())
