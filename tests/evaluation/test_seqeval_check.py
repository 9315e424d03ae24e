"""seqeval as the oracle: both readings to 1e-12, on anything."""

import warnings

import pytest
from hypothesis import given, settings

from nerpipe.errors import NerpipeError
from nerpipe.evaluation.seqeval_check import check_against_seqeval
from nerpipe.scoring.scores import score
from tagrows import gold_and_predicted, rows_of


def seqeval_scores(gold, predicted):
    from seqeval.metrics.sequence_labeling import precision_recall_fscore_support
    from seqeval.metrics.v1 import precision_recall_fscore_support as strict
    from seqeval.scheme import IOB2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where it divides by zero
        micro = {"average": "micro", "zero_division": 0}
        lenient = precision_recall_fscore_support(gold, predicted, **micro)[:3]
        try:
            return lenient, strict(gold, predicted, scheme=IOB2, **micro)[:3]
        except ValueError:  # seqeval's strict mode fails where neither side has an entity
            return lenient, (0.0, 0.0, 0.0)


@settings(max_examples=400)
@given(gold_and_predicted())
def test_both_readings_equal_seqeval(both):
    lenient, strict = seqeval_scores(*both)
    ours = score(*both).readings
    assert ours["conlleval"][:3] == pytest.approx(lenient, abs=1e-12)
    assert ours["strict_iob2"][:3] == pytest.approx(strict, abs=1e-12)


@pytest.mark.parametrize("system", ["uh_ritual", "spinningbytes.txt", "drexel_cci"])
def test_the_check_passes_on_wnut17(wnut17, system):
    gold, predicted = rows_of(wnut17 / "emerging.test.annotated"), rows_of(wnut17 / "submissions" / system)
    check_against_seqeval(gold, predicted, score(gold, predicted))


def test_no_entity_on_either_side_passes():
    check_against_seqeval([["O", "O"]], [["O", "O"]], score([["O", "O"]], [["O", "O"]]))


def test_a_difference_fails_and_names_the_number():
    right, wrong = score([["B-a"]], [["B-a"]]), score([["B-a"]], [["O"]])
    with pytest.raises(NerpipeError, match=r"precision \(conlleval\): 0.0 in nerpipe, 1.0 in seqeval"):
        check_against_seqeval([["B-a"]], [["B-a"]], wrong)
    check_against_seqeval([["B-a"]], [["B-a"]], right)
