"""Classes of mistakes: each case by hand, and everything adds up."""

import numpy as np
import pytest
from hypothesis import given

from nerpipe.evaluation.mistakes import (
    FINDING_KINDS,
    MISTAKES,
    confused_surfaces,
    find_mistakes,
    mistake_table,
    pair_numbers,
    span_confusion,
    verdicts,
)
from nerpipe.scoring.scores import surfaces_of
from nerpipe.scoring.spans import match_spans
from tagrows import gold_and_predicted


def kinds(gold, predicted):
    return [FINDING_KINDS[kind] for kind in find_mistakes(match_spans([gold], [predicted])).kind]


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        (["B-a", "I-a"], ["B-a", "I-a"], ["correct"]),
        (["B-a", "I-a"], ["B-b", "I-b"], ["type"]),
        (["B-a", "I-a"], ["B-a", "O"], ["boundary"]),
        (["B-a", "I-a"], ["O", "B-b"], ["boundary_type"]),
        (["B-a", "O"], ["O", "O"], ["missed"]),
        (["O", "O"], ["O", "B-a"], ["spurious"]),
        (["B-a", "O"], ["O", "B-a"], ["missed", "spurious"]),  # neighbours do not overlap
        # one gold entity cut in two: the longer part is its boundary error, the other is spurious
        (["B-a", "I-a", "I-a"], ["B-a", "B-a", "I-a"], ["boundary", "spurious"]),
        # two gold entities run together: one boundary error, one missed
        (["B-a", "B-a", "I-a"], ["B-a", "I-a", "I-a"], ["boundary", "missed"]),
        # the same type goes before the larger overlap
        (["B-a", "I-a", "I-a"], ["B-a", "B-b", "I-b"], ["boundary", "spurious"]),
    ],
)
def test_by_hand(gold, predicted, expected):
    assert sorted(kinds(gold, predicted)) == sorted(expected)


@given(gold_and_predicted())
def test_mistakes_add_up_to_the_false_negatives_and_positives(both):
    match = match_spans(*both)
    findings = find_mistakes(match)
    wrong = findings.kind != FINDING_KINDS.index("correct")
    assert np.count_nonzero(findings.gold[wrong] >= 0) == np.count_nonzero(~match.gold_hit)
    assert np.count_nonzero(findings.predicted[wrong] >= 0) == np.count_nonzero(~match.predicted_hit)
    assert sorted(place for place in findings.gold if place >= 0) == list(range(len(match.gold)))
    assert sorted(place for place in findings.predicted if place >= 0) == list(range(len(match.predicted)))
    assert {FINDING_KINDS[kind] for kind in findings.kind[wrong]} <= set(MISTAKES)
    gold, predicted = verdicts(match, findings)
    assert ((gold == "correct") == match.gold_hit).all()
    assert ((predicted == "correct") == match.predicted_hit).all()
    gold_pairs, predicted_pairs = pair_numbers(match, findings)
    paired = {*MISTAKES} - {"missed", "spurious"}
    assert [kind in paired for kind in gold] == (gold_pairs >= 0).tolist()
    assert [kind in paired for kind in predicted] == (predicted_pairs >= 0).tolist()
    rows = {(int(one), int(two)) for one, two in zip(findings.gold[wrong], findings.predicted[wrong], strict=True)}
    for number in range(np.count_nonzero(gold_pairs >= 0)):
        (one,), (two,) = np.flatnonzero(gold_pairs == number), np.flatnonzero(predicted_pairs == number)
        assert (int(one), int(two)) in rows


def test_tables_by_hand():
    words = ["Paris", "in", "paris", "New", "York"]
    match = match_spans([["B-loc", "O", "B-loc", "B-loc", "I-loc"]], [["B-per", "O", "B-per", "B-loc", "O"]])
    findings = find_mistakes(match)
    table = mistake_table(match, findings)
    assert table.values.tolist() == [["boundary", "loc", "loc", 1], ["type", "loc", "per", 2]]
    assert span_confusion(table).values.tolist() == [["loc", "loc", 1], ["loc", "per", 2]]
    surfaces = confused_surfaces(match, findings, surfaces_of(match, words), 1)
    assert surfaces.values.tolist() == [["paris", "type", "loc", "per", 2]]


def test_without_a_span_the_tables_are_empty():
    match = match_spans([["O"]], [["O"]])
    table = mistake_table(match, find_mistakes(match))
    surfaces = confused_surfaces(match, find_mistakes(match), surfaces_of(match, ["x"]), 5)
    assert (len(table), len(span_confusion(table)), len(surfaces)) == (0, 0, 0)
