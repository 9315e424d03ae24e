"""Whether a span's confidence says how often it is right."""

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
    """Give each span the confidence of its least sure word.

    On WNUT-17 dev this was better calibrated than the mean or the product of its words (docs/evaluation.md).

    Args:
        spans: predicted ones.
        word_confidence: the probability of each word's predicted tag, through the split.
    """
    runs = np.stack([spans.start, spans.end], axis=1).ravel()  # of each two runs, a span's and what follows it
    least: NDArray[np.float64] = np.minimum.reduceat(np.append(word_confidence, 1.0), runs)[::2]
    return least


def reliability(confidence: "NDArray[np.float64]", right: "NDArray[np.bool_]") -> pd.DataFrame:
    """Group spans into ten bins of equal width: low, high, spans, mean confidence, precision; empty bins left out."""
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
    """Compute the expected calibration error: the mean distance of precision from confidence, bins weighted by spans.

    (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017, equation 3.)

    Args:
        table: from `reliability`.
    """
    total = table["spans"].sum()
    distance = (table["precision"] - table["confidence"]).abs() * table["spans"]
    return float(distance.sum() / total) if total else 0.0


def threshold_table(match: Match, confidence: "NDArray[np.float64]") -> pd.DataFrame:
    """Score what is left if only sure spans are kept: threshold, spans, precision, recall, f1."""
    rows = []
    for threshold in THRESHOLDS:
        kept = confidence >= threshold
        result = make_score(np.count_nonzero(match.predicted_hit & kept), np.count_nonzero(kept), len(match.gold))
        rows.append((threshold, result.predicted, result.precision, result.recall, result.f1))
    return pd.DataFrame(rows, columns=["threshold", "spans", "precision", "recall", "f1"])
