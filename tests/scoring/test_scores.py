"""Entity scores: by hand, and against what the shared task published."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.scoring.scores import Score, make_score, score, score_match, surface_score, surfaces_of
from nerpipe.scoring.spans import match_spans
from tagrows import gold_and_predicted, rows_of


def micro(gold, predicted):
    return score(gold, predicted).readings["conlleval"]


def test_by_hand():
    gold = [["B-a", "I-a", "O", "B-b"], ["B-a", "O", "O"]]
    predicted = [["B-a", "I-a", "O", "B-a"], ["O", "O", "B-b"]]
    # gold entities: a(0-2), b(3-4), a(0-1); predicted: a(0-2), a(3-4), b(2-3); one is right
    result = score(gold, predicted)
    assert result.readings["conlleval"] == pytest.approx(Score(1 / 3, 1 / 3, 1 / 3, 3, 3, 1))
    assert result.token_accuracy == pytest.approx(4 / 7)  # words 0, 1, 2 of the first, word 1 of the second
    assert result.per_type["a"] == Score(0.5, 0.5, 0.5, 2, 2, 1)
    assert result.per_type["b"] == Score(0.0, 0.0, 0.0, 1, 1, 0)


def test_the_two_readings_differ_in_spans_that_begin_with_i():
    # conlleval: an I- that follows O begins an entity, so the span counts as found; strictly, nothing was predicted
    result = score([["O", "B-a", "I-a"]], [["O", "I-a", "I-a"]])
    assert result.readings["conlleval"] == Score(1.0, 1.0, 1.0, 1, 1, 1)
    assert result.readings["strict_iob2"] == Score(0.0, 0.0, 0.0, 1, 0, 0)


def test_nothing_to_find_and_nothing_found_divides_by_nothing():
    result = score([["O", "O"]], [["O", "O"]])
    assert result.readings["conlleval"] == Score(0.0, 0.0, 0.0, 0, 0, 0)
    assert (result.token_accuracy, result.per_type) == (1.0, {})
    assert micro([["B-a"]], [["O"]]).f1 == 0.0
    assert score([["O"]], [["B-a"]]).per_type["a"].support == 0
    assert score([], []).token_accuracy == 0.0


def test_everything_is_a_plain_number():
    result = micro([["B-a"]], [["B-a"]])
    assert [type(value) for value in result] == [float, float, float, int, int, int]


def test_surface_forms_by_hand():
    tokens = [["Ann", "met", "Ann"], ["Ann", "Lee"]]
    gold = [["B-a", "O", "B-a"], ["B-a", "I-a"]]
    predicted = [["B-a", "O", "O"], ["B-a", "B-a"]]
    # gold pairs: Ann, Ann Lee; predicted pairs: Ann (three times), Lee; of the right entities: Ann
    match = match_spans(gold, predicted)
    words = [word for row in tokens for word in row]
    assert surface_score(match, surfaces_of(match, words)) == Score(0.5, 0.5, 0.5, 2, 2, 1)


def test_a_surface_form_that_is_right_nowhere_does_not_count():
    # both sides hold "Ann", but at different places
    match = match_spans([["B-a", "O"]], [["O", "B-a"]])
    assert surface_score(match, surfaces_of(match, ["Ann", "Ann"])).correct == 0


@given(gold_and_predicted(), st.randoms(use_true_random=False))
def test_the_order_of_sentences_does_not_matter(both, generator):
    order = list(range(len(both[0])))
    generator.shuffle(order)
    assert score(*([rows[i] for i in order] for rows in both)) == score(*both)


@given(gold_and_predicted())
def test_gold_against_itself_is_perfect(both):
    result = score(both[0], both[0])
    for reading in result.readings.values():
        assert reading.f1 == (1.0 if reading.support else 0.0)
    assert result.token_accuracy == 1.0


@given(gold_and_predicted())
def test_swapping_the_sides_swaps_precision_and_recall(both):
    for one, other in zip(score(*both).readings.values(), score(*both[::-1]).readings.values(), strict=True):
        assert (one.precision, one.recall, one.f1) == (other.recall, other.precision, other.f1)


@given(gold_and_predicted())
def test_types_add_up_to_the_whole(both):
    result = score(*both)
    sums = [sum(row[3 + i] for row in result.per_type.values()) for i in range(3)]
    assert make_score(sums[2], sums[1], sums[0]) == result.readings["conlleval"]


@pytest.mark.parametrize(
    ("system", "f1", "surface_f1"),
    [("uh_ritual", 41.86, 40.24), ("spinningbytes.txt", 40.78, 39.33), ("drexel_cci", 26.30, 25.26)],
)
def test_submissions_get_their_published_f1(wnut17, system, f1, surface_f1):
    gold_file = wnut17 / "emerging.test.annotated"
    gold, words = rows_of(gold_file), list(chain.from_iterable(rows_of(gold_file, 0)))
    match = match_spans(gold, rows_of(wnut17 / "submissions" / system))
    assert len(match.gold) == 1079
    assert round(100 * score_match(match).readings["conlleval"].f1, 2) == f1
    assert round(100 * surface_score(match, surfaces_of(match, words)).f1, 2) == surface_f1
