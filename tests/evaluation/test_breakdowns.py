"""Scores of groups of entities, by hand, and of documents against seqeval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.contracts.conll import Sentence
from nerpipe.evaluation.breakdowns import breakdown, document_table, surfaces_in
from nerpipe.evaluation.units import units_of
from nerpipe.scoring.scores import surfaces_of
from nerpipe.scoring.spans import match_spans
from tagrows import gold_and_predicted


def test_groups_by_hand():
    known = surfaces_in([Sentence(("New", "York", "is", "big"), ("B-loc", "I-loc", "O", "O"))])
    assert known == {"new york"}
    words = ["NEW", "YORK", "and", "Ulm"]
    match = match_spans([["B-loc", "I-loc", "O", "B-loc"]], [["B-loc", "I-loc", "B-per", "B-loc"]])
    # gold: NEW YORK (seen, 2 words), Ulm (unseen, 1 word), both found; predicted besides: and (unseen, 1 word)
    table = breakdown(match, surfaces_of(match, words), known).set_index(["by", "group"])
    assert table.loc[("seen in train", "seen")].tolist() == [1, 1, 1, 1, 1]
    assert table.loc[("seen in train", "unseen")].tolist() == [0.5, 1, 2 / 3, 1, 2]
    assert table.loc[("words of the entity", "1")].tolist() == [0.5, 1, 2 / 3, 1, 2]
    assert table.loc[("words of the entity", "2")].tolist() == [1, 1, 1, 1, 1]
    assert table.loc[("words of the entity", "4 or more")].tolist() == [0, 0, 0, 0, 0]
    assert table.loc[("words of the sentence", "10 or fewer")].tolist() == [2 / 3, 1, 0.8, 2, 3]


@given(gold_and_predicted(), st.data())
def test_a_document_scores_as_its_sentences_alone_do(both, data):
    from seqeval.metrics import f1_score, precision_score, recall_score

    names = data.draw(st.lists(st.sampled_from(["x", "y", "z"]), min_size=len(both[0]), max_size=len(both[0])))
    table = document_table(match_spans(*both), units_of(dict(enumerate(names)), len(names))).set_index("document")
    assert list(table.index) == list(dict.fromkeys(names))
    for name in table.index:
        gold, predicted = ([row for row, other in zip(rows, names, strict=True) if other == name] for rows in both)
        row = table.loc[name]
        assert (row["sentences"], row["words"]) == (len(gold), sum(map(len, gold)))
        scores = (measure(gold, predicted, zero_division=0) for measure in (precision_score, recall_score, f1_score))
        assert row[["precision", "recall", "f1"]].tolist() == pytest.approx(list(scores))


def test_without_documents_the_table_is_empty():
    assert document_table(match_spans([["B-a"]], [["B-a"]]), units_of({}, 1)).empty


def test_each_grouping_holds_every_entity():
    lengths = [3, 11, 20, 21, 41, 60]
    rows = [["B-a", "I-a", "I-a", *["O"] * (n - 3)] for n in lengths]
    words = [f"w{i}" for i in range(sum(lengths))]
    match = match_spans(rows, rows)
    table = breakdown(match, surfaces_of(match, words), set())
    assert table.groupby("by")["support"].sum().tolist() == [6, 6, 6]
    sentence = table[table["by"] == "words of the sentence"].set_index("group")["support"]
    assert sentence.to_dict() == {"10 or fewer": 1, "11 to 20": 2, "21 to 40": 1, "41 or more": 2}
