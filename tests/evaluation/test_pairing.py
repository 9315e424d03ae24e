"""Pairs of spans: each case by hand, and everything adds up."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given

from nerpipe.evaluation.mistakes import verdicts
from nerpipe.evaluation.pairing import FINDING_KINDS, MISTAKES, NONE, count_findings, find_mistakes, pair_numbers
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


@given(gold_and_predicted())
def test_counted_findings_are_the_findings(both):
    match = match_spans(*both)
    findings = find_mistakes(match)
    names = [[*(match.types[kind] for kind in spans.type), NONE] for spans in (match.gold, match.predicted)]
    wanted = Counter(
        (FINDING_KINDS[kind], names[0][gold], names[1][predicted])
        for kind, gold, predicted in zip(findings.kind, findings.gold, findings.predicted, strict=True)
    )
    assert count_findings(match, findings) == wanted
