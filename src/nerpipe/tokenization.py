"""From words to windows of sub-words, with nothing lost: every word is predicted in exactly one window, or counted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, count
from typing import TYPE_CHECKING, Any, NamedTuple

from nerpipe.align import NO_WORD, align_labels, plan_windows
from nerpipe.casing import keep_capitals, loses_capitals
from nerpipe.errors import NerpipeError
from nerpipe.ledger import check_joint
from nerpipe.models import explained_loading, resolve_model
from nerpipe.records import Tally
from nerpipe.windows import Windows

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast

BATCH = 1000  # sentences handed to the tokenizer at a time
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


class Special(NamedTuple):
    """The special tokens' ids that stand before and after every window."""

    before: list[int]
    after: list[int]


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


def special_tokens(tokenizer: "PreTrainedTokenizerFast") -> Special:
    """Read off the special tokens that this tokenizer puts round a single sequence."""
    encoding = tokenizer.backend_tokenizer.encode(["a"], is_pretokenized=True, add_special_tokens=True)
    mask = encoding.special_tokens_mask
    first = mask.index(0)
    last = len(mask) - mask[::-1].index(0)
    return Special(encoding.ids[:first], encoding.ids[last:])


def tokenize_split(
    tokenizer: "PreTrainedTokenizerFast",
    data: "Dataset",
    labels: Sequence[str],
    *,
    expected: Tally,
    max_length: int,
    stride: int,
    continuation: Sequence[int] | None,
) -> "tuple[Dataset, dict[str, Any]]":
    """Tokenize sentences of words into windows.

    A word that gives no sub-word at all is in no window; a word longer than a window keeps its first sub-words. Both
    are counted.

    Args:
        tokenizer: from `load_tokenizer`.
        data: columns `tokens` and `ner_tags`, a row a sentence.
        labels: label names by id.
        expected: what the stage before counted.
        max_length: sub-words a window holds, special tokens included.
        stride: the most sub-words that neighbouring windows share.
        continuation: as in `align.align_labels`.

    Returns:
        The windows, and a row for the report: split, sentences, tokens, entities, subwords, windows,
        sentences_windowed, words_without_subword, words_cut.

    Raises:
        NerpipeError: if the special tokens and the stride leave no room for a word, or a count does not meet.
    """
    special = special_tokens(tokenizer)
    capacity = max_length - len(special.before) - len(special.after)
    if capacity < 1 or stride >= capacity:
        raise NerpipeError(
            f"[params.yaml -> max_length, stride] windows of max_length {max_length} hold {capacity} sub-words "
            f"beside this tokenizer's special tokens, so a stride of {stride} leaves no room to move on; expected a "
            f"stride below {max(capacity, 1)}, or a larger max_length"
        )
    windows = Windows()
    counts: Counter[str] = Counter()
    lost: list[int] = []  # labels of words that no window holds
    before, after = special
    tags = data["ner_tags"][:]
    for sentence, (ids, words) in enumerate(_encode(tokenizer, data["tokens"][:])):
        sizes = _sizes(words, len(tags[sentence]))
        if max(sizes) > capacity:
            counts["words_cut"] += sum(size > capacity for size in sizes)
            ids, words, sizes = _cut(ids, words, sizes, capacity)  # noqa: PLW2901 - the same sentence, cut to size
        lost += [label for label, size in zip(tags[sentence], sizes, strict=True) if not size]
        if not ids:
            continue
        plan = plan_windows(sizes, capacity, stride)
        offsets = list(accumulate(sizes, initial=0))
        counts["sentences_windowed"] += len(plan) > 1
        for start, end, own_start, own_end in plan:
            first, last = offsets[start], offsets[end]
            inside = [NO_WORD] * len(before) + words[first:last] + [NO_WORD] * len(after)
            window_labels = align_labels(inside, tags[sentence], continuation, (own_start, own_end))
            windows.add(sentence, before + ids[first:last] + after, window_labels, inside)
        counts["subwords"] += len(ids)
    owned = [*windows.owned_labels(), *lost]
    found = Tally(len(tags), len(owned), sum(labels[label][0] == "B" for label in owned))
    check_joint(f"encode_labels -> tokenize_align, split {data.split}", expected, found)
    report = {name: counts[name] for name in ("subwords", "sentences_windowed", "words_cut")}
    report |= {"windows": len(windows.sentence), "words_without_subword": len(lost)}
    return windows.to_dataset(), {"split": str(data.split), **found._asdict(), **report}


def _encode(
    tokenizer: "PreTrainedTokenizerFast", tokens: Sequence[Sequence[str]]
) -> Iterator[tuple[list[int], list[int]]]:
    """Yield for each sentence its sub-words' ids and the word each belongs to."""
    backend = tokenizer.backend_tokenizer
    for start in range(0, len(tokens), BATCH):
        batch = [list(words) for words in tokens[start : start + BATCH]]
        for encoding in backend.encode_batch(batch, is_pretokenized=True, add_special_tokens=False):
            yield encoding.ids, encoding.word_ids


def _sizes(words: Sequence[int], count: int) -> list[int]:
    """Count each word's sub-words."""
    sizes = [0] * count
    for word in words:
        sizes[word] += 1
    return sizes


def _cut(ids: list[int], words: list[int], sizes: list[int], capacity: int) -> tuple[list[int], list[int], list[int]]:
    """Keep the first `capacity` sub-words of each word, so that a window can hold it."""
    kept: list[int] = []
    for start, size in zip(accumulate(sizes, initial=0), sizes, strict=False):
        kept.extend(range(start, start + min(size, capacity)))
    return [ids[i] for i in kept], [words[i] for i in kept], [min(size, capacity) for size in sizes]
