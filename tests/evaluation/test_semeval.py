"""The matches of SemEval-2013: each case by hand, sums that hold, and nervaluate as an independent oracle.

nervaluate 1.2.1 agrees with every count wherever an entity overlaps with one entity of the other side at most. It
differs where there are several, because SemEval-2013 leaves open which are partners: nervaluate gives each predicted
entity the first gold entity that is still free, from left to right and for each match anew. So a predicted entity may
take, with the wrong type, a gold entity that the next one has with the right type (its issue 40). Versions before 1
counted a gold entity once for each predicted entity that overlaps with it.
"""

from collections import Counter

import pytest
from hypothesis import assume, example, given

from nerpipe.evaluation.pairing import count_findings, find_mistakes
from nerpipe.evaluation.semeval import ALL_TYPES, MATCHES, Categories, semeval_rows
from nerpipe.scoring.scores import score
from nerpipe.scoring.spans import match_spans
from places import ROOT
from tagrows import gold_and_predicted, rows_of

THEIR_NAMES = {"strict": "strict", "exact": "exact", "partial": "partial", "type": "ent_type"}


def rows(gold, predicted):
    match = match_spans(gold, predicted)
    found = semeval_rows(count_findings(match, find_mistakes(match)))
    return {(row.pop("type"), row.pop("match")): row for row in found}


def counts(table, kind=ALL_TYPES):
    return {match: tuple(table[kind, match][name] for name in Categories._fields) for match in MATCHES}


def entities(match, spans):
    """The entities of each sentence, as nervaluate takes them: its `end` is the last word."""
    found = [[] for _ in range(match.sentences)]
    for place, start, end, kind in zip(spans.sentence, spans.start, spans.end, spans.type, strict=True):
        first = match.offsets[place]
        found[place].append({"label": match.types[kind], "start": int(start - first), "end": int(end - first - 1)})
    return found


def theirs(gold, predicted):
    nervaluate = pytest.importorskip("nervaluate", reason="nervaluate is not installed: requirements/dev.txt")
    match = match_spans(gold, predicted)
    sides = (entities(match, match.gold), entities(match, match.predicted))
    found = nervaluate.Evaluator(*sides, tags=match.types, loader="dict").evaluate()
    of_types = {ALL_TYPES: found["overall"], **found["entities"]}
    return {(kind, match): results[name] for kind, results in of_types.items() for match, name in THEIR_NAMES.items()}


def pairs_are_clear(gold, predicted):
    """Whether no entity overlaps with two entities of the other side."""
    match = match_spans(gold, predicted)
    spans = [[*zip(side.start.tolist(), side.end.tolist(), strict=True)] for side in (match.gold, match.predicted)]
    touched = [(one, two) for one in spans[0] for two in spans[1] if one[0] < two[1] and two[0] < one[1]]
    return all(most == 1 for side in zip(*touched, strict=True) for most in Counter(side).values())


@pytest.mark.parametrize(
    ("gold", "predicted", "strict", "exact", "partial", "kind"),
    [  # The numbers of correct, incorrect, partial, missed and spurious ones.
        (["B-a", "I-a"], ["B-a", "I-a"], (1, 0, 0, 0, 0), (1, 0, 0, 0, 0), (1, 0, 0, 0, 0), (1, 0, 0, 0, 0)),
        (["B-a", "I-a"], ["B-b", "I-b"], (0, 1, 0, 0, 0), (1, 0, 0, 0, 0), (1, 0, 0, 0, 0), (0, 1, 0, 0, 0)),
        (["B-a", "I-a"], ["B-a", "O"], (0, 1, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 1, 0, 0), (1, 0, 0, 0, 0)),
        (["B-a", "I-a"], ["O", "B-b"], (0, 1, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 1, 0, 0), (0, 1, 0, 0, 0)),
        (["B-a", "O"], ["O", "O"], *[(0, 0, 0, 1, 0)] * 4),
        (["O", "O"], ["O", "B-a"], *[(0, 0, 0, 0, 1)] * 4),
        (["O", "O"], ["O", "O"], *[(0, 0, 0, 0, 0)] * 4),
        # The type decides before the number of words, and what remains is spurious.
        (["B-a", "I-a", "I-a"], ["B-b", "I-b", "B-a"], *[(0, 1, 0, 0, 1)] * 2, (0, 0, 1, 0, 1), (1, 0, 0, 0, 1)),
    ],
)
def test_by_hand(gold, predicted, strict, exact, partial, kind):
    found = counts(rows([gold], [predicted]))
    assert found == {"strict": strict, "exact": exact, "partial": partial, "type": kind}


