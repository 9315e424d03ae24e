"""Loading of a model's tokenizer, with checks that labels can be aligned and that windows fit the model."""

from typing import TYPE_CHECKING

from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.capitals import keep_capitals, loses_capitals
from nerpipe.tokenizing.model_source import explained_loading, resolve_model
from nerpipe.tokenizing.word_starts import check_word_starts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Architectures that number positions from padding_idx + 1. No other code depends on the name of an architecture.
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
    """Load a model's tokenizer for sentences that are already split into words.

    Some tokenizer.json files ask for truncation and padding. Both are switched off, so that no sub-word is dropped
    without notice.

    Args:
        spec: The value of `model` in params.yaml.
        capitals: The value of `capitals` in params.yaml.

    Raises:
        NerpipeError: If the model cannot be found or loaded, or its tokenizer has no padding token, cannot tell the
            word of each sub-word, or splits words that are given apart in another way than in a text.
    """
    source = resolve_model(spec)
    from transformers import AutoTokenizer

    with explained_loading(spec):
        tokenizer = AutoTokenizer.from_pretrained(source.location, revision=source.revision, trust_remote_code=False)
    if not getattr(tokenizer, "is_fast", False):
        raise NerpipeError(
            f"[params.yaml -> model] {spec}: its tokenizer ({type(tokenizer).__name__}) is not a fast one, so it "
            "cannot tell the word of a sub-word. Choose a model whose folder holds a tokenizer.json"
        )
    if tokenizer.pad_token_id is None:
        raise NerpipeError(
            f"[params.yaml -> model] {spec}: its tokenizer has no padding token, so sentences cannot be batched. "
            "Choose an encoder such as BERT, RoBERTa or DeBERTa, or a copy of the model with a padding token"
        )
    if capitals == "kept" and loses_capitals(tokenizer):
        tokenizer = keep_capitals(tokenizer)
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    return check_word_starts(spec, tokenizer)


def check_max_length(spec: str, tokenizer: "PreTrainedTokenizerFast", max_length: int) -> None:
    """Check that the model can take windows of `max_length` sub-words, special tokens included.

    Raises:
        NerpipeError: If `max_length` is above the limit of the model, or the model's configuration cannot be loaded.
    """
    source = resolve_model(spec)
    from transformers import AutoConfig

    with explained_loading(spec):
        config = AutoConfig.from_pretrained(source.location, revision=source.revision, trust_remote_code=False)
    limits = [int(tokenizer.model_max_length)]
    positions = getattr(config, "max_position_embeddings", None) or 0
    if positions > 0:
        shift = (config.pad_token_id or 0) + 1 if config.model_type in POSITIONS_AFTER_PADDING else 0
        limits.append(int(positions) - shift)
    if max_length > min(limits):
        raise NerpipeError(
            f"[params.yaml -> max_length] {max_length} is more than the {min(limits)} sub-words that {spec} can take. "
            "Choose a smaller value; longer sentences are split into windows, so no word is lost"
        )
