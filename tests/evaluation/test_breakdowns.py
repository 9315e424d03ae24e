"""Scores of groups of entities, by hand."""

from nerpipe.contracts.conll import Sentence
from nerpipe.evaluation.breakdowns import breakdown, surfaces_in
from nerpipe.scoring.scores import surfaces_of
from nerpipe.scoring.spans import match_spans


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


def test_each_grouping_holds_every_entity():
    lengths = [3, 11, 20, 21, 41, 60]
    rows = [["B-a", "I-a", "I-a", *["O"] * (n - 3)] for n in lengths]
    words = [f"w{i}" for i in range(sum(lengths))]
    match = match_spans(rows, rows)
    table = breakdown(match, surfaces_of(match, words), set())
    assert table.groupby("by")["support"].sum().tolist() == [6, 6, 6]
    sentence = table[table["by"] == "words of the sentence"].set_index("group")["support"]
    assert sentence.to_dict() == {"10 or fewer": 1, "11 to 20": 2, "21 to 40": 1, "41 or more": 2}
