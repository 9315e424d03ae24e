"""Predictions of a split: made for each word, written as CoNLL with four columns, and read again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from nerpipe.contracts.conll import format_boundary, format_sentence, read_conll, read_rows, writing_conll
from nerpipe.contracts.files import REBUILD
from nerpipe.contracts.ledger import check_joint, tally
from nerpipe.errors import NerpipeError
from nerpipe.inference.decoding import UNWEIGHTED, DecodingWeights
from nerpipe.inference.shown_confidence import SHOWN_PLACES, shown_confidence
from nerpipe.inference.word_predictions import predict_words

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel

    from nerpipe.contracts.ledger import Tally


@dataclass(frozen=True)
class PredictedSplit:
    """The words of a split with gold and predicted tags.

    Every list has one row for each sentence, and every row has one entry for each word.
    """

    tokens: Sequence[Sequence[str]]
    gold: Sequence[Sequence[str]]
    predicted: Sequence[Sequence[str]]
    confidence: Sequence[Sequence[float]]  # Probability of the predicted tag; 0 for a word that is in no window.
    undecoded: Sequence[Sequence[str]]  # The most probable tag of each word, without decoding.
    unseen: int  # Number of words that are in no window; their predicted tag is O.
    # The id of each document (None if it has none) by the index of its first sentence. Empty if none are known.
    boundaries: Mapping[int, str | None] = field(default_factory=dict)


def predict_split(
    model: "PreTrainedModel",
    windows: "Dataset",
    gold_file: Path,
    *,
    labels: Sequence[str],
    expected: "Tally",
    pad_id: int,
    weights: DecodingWeights = UNWEIGHTED,
) -> PredictedSplit:
    """Predict every word of a split.

    Args:
        model: The trained model.
        windows: The windows of the split.
        gold_file: The canonical CoNLL file of the split.
        labels: The label names by id.
        expected: The counts of clean_conll for the split.
        pad_id: The id of the tokenizer's padding token.
        weights: What decoding adds to the scores.

    Raises:
        NerpipeError: If the counts of the gold file differ from those of clean_conll.
    """
    sentences = list(read_conll(gold_file))
    gold = [sentence.tags for sentence in sentences]
    check_joint(f"clean_conll -> evaluate, {gold_file.name}", expected, tally(gold))
    words = [len(tags) for tags in gold]
    result = predict_words(model, windows, words, labels=labels, pad_id=pad_id, weights=weights)
    tokens = [sentence.tokens for sentence in sentences]
    boundaries = {place: each.document for place, each in enumerate(sentences) if each.starts_document}
    return PredictedSplit(tokens, gold, result.tags, result.confidences, result.undecoded, result.unseen, boundaries)


def write_predictions(path: Path, split: PredictedSplit) -> None:
    """Write token, gold tag, predicted tag and confidence (rounded down) as CoNLL, with the documents."""
    columns = zip(split.tokens, split.gold, split.predicted, split.confidence, strict=True)
    with writing_conll(path) as file:
        for place, (tokens, tags, guesses, sure) in enumerate(columns):
            if place in split.boundaries:
                file.write(format_boundary(split.boundaries[place]))
            file.write(format_sentence(zip(tokens, tags, guesses, map(_shown, sure), strict=True)))


def _shown(confidence: float) -> str:
    return f"{shown_confidence(confidence):.{SHOWN_PLACES}f}"


def read_predictions(path: Path) -> pd.DataFrame:
    """Read a predictions file.

    Returns:
        A table with one row for each word. The columns are sentence (counted from 0), token, gold, predicted,
        confidence.

    Raises:
        NerpipeError: If a confidence is no number, or `conll.read_rows` raises it.
    """
    rows = [(index, *row) for index, sentence in enumerate(read_rows(path, width=4)) for row in sentence]
    frame = pd.DataFrame(rows, columns=["sentence", "token", "gold", "predicted", "confidence"])
    try:
        return frame.astype({"confidence": float})
    except ValueError as error:
        raise NerpipeError(f"{path}: a confidence is no number ({error}); {REBUILD}") from None
