"""How large the values in a network become on sentences of the training split."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nerpipe.contracts.splits import load_splits
from nerpipe.prediction.exported_folder import load_decoding, load_fast_tokenizer
from nerpipe.prediction.finder import Finder

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_SIZE = 300  # Sentences that are run. They are spread evenly over the split.


class Range(NamedTuple):
    """The smallest and the largest value of each channel of a tensor. Shape of both: (channels,)."""

    low: "NDArray[np.float32]"
    high: "NDArray[np.float32]"


def sample_of(encoded: Path) -> list[list[str]]:
    """Read the sentences to run: at most SAMPLE_SIZE of the training split, evenly spread.

    Args:
        encoded: The folder with the data set of encode_labels.

    Returns:
        The words of each sentence.

    Raises:
        NerpipeError: If the data set cannot be read.
    """
    train = load_splits(encoded / "dataset", "tokens")["train"]
    chosen = min(len(train), SAMPLE_SIZE)
    return list(train.select([index * len(train) // chosen for index in range(chosen)])["tokens"])


def measure_ranges(
    folder: Path, source: Path, tensors: Sequence[str], sentences: Sequence[Sequence[str]]
) -> dict[str, Range]:
    """Run a network on sentences, and measure tensors in it.

    Args:
        folder: The exported folder, with tokenizer and decoding.json.
        source: The ONNX file of the network.
        tensors: The names of the tensors. The channels are their last axis.
        sentences: The words of each sentence.

    Returns:
        The range of each tensor, by its name. Padding is left out. Without a sentence, there is none.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # As in `backends`, before the import.
    import onnx
    import onnxruntime

    names = list(dict.fromkeys(tensors))
    # The weights of a large model lie in files beside the network. So its copy with more outputs lies there too.
    model = onnx.load(source, load_external_data=False)
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    copy = source.with_name("calibration.onnx")
    found: dict[str, Range] = {}
    try:
        onnx.save(model, copy)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # Only errors are logged.
        options.intra_op_num_threads = 1  # The last bits of the ranges do not depend on the number of cores.
        session = onnxruntime.InferenceSession(copy, options, providers=["CPUExecutionProvider"])
    finally:
        copy.unlink(missing_ok=True)

    def run(input_ids: "NDArray[np.int64]", attention_mask: "NDArray[np.int64]") -> "NDArray[np.float32]":
        """Run the network, and extend the ranges.

        Args:
            input_ids: The ids of the sub-words. Shape: (windows, sub-words).
            attention_mask: 1 for sub-words, 0 for padding. Shape: (windows, sub-words).

        Returns:
            The logits. Shape: (windows, sub-words, labels).
        """
        fed = {"input_ids": input_ids, "attention_mask": attention_mask}
        logits, *values = session.run(["logits", *names], fed)
        for name, value in zip(names, values, strict=True):
            # A table of positions has neither windows nor padding.
            inside = value.shape[:2] == attention_mask.shape
            rows = value[attention_mask == 1] if inside else value.reshape(-1, value.shape[-1])
            low, high = rows.min(axis=0), rows.max(axis=0)
            before = found.get(name, Range(low, high))
            found[name] = Range(np.minimum(before.low, low), np.maximum(before.high, high))
        outputs: NDArray[np.float32] = logits
        return outputs

    Finder(load_decoding(folder), load_fast_tokenizer(folder), run).tag(sentences)
    return found
