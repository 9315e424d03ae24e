"""What people read of an evaluation: predictions word by word, headline, scores by type, confusion."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from nerpipe.conll import format_sentence, read_conll, read_rows
from nerpipe.inference import predict_words
from nerpipe.iob import OUTSIDE, split_tag
from nerpipe.ledger import check_joint, tally
from nerpipe.records import Tally
from nerpipe.scoring import score

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel

HEADLINE = ("precision", "recall", "f1", "token_accuracy")


def evaluate_split(
    model: "PreTrainedModel",
    windows: "Dataset",
    gold_file: Path,
    predictions_file: Path,
    *,
    split: str,
    labels: Sequence[str],
    expected: Tally,
    pad_id: int,
) -> tuple[dict[str, float], list[dict[str, Any]], dict[str, Any]]:
    """Predict a split, write its predictions and score them against every word and entity of the clean file.

    Args:
        model: the trained model.
        windows: the split's windows.
        gold_file: canonical CoNLL.
        predictions_file: to write: token, gold, predicted, confidence (probability of the predicted tag to four digits;
            0 for a word that no window holds, which is predicted O).
        split: its name, for the rows.
        labels: label names by id.
        expected: what clean_conll counted.
        pad_id: the tokenizer's padding token.

    Returns:
        Headline scores; a row for each type (split, type, precision, recall, f1, support); and a row of counts (split,
        sentences, tokens, entities, words_unseen).

    Raises:
        NerpipeError: if a count does not meet: nothing may fall out of the denominator.
    """
    sentences = list(read_conll(gold_file))
    gold = [sentence.tags for sentence in sentences]
    counted = tally(gold)
    check_joint(f"clean_conll -> evaluate, {gold_file.name}", expected, counted)
    words = [len(tags) for tags in gold]
    result = predict_words(model, windows, words, outside=labels.index(OUTSIDE), pad_id=pad_id)
    predicted = [[labels[index] for index in row] for row in result.labels]
    scores = score(gold, predicted)
    scored = Tally(len(predicted), sum(map(len, predicted)), sum(row["support"] for row in scores["per_type"].values()))
    check_joint(f"gold -> scores, {gold_file.name}", counted, scored)
    _write_predictions(predictions_file, sentences, predicted, result.confidences)
    by_type = [{"split": split, "type": kind, **row} for kind, row in scores["per_type"].items()]
    counts = {"split": split, **counted._asdict(), "words_unseen": result.unseen}
    return {name: scores[name] for name in HEADLINE}, by_type, counts


def _write_predictions(
    path: Path, sentences: list[Any], predicted: list[list[str]], confidences: list[list[float]]
) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for (tokens, tags), guesses, sure in zip(sentences, predicted, confidences, strict=True):
            file.write(format_sentence(zip(tokens, tags, guesses, (f"{value:.4f}" for value in sure), strict=True)))


def read_predictions(path: Path) -> pd.DataFrame:
    """Read a predictions file into a frame, a row a word: sentence (from 0), token, gold, predicted, confidence.

    Raises:
        NerpipeError: as `conll.read_rows`.
    """
    rows = [(index, *row) for index, sentence in enumerate(read_rows(path, width=4)) for row in sentence]
    frame = pd.DataFrame(rows, columns=["sentence", "token", "gold", "predicted", "confidence"])
    return frame.astype({"confidence": float})


def confusion(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Count words by gold and predicted entity type (rows: gold, predicted, words), O against O left out.

    Args:
        frame: from `read_predictions`.
    """
    types = frame[["gold", "predicted"]].map(lambda tag: split_tag(tag)[1] or OUTSIDE)
    pairs = types.value_counts().sort_index().rename("words").reset_index()
    rows: list[dict[str, Any]] = pairs[(pairs["gold"] != OUTSIDE) | (pairs["predicted"] != OUTSIDE)].to_dict("records")
    return rows
