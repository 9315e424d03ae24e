"""Spans as columns, against the reader of one sentence."""

import pytest
from hypothesis import given

from nerpipe.contracts.schemes import spans_of
from nerpipe.errors import NerpipeError
from nerpipe.scoring.spans import match_spans
from tagrows import gold_and_predicted


def listed(match, spans):
    return [
        (int(s), match.types[k], int(a - match.offsets[s]), int(b - match.offsets[s]))
        for s, k, a, b in zip(spans.sentence, spans.type, spans.start, spans.end, strict=True)
    ]


@given(gold_and_predicted())
def test_columns_hold_the_spans_of_each_sentence(both):
    match = match_spans(*both)
    for rows, spans in zip(both, (match.gold, match.predicted), strict=True):
        assert listed(match, spans) == [(n, *span) for n, row in enumerate(rows) for span in spans_of(row)]
        begun = [rows[n][a][0] == "B" for n, _, a, _ in listed(match, spans)]
        assert spans.begun.tolist() == begun


@given(gold_and_predicted())
def test_a_hit_is_a_span_that_both_sides_have(both):
    match = match_spans(*both)
    gold, predicted = listed(match, match.gold), listed(match, match.predicted)
    assert match.gold_hit.tolist() == [span in predicted for span in gold]
    assert match.predicted_hit.tolist() == [span in gold for span in predicted]


def test_by_hand():
    match = match_spans([["B-a", "I-a", "O"], ["I-b"]], [["B-a", "I-a", "I-a"], ["B-b"]])
    assert listed(match, match.gold) == [(0, "a", 0, 2), (1, "b", 0, 1)]
    assert listed(match, match.predicted) == [(0, "a", 0, 3), (1, "b", 0, 1)]
    assert match.gold_hit.tolist() == [False, True]
    assert (match.sentences, match.words, match.same_tags) == (2, 4, 2)


def test_a_span_never_reaches_into_the_next_sentence_even_over_an_empty_one():
    match = match_spans([["B-a"], [], ["I-a"], []], [["B-a"], [], ["I-a"], []])
    assert listed(match, match.gold) == [(0, "a", 0, 1), (2, "a", 0, 1)]


def test_nothing_at_all():
    match = match_spans([], [])
    assert (len(match.gold), len(match.predicted), match.types, match.words) == (0, 0, [], 0)


@pytest.mark.parametrize(
    ("gold", "predicted", "said"),
    [
        ([["O"]], [["O"], ["O"]], "1 gold sentence, but 2 predicted"),
        ([["O"], ["O", "O"]], [["O"], ["O"]], "sentence 2 has 2 gold tags, but 1"),
        ([["O", "B-a"]], [["O", "S-a"]], "predicted tag 'S-a' of word 2 in sentence 1"),
        ([["B-"]], [["O"]], "gold tag 'B-' of word 1 in sentence 1"),
    ],
)
def test_what_cannot_be_scored_is_named(gold, predicted, said):
    with pytest.raises(NerpipeError, match=said):
        match_spans(gold, predicted)
