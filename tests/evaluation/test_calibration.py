"""Confidence of spans and whether it can be believed."""

import numpy as np
import pytest

from nerpipe.evaluation.calibration import calibration_error, reliability, span_confidence, threshold_table
from nerpipe.scoring.spans import match_spans


def test_a_span_has_the_confidence_of_its_words():
    match = match_spans([["B-a", "I-a", "O", "B-b"]], [["B-a", "I-a", "O", "B-b"]])
    confidence = span_confidence(match.predicted, np.array([0.5, 0.5, 0.1, 0.9]))
    assert confidence == pytest.approx([0.5, 0.9])


def test_reliability_and_its_error_by_hand():
    # bin 0.9-1.0: 0.95 right, 0.95 wrong, 1.0 right; bin 0.2-0.3: 0.25 wrong
    table = reliability(np.array([0.95, 0.95, 1.0, 0.25]), np.array([True, False, True, False]))
    assert table["spans"].tolist() == [1, 3]
    assert table["low"].tolist() == [0.2, 0.9]
    assert table["confidence"].tolist() == pytest.approx([0.25, 2.9 / 3])
    assert table["precision"].tolist() == pytest.approx([0.0, 2 / 3])
    assert calibration_error(table) == pytest.approx((1 * 0.25 + 3 * (2.9 / 3 - 2 / 3)) / 4)


def test_no_predicted_span_is_no_error():
    table = reliability(np.array([]), np.array([], dtype=bool))
    assert (len(table), calibration_error(table)) == (0, 0.0)


def test_thresholds_trade_recall_for_precision():
    match = match_spans([["B-a", "B-a", "O"]], [["B-a", "B-b", "B-a"]])
    # right at 0.9; wrong at 0.6 and 0.3; two gold entities
    table = threshold_table(match, np.array([0.9, 0.6, 0.3])).set_index("threshold")
    assert table.loc[0.0].tolist() == pytest.approx([3, 1 / 3, 1 / 2, 2 / 5])
    assert table.loc[0.5].tolist() == pytest.approx([2, 1 / 2, 1 / 2, 1 / 2])
    assert table.loc[0.7].tolist() == pytest.approx([1, 1, 1 / 2, 2 / 3])
    assert table.loc[0.99].tolist() == [0, 0, 0, 0]
