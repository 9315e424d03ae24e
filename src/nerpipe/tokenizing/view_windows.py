"""Windows of texts without labels, whose sub-words refer to what a teacher says of them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nerpipe.contracts.labels import IGNORED
from nerpipe.contracts.ledger import tally
from nerpipe.contracts.views import UNLABELLED, Taught, Views
from nerpipe.tokenizing.window_dataset import tokenize_split, word_beginnings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerFast


def tokenize_views(
    tokenizer: "PreTrainedTokenizerFast",
    views: Views,
    labels: Sequence[str],
    *,
    max_length: int,
    stride: int,
    continuation: Sequence[int] | None,
) -> tuple[Taught, dict[str, Any]]:
    """Split texts into windows of sub-words.

    Args:
        tokenizer: The tokenizer that `load_tokenizer` returns.
        views: The texts, and what the teacher says of their words.
        labels: The names of the labels, ordered by id.
        max_length: As in params.yaml.
        stride: As in params.yaml.
        continuation: As in `alignment.align_labels`. If it is given, the second and later sub-words of a word have the
            probabilities of their own labels: that of `B-X` is added to that of `I-X`. Sub-words of a word of which
            the teacher says nothing are not learnt.

    Returns:
        The windows, and one row for the report, as `tokenize_split` returns it. Its entities are the words whose most
        probable label is `B-X`.

    Raises:
        NerpipeError: If `tokenize_split` raises it.
    """
    import numpy as np
    import pyarrow as pa
    from datasets import Dataset

    starts = np.cumsum([0, *map(len, views.sentences)])
    likeliest = views.probabilities.argmax(axis=1)
    ids = [likeliest[start:end].tolist() for start, end in pairwise(starts)]
    data = Dataset.from_dict({"tokens": [[*words] for words in views.sentences], "ner_tags": ids}, split=UNLABELLED)
    windows, row = tokenize_split(
        tokenizer,
        data,
        labels,
        expected=tally([labels[index] for index in each] for each in ids),
        max_length=max_length,
        stride=stride,
        continuation=continuation,
    )
    table = windows.data.table.combine_chunks()
    lists = table["labels"].chunk(0) if table.num_rows else pa.array([], table.schema.field("labels").type)
    ends = lists.offsets.to_numpy()
    words = np.concatenate([*table["word_ids"].to_pylist(), []]).astype(np.int32)
    numbers = words + np.repeat(starts[table["sentence"].to_numpy()], np.diff(ends))
    numbers += np.where(word_beginnings(words, ends), 0, starts[-1])
    said = views.probabilities.sum(axis=1) > 0
    known = (lists.flatten().to_numpy() != IGNORED) & said[numbers % max(len(said), 1)]
    found = pa.array(np.where(known, len(labels) + numbers, IGNORED).astype(np.int32))
    place = table.column_names.index("labels")
    table = table.set_column(place, table.schema.field(place), pa.ListArray.from_arrays(lists.offsets, found))
    rows = views.probabilities
    if continuation is not None:
        rows = np.concatenate([rows, _continued(rows, continuation)])
    return Taught(Dataset(table), rows, views.outside_bias), row


def _continued(probabilities: "NDArray[np.float32]", continuation: Sequence[int]) -> "NDArray[np.float32]":
    """Return the probabilities of the labels of the second and later sub-words. Shape: (words, labels)."""
    import numpy as np

    found = np.zeros_like(probabilities)
    for label, follower in enumerate(continuation):
        found[:, follower] += probabilities[:, label]
    return found
