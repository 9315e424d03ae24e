"""Every rule for offsets: what is repaired, what is quarantined, and that nothing is lost on the way."""

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.annotations.documents import ANNOTATION_PROBLEMS, REPAIRS, Annotation
from nerpipe.annotations.offsets import Mention, judge_annotations
from nerpipe.contracts.word_rules import find_words
from places import ROOT

DEEP = []
for _ in range(100_000):
    DEEP = [DEEP]


def judge(text, *annotations, unit="characters"):
    return judge_annotations(text, find_words(text), annotations, unit)


def one(text, start, end, label="X", quote="", unit="characters"):
    (verdict,) = judge(text, Annotation(None, label, ((start, end),), quote), unit=unit)
    return verdict


@pytest.mark.parametrize(
    ("text", "annotation", "unit", "mention", "repairs"),
    [
        ("hi  Ann  !", (2, 8), "characters", (4, 7), ("trimmed",)),
        ("hi Ann", (3.0, 6), "characters", (3, 6), ("whole_float",)),
        ("😀 Ann", (3, 6), "utf16", (2, 5), ("utf16_offsets",)),
        ("Ann 😀", (0, 3), "utf16", (0, 3), ()),
        ("Ann 😀", (4, 6), "utf16", (4, 5), ("utf16_offsets",)),
        ("no emoji: Ann", (10, 13), "utf16", (10, 13), ()),
        ("😀 Ann", (2, 5, "Ann"), "utf16", (2, 5), ("character_offsets",)),
        ("😀 Ann", (3, 6, "Ann"), "characters", (2, 5), ("utf16_offsets",)),
        ("a\r\nb\r\nAnn", (4, 7, "Ann"), "characters", (6, 9), ("crlf_offsets",)),
        ("a\r\nb\r\nAnn", (6, 9, "Ann"), "characters", (6, 9), ()),
        ("a\r\nb\r\nAnn", (6, 9), "characters", (6, 9), ()),
        ("Port\r\nNess", (0, 9, "Port\nNess"), "characters", (0, 10), ("crlf_offsets",)),
        ("Port\nNess", (0, 9, "Port\\nNess"), "characters", (0, 9), ()),
        ("Port\nNess", (0, 9, "Port Ness"), "characters", (0, 9), ()),
        ("\ufeffAnn", (1, 4), "characters", (1, 4), ()),
        ("אבא בא", (0, 3), "utf16", (0, 3), ()),
    ],
)
def test_repairs(text, annotation, unit, mention, repairs):
    start, end, quote = (*annotation, "")[:3]
    verdict = one(text, start, end, quote=quote, unit=unit)
    assert verdict.mention == ("X", *mention)
    assert verdict.repairs == repairs


@pytest.mark.parametrize(
    ("text", "annotation", "unit", "problem"),
    [
        ("Ann", (0, 4), "characters", "out_of_range"),
        ("Ann", (-1, 2), "characters", "out_of_range"),
        ("Ann", (0, 10**300), "characters", "out_of_range"),
        ("Ann", (0, 1e300), "characters", "out_of_range"),
        ("Ann", (0, 4, "Ann"), "characters", "out_of_range"),
        ("😀 Ann", (0, 99), "utf16", "out_of_range"),
        ("😀 Ann", (1, 6), "utf16", "inside_character"),
        ("Ann", (2, 2), "characters", "empty"),
        ("Ann", (2, 1), "characters", "empty"),
        ("a  b", (1, 3), "characters", "white_space"),
        ("Ann", (0, 1.5), "characters", "not_a_number"),
        ("Ann", (0, math.nan), "characters", "not_a_number"),
        ("Ann", (0, math.inf), "characters", "not_a_number"),
        ("Ann", (False, 3), "characters", "not_a_number"),
        ("Ann", ("0", 3), "characters", "not_a_number"),
        ("Ann", (None, 3), "characters", "not_a_number"),
        ("Ann", (DEEP, 3), "characters", "not_a_number"),
        ("Ann Bo", (0, 3, "Bo"), "characters", "text_differs"),
    ],
)
def test_quarantines(text, annotation, unit, problem):
    start, end, quote = (*annotation, "")[:3]
    verdict = one(text, start, end, quote=quote, unit=unit)
    assert (verdict.mention, verdict.problem) == (None, problem)


@pytest.mark.parametrize("label", [None, "", "  ", 3, True, ["X"], {}])
def test_a_type_that_is_no_text_is_quarantined(label):
    assert one("Ann", 0, 3, label).problem == "no_type"


