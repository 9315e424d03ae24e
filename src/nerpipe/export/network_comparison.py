"""Whether the ONNX networks of an exported folder predict what its PyTorch model predicts, on dev."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nerpipe.contracts.conll import read_rows
from nerpipe.errors import NerpipeError
from nerpipe.prediction.backends import load_network
from nerpipe.prediction.exported_folder import load_decoding, load_fast_tokenizer
from nerpipe.prediction.predictor import Finder
from nerpipe.scoring.scores import score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nerpipe.inference.word_scores import Network

LOGIT_TOLERANCE = 1e-3  # of a logit of the fp32 network


class NetworkComparison(NamedTuple):
    """How an ONNX network does on dev; all but the last two are fractions, 0 to 1."""

    precision: str
    dev_f1: float
    f1_drop: float  # PyTorch's F1 minus this one
    span_agreement: float  # F1 of its entities with PyTorch's as gold
    largest_difference: float  # of any logit of a sub-word
    exported: bool


def compare_networks(
    folder: Path, predictions: Path, precisions: Sequence[str], *, threads: int, int8_max_f1_drop: float
) -> list[NetworkComparison]:
    """Predict dev with PyTorch and with each ONNX network, the way a user's program does.

    Args:
        folder: the exported folder.
        predictions: the evaluate stage's file for dev: its words and gold tags are used.
        precisions: which networks are there.
        threads: processor threads.
        int8_max_f1_drop: the most that int8 may lose to be kept.

    Raises:
        NerpipeError: if the fp32 network differs in any entity, or in any logit by more than LOGIT_TOLERANCE.
    """
    rows = list(read_rows(predictions, width=4))
    words = [[row[0] for row in sentence] for sentence in rows]
    gold = [[row[1] for row in sentence] for sentence in rows]
    decoding, tokenizer = load_decoding(folder), load_fast_tokenizer(folder)
    reference = load_network(folder, backend="torch", precision="fp32", threads=threads)
    tags = [row.tags for row in Finder(decoding, tokenizer, reference).tag(words)]
    f1 = score(gold, tags).readings["conlleval"].f1
    found = []
    for precision in precisions:
        network = load_network(folder, backend="onnx", precision=precision, threads=threads)
        differences: list[float] = []
        both = partial(_both, network, reference, differences)
        own = [row.tags for row in Finder(decoding, tokenizer, both).tag(words)]
        own_f1 = score(gold, own).readings["conlleval"].f1
        agreement = 1.0 if own == tags else score(tags, own).readings["conlleval"].f1
        largest = max(differences, default=0.0)
        kept = precision == "fp32" or f1 - own_f1 <= int8_max_f1_drop
        found.append(NetworkComparison(precision, own_f1, f1 - own_f1, agreement, largest, kept))
        if precision == "fp32":
            _refuse_difference(words, tags, own, largest)
    return found


def _both(
    network: "Network",
    reference: "Network",
    differences: list[float],
    input_ids: "NDArray[np.int64]",
    attention_mask: "NDArray[np.int64]",
) -> "NDArray[np.float32]":
    """Run both networks, note the largest difference where there is no padding, and go on with the first."""
    logits = network(input_ids, attention_mask)
    apart = np.abs(logits - reference(input_ids, attention_mask))[attention_mask == 1]
    differences.append(float(apart.max()))
    return logits


def _refuse_difference(
    words: Sequence[Sequence[str]], tags: Sequence[Sequence[str]], own: Sequence[Sequence[str]], largest: float
) -> None:
    for number, (sentence, before, now) in enumerate(zip(words, tags, own, strict=True), start=1):
        if before != now:
            place = next(index for index, pair in enumerate(zip(before, now, strict=True)) if pair[0] != pair[1])
            raise NerpipeError(
                f"the ONNX model does not predict what the PyTorch one does: in dev sentence {number}, word "
                f"{sentence[place]!r} is {before[place]} there and {now[place]} in ONNX (largest difference of a logit "
                f"{largest:.2g}). If the difference is below {LOGIT_TOLERANCE}, the two labels are a tie: another seed "
                "has none; otherwise it is a bug in this pipeline"
            )
    if largest > LOGIT_TOLERANCE:
        raise NerpipeError(
            f"the logits of the ONNX model differ from PyTorch's by up to {largest:.2g}, more than {LOGIT_TOLERANCE}: "
            "report it as a bug in this pipeline, with the model"
        )


def comparison_rows(comparisons: Sequence[NetworkComparison]) -> list[dict[str, Any]]:
    """Give metrics/export.json."""
    return [comparison._asdict() for comparison in comparisons]


def network_in_words(comparison: NetworkComparison, limit: float) -> str:
    """Say how a network does, and why it is left out if it is."""
    said = (
        f"F1 {100 * comparison.dev_f1:.2f} on dev, {100 * comparison.f1_drop:+.2f} lost, "
        f"{comparison.span_agreement:.2%} of the entities agree with PyTorch"
    )
    return said if comparison.exported else f"left out, it loses more than int8_max_f1_drop, {100 * limit:g}: {said}"
