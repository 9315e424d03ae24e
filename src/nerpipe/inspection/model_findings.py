"""What can be found in a corpus with the tokenizer of the chosen model: lengths, and words that it cannot read."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nerpipe.contracts.terminal import number_of
from nerpipe.inspection.findings import Notice, SplitSentences
from nerpipe.tokenizing.subwords import UNREAD_SHARE, encode_words, special_tokens, unread_warning, unread_words

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

EXAMPLES_SHOWN = 5  # Words.


def model_findings(
    corpus: SplitSentences, tokenizer: "PreTrainedTokenizerFast", *, model: str, max_length: int
) -> Iterator[Notice]:
    """Yield the findings about lengths and about words that the model cannot read.

    Args:
        corpus: The sentences of each split.
        tokenizer: The tokenizer of the model.
        model: As in params.yaml.
        max_length: As in params.yaml.
    """
    backend = tokenizer.backend_tokenizer
    capacity = max_length - sum(map(len, special_tokens(backend)))
    lengths: list[int] = []
    words: Counter[str] = Counter()
    unread: Counter[str] = Counter()
    examples: Counter[str] = Counter()
    for split, sentences in corpus.items():
        encoded = encode_words(backend, (sentence.tokens for sentence in sentences))
        for sentence, (ids, _, sizes) in zip(sentences, encoded, strict=True):
            lengths.append(len(ids))
            words[split] += len(sizes)
            found = unread_words(ids, sizes, tokenizer.unk_token_id)
            unread[split] += len(found)
            examples.update(sentence.tokens[word] for word in found)
    yield _length_finding(sorted(lengths), capacity, max_length)
    shares = {split: unread[split] / max(words[split], 1) for split in corpus}
    bad = [split for split, share in shares.items() if share > UNREAD_SHARE]
    said = f"The model reads {unread.total():,} of {number_of(words.total(), 'word')} as nothing but [UNK]."
    if bad:
        some = sum(unread[split] for split in bad), sum(words[split] for split in bad)
        said = f"{unread_warning(*some, ', '.join(bad), model)}."
    most = [word for word, _ in examples.most_common(EXAMPLES_SHOWN)]
    if most:
        said += f" The most frequent of them: {' '.join(most)}"
    yield Notice("unread_words", bool(bad), said, {"words": dict(words), "unread": dict(unread), "examples": most})


def _length_finding(lengths: list[int], capacity: int, max_length: int) -> Notice:
    longer = sum(length > capacity for length in lengths)
    median, longest = lengths[len(lengths) // 2], lengths[-1]
    text = f"Half of the sentences have at most {number_of(median, 'sub-word')}, and the longest has {longest:,}."
    if longer:
        text += (
            f" {longer:,} of {len(lengths):,} do not fit into a window of max_length {max_length} and get several "
            "windows. No word is lost; a larger max_length in params.yaml shows the model more of such a sentence."
        )
    else:
        text += f" All fit into a window of max_length {max_length}."
    figures = {"median": median, "longest": longest, "longer_than_a_window": longer, "sentences": len(lengths)}
    return Notice("lengths", longer * 10 > len(lengths), text, figures)
