"""The table of windows that tokenize_align builds."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nerpipe.contracts.labels import IGNORED

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset
    from numpy.typing import NDArray


@dataclass
class Windows:
    """Columns of windows under construction, flat, so that 100,000 sentences cost no million small lists."""

    input_ids: "array[int]" = field(default_factory=lambda: array("i"))
    labels: "array[int]" = field(default_factory=lambda: array("i"))
    word_ids: "array[int]" = field(default_factory=lambda: array("i"))
    ends: "array[int]" = field(default_factory=lambda: array("q", [0]))
    sentence: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, sentence: int, input_ids: Sequence[int], labels: Sequence[int], word_ids: Sequence[int]) -> None:
        """Append one window; the three sequences are equally long."""
        self.input_ids.extend(input_ids)
        self.labels.extend(labels)
        self.word_ids.extend(word_ids)
        self.ends.append(len(self.input_ids))
        self.sentence.append(sentence)

    def owned_labels(self) -> "NDArray[np.int32]":
        """Return the label of each owned word, once: where a labelled sub-word is the first of its word."""
        import numpy as np

        labels, words = np.array(self.labels), np.array(self.word_ids)
        first = np.ones(len(words), dtype=bool)
        first[1:] = words[1:] != words[:-1]
        owned: NDArray[np.int32] = labels[first & (labels != IGNORED)]
        return owned

    def to_dataset(self) -> "Dataset":
        """Build the Dataset: input_ids, attention_mask, labels, word_ids (lists of equal length) and sentence."""
        import pyarrow as pa
        from datasets import Dataset, Features, List, Value

        def lists(values: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
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
