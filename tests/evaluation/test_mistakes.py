"""Tables of mistakes by hand."""

from nerpipe.evaluation.mistakes import confused_surfaces, mistake_table, span_confusion
from nerpipe.evaluation.pairing import count_findings, find_mistakes
from nerpipe.scoring.scores import surfaces_of
from nerpipe.scoring.spans import match_spans


def test_tables_by_hand():
    words = ["Paris", "in", "paris", "New", "York"]
    match = match_spans([["B-loc", "O", "B-loc", "B-loc", "I-loc"]], [["B-per", "O", "B-per", "B-loc", "O"]])
    findings = find_mistakes(match)
    table = mistake_table(count_findings(match, findings))
    assert table.values.tolist() == [["boundary", "loc", "loc", 1], ["type", "loc", "per", 2]]
    assert span_confusion(table).values.tolist() == [["loc", "loc", 1], ["loc", "per", 2]]
    surfaces = confused_surfaces(match, findings, surfaces_of(match, words), 1)
    assert surfaces.values.tolist() == [["paris", "type", "loc", "per", 2]]


def test_without_a_span_the_tables_are_empty():
    match = match_spans([["O"]], [["O"]])
    table = mistake_table(count_findings(match, find_mistakes(match)))
    surfaces = confused_surfaces(match, find_mistakes(match), surfaces_of(match, ["x"]), 5)
    assert (len(table), len(span_confusion(table)), len(surfaces)) == (0, 0, 0)
