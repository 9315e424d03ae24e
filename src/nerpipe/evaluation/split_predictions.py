"""Predictions of a split: made word by word, written as CoNLL with four columns, and read back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from nerpipe.contracts.conll import format_sentence, read_conll, read_rows
from nerpipe.contracts.ledger import check_joint, tally
from nerpipe.inference.word_predictions import predict_words

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel

    from nerpipe.contracts.ledger import Tally


@dataclass(frozen=True)
class PredictedSplit:
    """The words of a split with both tags; every list has a row a sentence, and a row an entry a word."""

    tokens: Sequence[Sequence[str]]
    gold: Sequence[Sequence[str]]
    predicted: Sequence[Sequence[str]]
    confidence: Sequence[Sequence[float]]  # probability of the predicted tag; 0 for a word that no window holds
    undecoded: Sequence[Sequence[str]]  # the most probable tag of each word by itself
    unseen: int  # words that no window holds, predicted O


def predict_split(
    model: "PreTrainedModel",
    windows: "Dataset",
    gold_file: Path,
    *,
    labels: Sequence[str],
    expected: "Tally",
    pad_id: int,
) -> PredictedSplit:
    """Predict every word of a split.

    Args:
        model: the trained model.
        windows: the split's windows.
        gold_file: canonical CoNLL.
        labels: label names by id.
        expected: what clean_conll counted.
        pad_id: the tokenizer's padding token.

    Raises:
        NerpipeError: if the gold file does not hold what clean_conll counted.
    """
    sentences = list(read_conll(gold_file))
    gold = [sentence.tags for sentence in sentences]
    check_joint(f"clean_conll -> evaluate, {gold_file.name}", expected, tally(gold))
    words = [len(tags) for tags in gold]
    result = predict_words(model, windows, words, labels=labels, pad_id=pad_id)
    tokens = [sentence.tokens for sentence in sentences]
    return PredictedSplit(tokens, gold, result.tags, result.confidences, result.undecoded, result.unseen)


def write_predictions(path: Path, split: PredictedSplit) -> None:
    """Write token, gold tag, predicted tag and confidence (four digits) as CoNLL."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for tokens, tags, guesses, sure in zip(
            split.tokens, split.gold, split.predicted, split.confidence, strict=True
        ):
            file.write(format_sentence(zip(tokens, tags, guesses, (f"{value:.4f}" for value in sure), strict=True)))


def read_predictions(path: Path) -> pd.DataFrame:
    """Read a predictions file into a frame, a row a word: sentence (from 0), token, gold, predicted, confidence.

    Raises:
        NerpipeError: as `conll.read_rows`.
    """
    rows = [(index, *row) for index, sentence in enumerate(read_rows(path, width=4)) for row in sentence]
    frame = pd.DataFrame(rows, columns=["sentence", "token", "gold", "predicted", "confidence"])
    return frame.astype({"confidence": float})
