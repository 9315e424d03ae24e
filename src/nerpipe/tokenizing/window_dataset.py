"""A split as a dataset of windows. Exactly one window owns each word; words that are in no window are counted."""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nerpipe.contracts.labels import IGNORED
from nerpipe.contracts.ledger import Tally, check_joint
from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.alignment import align_labels
from nerpipe.tokenizing.subwords import cut_sentence, encode_words, special_tokens, unread_words

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerFast


@dataclass
class Windows:
    """The columns of the dataset while it is built.

    The columns are flat arrays, because one small list for each window of 100,000 sentences would need much memory.
    """

    input_ids: "array[int]" = field(default_factory=lambda: array("i"))  # Shape: (sub-words of all windows,).
    labels: "array[int]" = field(default_factory=lambda: array("i"))  # Shape: (sub-words of all windows,).
    word_ids: "array[int]" = field(default_factory=lambda: array("i"))  # Shape: (sub-words of all windows,).
    # The place in input_ids where each window ends, after a first 0. Shape: (windows + 1,).
    ends: "array[int]" = field(default_factory=lambda: array("q", [0]))
    # The number of the sentence that each window is from. Shape: (windows,).
    sentence: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, sentence: int, input_ids: Sequence[int], labels: Sequence[int], word_ids: Sequence[int]) -> None:
        """Append one window. The three sequences have the same length."""
        self.input_ids.extend(input_ids)
        self.labels.extend(labels)
        self.word_ids.extend(word_ids)
        self.ends.append(len(self.input_ids))
        self.sentence.append(sentence)

    def owned_labels(self) -> "NDArray[np.int32]":
        """Return the label of each word that a window owns. Each word counts once, by its first sub-word.

        Shape: (words,).
        """
        import numpy as np

        labels, words = np.array(self.labels), np.array(self.word_ids)
        owned: NDArray[np.int32] = labels[word_beginnings(words, np.array(self.ends)) & (labels != IGNORED)]
        return owned

    def to_dataset(self) -> "Dataset":
        """Build the Dataset with one row for each window.

        Its columns are input_ids, attention_mask, labels and word_ids, which are lists of equal length, and sentence.
        """
        import pyarrow as pa
        from datasets import Dataset, Features, List, Value

        def lists(values: Any) -> Any:  # noqa: ANN401 - pyarrow has no type annotations
            return pa.LargeListArray.from_arrays(pa.array(self.ends, pa.int64()), values).cast(pa.list_(values.type))

        columns = {
            "input_ids": lists(pa.array(memoryview(self.input_ids), pa.int32())),
            "attention_mask": lists(pa.array(memoryview(b"\x01" * len(self.input_ids)), pa.int8())),
            "labels": lists(pa.array(memoryview(self.labels), pa.int32())),
            "word_ids": lists(pa.array(memoryview(self.word_ids), pa.int32())),
            "sentence": pa.array(memoryview(self.sentence), pa.int32()),
        }
        kinds = {"input_ids": "int32", "attention_mask": "int8", "labels": "int32", "word_ids": "int32"}
        features = Features({**{name: List(Value(kind)) for name, kind in kinds.items()}, "sentence": Value("int32")})
        return Dataset(pa.table(columns, schema=features.arrow_schema))


def word_beginnings(word_ids: "NDArray[np.int32]", ends: "NDArray[np.int64]") -> "NDArray[np.bool_]":
    """Find the first sub-word of each word in each window. Special tokens need not stand between two windows.

    Args:
        word_ids: The word of each sub-word of all windows. Shape: (sub-words,).
        ends: The place where each window ends, after a first 0. Shape: (windows + 1,).

    Returns:
        Whether a sub-word is the first one of its word. Shape: (sub-words,).
    """
    import numpy as np

    first = np.ones(len(word_ids), dtype=bool)
    first[1:] = word_ids[1:] != word_ids[:-1]
    first[ends[ends < len(word_ids)]] = True
    return first


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
    """Split the sentences of one split into windows of sub-words.

    A word without any sub-word is in no window. A word with more sub-words than a window holds keeps only the first
    ones. Both kinds of words are counted.

    Args:
        tokenizer: The tokenizer that `load_tokenizer` returns.
        data: A dataset with the columns `tokens` and `ner_tags`, one row for each sentence.
        labels: The names of the labels, ordered by id.
        expected: The counts of the stage before this one.
        max_length: The number of sub-words that a window holds, special tokens included.
        stride: The largest number of sub-words that neighbouring windows share.
        continuation: As in `alignment.align_labels`.

    Returns:
        The windows, and one row for the report with the keys split, sentences, tokens, entities, subwords, windows,
        sentences_windowed, words_without_subword, words_unread (nothing but `[UNK]`) and words_cut.

    Raises:
        NerpipeError: If windows of this length hold too few sub-words for the special tokens and the stride, or if the
            counts differ from the expected ones.
    """
    backend = tokenizer.backend_tokenizer
    special = special_tokens(backend)
    capacity = max_length - len(special.before) - len(special.after)
    if capacity < 1 or stride >= capacity:
        raise NerpipeError(
            f"[params.yaml -> max_length, stride] windows of max_length {max_length} hold {capacity} sub-words "
            f"beside this tokenizer's special tokens, too few for a stride of {stride}; expected a stride below "
            f"{max(capacity, 1)}, or a larger max_length"
        )
    windows = Windows()
    counts: Counter[str] = Counter()
    lost: list[int] = []  # Labels of the words that are in no window.
    tags = data["ner_tags"][:]
    for sentence, (ids, words, sizes) in enumerate(encode_words(backend, data["tokens"][:])):
        counts["words_cut"] += sum(size > capacity for size in sizes)
        counts["words_unread"] += len(unread_words(ids, sizes, tokenizer.unk_token_id))
        lost += [label for label, size in zip(tags[sentence], sizes, strict=True) if not size]
        pieces = cut_sentence(ids, words, sizes, special, capacity=capacity, stride=stride)
        counts["sentences_windowed"] += len(pieces) > 1
        counts["subwords"] += sum(min(size, capacity) for size in sizes)
        for piece in pieces:
            window_labels = align_labels(piece.word_ids, tags[sentence], continuation, piece.own)
            windows.add(sentence, piece.input_ids, window_labels, piece.word_ids)
    owned = [*windows.owned_labels(), *lost]
    found = Tally(len(tags), len(owned), sum(labels[label][0] == "B" for label in owned))
    check_joint(f"encode_labels -> tokenize_align, split {data.split}", expected, found)
    report = {name: counts[name] for name in ("subwords", "sentences_windowed", "words_unread", "words_cut")}
    report |= {"windows": len(windows.sentence), "words_without_subword": len(lost)}
    return windows.to_dataset(), {"split": str(data.split), **found._asdict(), **report}