def test_a_partial_match_is_half_right():
    found = rows([["B-a", "I-a", "O", "B-a"]], [["B-a", "O", "O", "B-a"]])
    assert found[ALL_TYPES, "partial"] == Categories(1, 0, 1, 0, 0)._asdict() | dict.fromkeys(
        ("precision", "recall", "f1"), 0.75
    )
    assert found[ALL_TYPES, "strict"]["f1"] == 0.5


def test_a_pair_of_two_types_is_missed_by_one_and_spurious_for_the_other():
    found = rows([["B-a", "I-a"]], [["B-b", "I-b"]])
    assert set(counts(found, "a").values()) == {(0, 0, 0, 1, 0)}
    assert set(counts(found, "b").values()) == {(0, 0, 0, 0, 1)}


@given(gold_and_predicted())
def test_every_entity_is_counted_once_and_strict_is_the_micro_score(both):
    found, scores, match = rows(*both), score(*both), match_spans(*both)
    assert list(dict.fromkeys(kind for kind, _ in found)) == [ALL_TYPES, *match.types]
    for (kind, name), row in found.items():
        wanted = scores.readings["conlleval"] if kind == ALL_TYPES else scores.per_type[kind]
        pairs = row["correct"] + row["incorrect"] + row["partial"]
        assert (pairs + row["missed"], pairs + row["spurious"]) == (wanted.support, wanted.predicted)
        if name == "strict":
            assert row["correct"] == wanted.correct
            assert (row["precision"], row["recall"], row["f1"]) == wanted[:3]


@given(gold_and_predicted())
def test_nervaluate_counts_the_same_where_partners_are_clear(both):
    assume(pairs_are_clear(*both))
    ours, others = rows(*both), theirs(*both)
    assert set(ours) == set(others) | {(ALL_TYPES, match) for match in MATCHES}
    for key, other in others.items():
        assert {name: getattr(other, name) for name in ours[key]} == pytest.approx(ours[key], abs=1e-12), key


# The first predicted entity of the example shares more words with the gold entity, and the second one has its type.
@given(gold_and_predicted())
@example(([["B-a", "I-a", "I-a"]], [["B-b", "I-b", "B-a"]]))
def test_nervaluate_finds_the_same_whole_entities_wherever_partners_are_unclear(both):
    ours, others = rows(*both), theirs(*both)
    for key, other in others.items():
        if key[1] != "type":
            assert other.correct == ours[key]["correct"], key


def test_nervaluate_depends_on_the_order_and_this_package_does_not():
    gold, predicted = ["B-a", "I-a", "I-a"], ["B-b", "I-b", "B-a"]
    turned = ["B-a", "B-b", "I-b"]  # The same entities from right to left.
    assert [theirs([gold], [tags])[ALL_TYPES, "type"].correct for tags in (predicted, turned)] == [0, 1]
    assert [rows([gold], [tags])[ALL_TYPES, "type"]["correct"] for tags in (predicted, turned)] == [1, 1]


@pytest.mark.parametrize(
    ("system", "partial", "kind", "their_kind"),
    [  # Of type, nervaluate counts two fewer for one of the three.
        ("uh_ritual", (448, 0, 78, 553, 91), (402, 124, 0, 553, 91), 402),
        ("spinningbytes.txt", (515, 0, 128, 436, 181), (467, 176, 0, 436, 181), 465),
        ("drexel_cci", (231, 0, 71, 777, 79), (237, 65, 0, 777, 79), 237),
    ],
)
def test_published_systems(wnut17, system, partial, kind, their_kind):
    both = [rows_of(wnut17 / name) for name in ("emerging.test.annotated", f"submissions/{system}")]
    ours, others = rows(*both), theirs(*both)
    found = counts(ours)
    assert (found["partial"], found["type"]) == (partial, kind)
    for match in ("strict", "exact", "partial"):
        assert tuple(getattr(others[ALL_TYPES, match], name) for name in Categories._fields) == found[match]
    assert others[ALL_TYPES, "type"].correct == their_kind
    clear = [pair for pair in zip(*both, strict=True) if pairs_are_clear([pair[0]], [pair[1]])]
    assert len(clear) > 1200
    both = [[*side] for side in zip(*clear, strict=True)]
    ours, others = rows(*both), theirs(*both)
    for key, row in ours.items():
        assert {name: getattr(others[key], name) for name in row} == pytest.approx(row, abs=1e-12), key


def test_the_docs_name_every_match():
    text = (ROOT / "docs/evaluation.md").read_text(encoding="utf-8")
    section = text.partition("## Partly right entities")[2].partition("\n## ")[0]
    table = section.partition("| match |")[2].partition("\n\n")[0]
    assert [row.split("|")[1].strip(" `") for row in table.splitlines() if row.startswith("| `")] == [*MATCHES]
