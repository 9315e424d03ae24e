"""From words to windows of sub-words, with nothing lost: every word is predicted in exactly one window, or counted."""

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.capitals import keep_capitals, loses_capitals
from nerpipe.tokenizing.model_source import explained_loading, resolve_model

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# The only place that knows architectures by name: these count positions from padding_idx + 1.
POSITIONS_AFTER_PADDING = {
    "roberta",
    "xlm-roberta",
    "xlm-roberta-xl",
    "camembert",
    "longformer",
    "mpnet",
    "data2vec-text",
    "ibert",
}


def load_tokenizer(spec: str, *, capitals: str) -> "PreTrainedTokenizerFast":
    """Load a model's tokenizer, ready for words that are already split.

    The truncation and padding that some tokenizer.json files carry are switched off, so that nothing is cut in silence.

    Args:
        spec: `model` of params.yaml.
        capitals: `capitals` of params.yaml.

    Raises:
        NerpipeError: if the model is not there, or its tokenizer cannot tell which word each sub-word came from.
    """
    source = resolve_model(spec)
    from transformers import AutoTokenizer

    with explained_loading(spec):
        tokenizer = AutoTokenizer.from_pretrained(source.location, revision=source.revision)
    if not getattr(tokenizer, "is_fast", False):
        raise NerpipeError(
            f"[params.yaml -> model] {spec}: its tokenizer ({type(tokenizer).__name__}) is not a fast one, so it "
            "cannot say which word a sub-word came from. Choose a model whose folder holds a tokenizer.json"
        )
    if tokenizer.pad_token_id is None:
        raise NerpipeError(
            f"[params.yaml -> model] {spec}: its tokenizer has no padding token, so sentences cannot be batched. "
            "Choose an encoder (BERT, RoBERTa, DeBERTa and the like), or a copy of the model whose tokenizer has one"
        )
    if capitals == "kept" and loses_capitals(tokenizer):
        tokenizer = keep_capitals(tokenizer)
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    _mark_word_starts(tokenizer.backend_tokenizer.pre_tokenizer)
    probe = tokenizer.backend_tokenizer.encode(
        ["ab", "cd", "ef"], is_pretokenized=True, add_special_tokens=False
    ).word_ids
    if sorted(set(probe), key=str) != [0, 1, 2]:
        raise NerpipeError(
            f"[params.yaml -> model] {spec}: its tokenizer says that the sub-words of three words belong to the "
            f"words {probe}, so labels cannot be aligned. Choose a model with another tokenizer"
        )
    return tokenizer


def _mark_word_starts(pre_tokenizer: Any) -> None:  # noqa: ANN401 - tokenizers types its parts loosely
    """Have byte-level tokenizers (RoBERTa's, GPT-2's) put a space before every word, as in their training text."""
    from tokenizers.pre_tokenizers import ByteLevel, Sequence

    if isinstance(pre_tokenizer, Sequence):
        with suppress(IndexError):  # a Sequence of pre-tokenizers has no length
            for index in count():
                _mark_word_starts(pre_tokenizer[index])
    elif isinstance(pre_tokenizer, ByteLevel):
        pre_tokenizer.add_prefix_space = True


def check_max_length(spec: str, tokenizer: "PreTrainedTokenizerFast", max_length: int) -> None:
    """Compare `max_length` with what the model can take, special tokens included.

    Raises:
        NerpipeError: if it is more, or the model's configuration cannot be loaded.
    """
    source = resolve_model(spec)
    from transformers import AutoConfig

    with explained_loading(spec):
        config = AutoConfig.from_pretrained(source.location, revision=source.revision)
    limits = [int(tokenizer.model_max_length)]
    positions = getattr(config, "max_position_embeddings", None) or 0
    if positions > 0:
        shift = (config.pad_token_id or 0) + 1 if config.model_type in POSITIONS_AFTER_PADDING else 0
        limits.append(int(positions) - shift)
    if max_length > min(limits):
        raise NerpipeError(
            f"[params.yaml -> max_length] {max_length} is more than the {min(limits)} sub-words that {spec} was "
            "built for; longer sentences are windowed, so nothing is lost by a smaller value"
        )
