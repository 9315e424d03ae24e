"""Calibration: how well the confidence of predicted spans agrees with their precision."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nerpipe.scoring.scores import make_score
from nerpipe.scoring.spans import Match, Spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


def span_confidence(spans: Spans, word_confidence: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Give the confidence of each span, which all of its words have.

    Args:
        spans: The predicted spans.
        word_confidence: The confidences of all words of the split, from `word_scores.decode_words`. Shape: (words,).

    Returns:
        Shape: (spans,).
    """
    return word_confidence[spans.start]


def reliability(confidence: "NDArray[np.float64]", right: "NDArray[np.bool_]") -> pd.DataFrame:
    """Group the predicted spans by confidence into ten bins of equal width.

    Args:
        confidence: The confidence of each span. Shape: (spans,).
        right: Whether each span is right. Shape: (spans,).

    Returns:
        A table with the columns low, high, spans, confidence (the mean), precision. Empty bins are left out.
    """
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    spans = np.bincount(place, minlength=BINS)
    sure = np.bincount(place, weights=confidence, minlength=BINS)
    hits = np.bincount(place[right], minlength=BINS)
    some = np.flatnonzero(spans)
    edges = np.arange(BINS + 1) / BINS
    columns = {"low": edges[some], "high": edges[some + 1], "spans": spans[some]}
    return pd.DataFrame(
        columns | {"confidence": (sure / spans.clip(1))[some], "precision": (hits / spans.clip(1))[some]}
    )


def calibration_error(table: pd.DataFrame) -> float:
    """Compute the expected calibration error (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017, equation 3).

    It is the mean absolute difference of precision and confidence over the bins, weighted by their spans.

    Args:
        table: The table of `reliability`.
    """
    total = table["spans"].sum()
    distance = (table["precision"] - table["confidence"]).abs() * table["spans"]
    return float(distance.sum() / total) if total else 0.0


def threshold_table(match: Match, confidence: "NDArray[np.float64]") -> pd.DataFrame:
    """Score the spans that remain if only those with at least a given confidence are kept.

    Args:
        match: The spans.
        confidence: The confidence of each predicted span. Shape: (spans,).

    Returns:
        A table with the columns threshold, spans, precision, recall, f1.
    """
    rows = []
    for threshold in THRESHOLDS:
        kept = confidence >= threshold
        result = make_score(np.count_nonzero(match.predicted_hit & kept), np.count_nonzero(kept), len(match.gold))
        rows.append((threshold, result.predicted, result.precision, result.recall, result.f1))
    return pd.DataFrame(rows, columns=["threshold", "spans", "precision", "recall", "f1"])
