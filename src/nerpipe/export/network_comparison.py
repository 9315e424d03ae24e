"""Comparison of the ONNX networks of an exported folder with its PyTorch model on dev."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nerpipe.contracts.conll import read_rows
from nerpipe.errors import NerpipeError
from nerpipe.export.ties import LOGIT_TOLERANCE, allowed_ties, ties_in_words
from nerpipe.prediction.backends import load_network
from nerpipe.prediction.exported_folder import load_decoding, load_fast_tokenizer
from nerpipe.prediction.finder import Finder
from nerpipe.scoring.scores import score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nerpipe.inference.word_scores import Network

LEAST_AGREEMENT = 0.95  # Smallest agreement of entities with which the int8 network is kept.


class NetworkComparison(NamedTuple):
    """The comparison of an ONNX network with PyTorch on dev. F1 and differences of F1 are fractions, not points."""

    precision: str  # "fp32" or "int8"
    dev_f1: float
    f1_drop: float  # F1 of PyTorch minus F1 of this network.
    span_agreement: float  # F1 of this network's entities, with those of PyTorch as gold.
    largest_difference: float  # Largest difference of any logit of a sub-word.
    exported: bool  # Whether the file stays in the exported folder.
    ties: int  # Sentences with other tags than in PyTorch, if no logit differs by more than LOGIT_TOLERANCE.


def compare_networks(
    folder: Path, predictions: Path, precisions: Sequence[str], *, threads: int, device: str, int8_max_f1_drop: float
) -> list[NetworkComparison]:
    """Predict dev with PyTorch and with each ONNX network, in the same way as a user's program.

    Args:
        folder: The exported folder.
        predictions: The predictions file of the stage evaluate for dev. Its words and gold tags are used.
        precisions: The precisions of the ONNX networks in the folder.
        threads: The number of processor threads.
        device: The device of the PyTorch model: cuda, mps or cpu. The ONNX networks run on the processor.
        int8_max_f1_drop: The largest loss of F1, as a fraction, with which the int8 network is kept. It must also agree
            with PyTorch on LEAST_AGREEMENT of the entities.

    Returns:
        One comparison for each precision.

    Raises:
        NerpipeError: If any logit of the fp32 network differs by more than LOGIT_TOLERANCE, or the tags of more
            sentences differ than may be ties.
    """
    rows = list(read_rows(predictions, width=4))
    words = [[row[0] for row in sentence] for sentence in rows]
    gold = [[row[1] for row in sentence] for sentence in rows]
    decoding, tokenizer = load_decoding(folder), load_fast_tokenizer(folder)
    reference = load_network(folder, backend="torch", precision="fp32", threads=threads, device=device)
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
        kept = precision == "fp32" or (f1 - own_f1 <= int8_max_f1_drop and agreement >= LEAST_AGREEMENT)
        differing = [number for number, pair in enumerate(zip(tags, own, strict=True)) if pair[0] != pair[1]]
        ties = len(differing) if largest <= LOGIT_TOLERANCE else 0
        found.append(NetworkComparison(precision, own_f1, f1 - own_f1, agreement, largest, kept, ties))
        if precision == "fp32":
            _refuse_difference(words, tags, own, differing, largest)
    return found


def _both(
    network: "Network",
    reference: "Network",
    differences: list[float],
    input_ids: "NDArray[np.int64]",
    attention_mask: "NDArray[np.int64]",
) -> "NDArray[np.float32]":
    """Run both networks and append their largest difference outside of the padding to `differences`.

    Args:
        network: The ONNX network.
        reference: The PyTorch model.
        differences: The list to extend.
        input_ids: The ids of the sub-words. Shape: (windows, sub-words).
        attention_mask: 1 for sub-words, 0 for padding. Shape: (windows, sub-words).

    Returns:
        The logits of `network`. Shape: (windows, sub-words, labels).
    """
    logits = network(input_ids, attention_mask)
    apart = np.abs(logits - reference(input_ids, attention_mask))[attention_mask == 1]
    differences.append(float(apart.max()))
    return logits


def _refuse_difference(
    words: Sequence[Sequence[str]],
    tags: Sequence[Sequence[str]],
    own: Sequence[Sequence[str]],
    differing: Sequence[int],
    largest: float,
) -> None:
    allowed = allowed_ties(len(words))
    if differing and (largest > LOGIT_TOLERANCE or len(differing) > allowed):
        number = differing[0]
        before, now = tags[number], own[number]
        place = next(index for index, pair in enumerate(zip(before, now, strict=True)) if pair[0] != pair[1])
        raise NerpipeError(
            f"the ONNX model does not predict the same as the PyTorch model: in dev sentence {number + 1}, the tag of "
            f"word {words[number][place]!r} is {before[place]} in PyTorch and {now[place]} in ONNX (the largest "
            f"difference of a logit is {largest:.2g}; {len(differing)} of {len(words)} sentences differ). If this "
            f"difference is at most {LOGIT_TOLERANCE}, the two labels are equally probable, which is allowed in "
            f"{allowed} of the sentences: train with another seed; otherwise it is a bug in this pipeline"
        )
    if largest > LOGIT_TOLERANCE:
        raise NerpipeError(
            f"the logits of the ONNX model differ from those of PyTorch by up to {largest:.2g}; at most "
            f"{LOGIT_TOLERANCE} is allowed. Report it as a bug in this pipeline, and name the model"
        )


def comparison_rows(comparisons: Sequence[NetworkComparison], ties_of_folder: int) -> list[dict[str, Any]]:
    """List the rows of metrics/export.json.

    Args:
        comparisons: The comparisons of the networks with PyTorch.
        ties_of_folder: The ties between the exported and the trained model, both in PyTorch.
    """
    return [comparison._asdict() | {"ties_of_folder": ties_of_folder} for comparison in comparisons]


def network_in_words(comparison: NetworkComparison, limit: float) -> str:
    """Describe the result of a network in points, and say whether it is left out.

    Args:
        comparison: The comparison of the network with PyTorch.
        limit: The param `int8_max_f1_drop`, a fraction.
    """
    said = (
        f"F1 {100 * comparison.dev_f1:.2f} on dev, {drop_in_words(100 * comparison.f1_drop, 2)}, "
        f"agreement with the entities of PyTorch {comparison.span_agreement:.2%}{ties_in_words(comparison.ties)}"
    )
    if comparison.exported:
        return said
    if comparison.f1_drop > limit or comparison.span_agreement >= LEAST_AGREEMENT:
        return f"left out, because it loses more F1 than int8_max_f1_drop allows ({100 * limit:g} points): {said}"
    return f"left out, because it agrees with PyTorch on less than {LEAST_AGREEMENT:.0%} of the entities: {said}"


def drop_in_words(drop: float, digits: int) -> str:
    """Compare a score with that of PyTorch.

    >>> [drop_in_words(drop, 2) for drop in (0, 0.13, -0.4)]
    ['as PyTorch', '0.13 less than PyTorch', '0.40 more than PyTorch']

    Args:
        drop: The score of PyTorch minus this score.
        digits: The number of decimal places.
    """
    if not drop:
        return "as PyTorch"
    return f"{abs(drop):.{digits}f} {'less' if drop > 0 else 'more'} than PyTorch"