@pytest.mark.parametrize(
    ("label", "kind"), [(" Creative Work\n", "Creative_Work"), ("a,b", "a_b"), ("<b>", "_b_"), ("x\0\ud800", "x__")]
)
def test_a_type_becomes_fit_for_a_tag(label, kind):
    assert one("Ann", 0, 3, label)[1:] == (Mention(kind, 0, 3), ("type_renamed",), "")


def test_of_overlapping_mentions_the_longest_stays():
    text = "Bank of New York City"
    spans = [(8, 16, "LOC"), (0, 16, "ORG"), (8, 21, "LOC"), (0, 16, "ORG"), (0, 16, "LOC"), (17, 21, "LOC")]
    verdicts = judge(text, *(Annotation(None, kind, ((a, b),)) for a, b, kind in spans))
    assert [verdict.problem for verdict in verdicts] == ["nested", "", "overlap", "duplicate", "second_type", ""]
    touching = judge("ab", Annotation(None, "X", ((0, 1),)), Annotation(None, "X", ((1, 2),)))
    assert all(verdict.mention for verdict in touching)


def test_spans_that_are_the_same_after_trimming_are_duplicates():
    verdicts = judge("hi Ann ", Annotation(None, "X", ((3, 6),)), Annotation(None, "X", ((2, 7),)))
    assert [verdict.problem for verdict in verdicts] == ["", "duplicate"]


@pytest.mark.parametrize(
    ("text", "parts", "quote", "mention", "problem"),
    [
        ("Port\nNess", ((0, 4), (5, 9)), "Port Ness", ("X", 0, 9), ""),
        ("Port\nNess", ((5, 9), (0, 4)), "Ness Port", ("X", 0, 9), ""),
        ("North and South Korea", ((0, 5), (16, 21)), "North Korea", None, "discontinuous"),
        ("Port\nNess", ((0, 4), (5, 5)), "Port", None, "empty"),
    ],
)
def test_parts(text, parts, quote, mention, problem):
    (verdict,) = judge(text, Annotation(None, "X", parts, quote))
    assert (verdict.mention, verdict.problem) == (mention, problem)
    assert verdict.repairs == (("joined_parts",) if mention else ())


def test_an_annotation_without_offsets_is_malformed():
    (verdict,) = judge("Ann", Annotation("PER"))
    assert verdict.problem == "malformed"


def test_many_nested_annotations_take_no_long_time():
    text = "a " * 20_000
    verdicts = judge(text, *(Annotation(None, "X", ((0, end),)) for end in range(1, len(text))))
    assert sum(verdict.mention is not None for verdict in verdicts) == 1


def test_the_rules_and_problems_that_are_used_are_those_that_are_described():
    source = "".join(
        path.read_text() for path in (ROOT / "src/nerpipe/annotations").glob("*.py") if path.name != "documents.py"
    )
    for name in (*ANNOTATION_PROBLEMS, *REPAIRS):
        assert re.search(rf'"{name}"', source), name


NUMBERS = st.one_of(
    st.integers(-3, 20), st.floats(-2, 20), st.sampled_from([None, True, "3", math.nan, math.inf, 10**30, 2.0])
)
TEXTS = st.text(st.sampled_from(" \n\rabA.,-\u3000😀אב\u0301\u200d"), max_size=14)


@given(
    text=TEXTS,
    raw=st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from(["X", "Y", "", None]), TEXTS), max_size=8),
    unit=st.sampled_from(["characters", "utf16"]),
)
def test_whatever_comes_each_annotation_has_one_verdict_and_mentions_do_not_overlap(text, raw, unit):
    words = find_words(text)
    annotations = [Annotation(item, item[2], (item[:2],), item[3]) for item in raw]
    verdicts = judge_annotations(text, words, annotations, unit)
    assert [verdict.annotation for verdict in verdicts] == annotations
    assert all((verdict.mention is None) == bool(verdict.problem) for verdict in verdicts)
    assert {verdict.problem for verdict in verdicts} <= {"", *ANNOTATION_PROBLEMS}
    assert {rule for verdict in verdicts for rule in verdict.repairs} <= set(REPAIRS)
    mentions = sorted((verdict.mention for verdict in verdicts if verdict.mention), key=lambda m: m.start)
    covered = {index for start, end in words for index in range(start, end)}
    for mention in mentions:
        assert {mention.start, mention.end - 1} <= covered
    assert all(before.end <= after.start for before, after in pairwise(mentions))
