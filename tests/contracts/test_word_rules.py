"""The word rules: what stays whole, and that nothing but white space is left out."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.contracts import word_rules
from nerpipe.contracts.word_rules import RULES, find_words
from places import MIRROR

SPACE = re.compile(r"\s")  # White space to Python.


def words(text, rule="general"):
    return [text[start:end] for start, end in find_words(text, rule)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@nasa's #Mars trip :-) http://t.co/x1.", ["@nasa", "'s", "#Mars", "trip", ":-)", "http://t.co/x1", "."]),
        ("I'm at U.S. 8-10pm, it's $119!", ["I'm", "at", "U.S.", "8-10pm", ",", "it", "'s", "$119", "!"]),
        ("(@PNDRS) 100% AT&T R&B", ["(", "@PNDRS", ")", "100%", "AT&T", "R&B"]),
        ("end.Start bit.ly/abc", ["end", ".", "Start", "bit.ly/abc"]),
        ("see http://a.b/c). mail foo.b@bar.com,", ["see", "http://a.b/c", ")", ".", "mail", "foo.b@bar.com", ","]),
        ("&amp; ... !!?? --- :D xD :'( <3 ^_^", ["&amp;", "...", "!!??", "---", ":D", "xD", ":'(", "<3", "^_^"]),
        ("text:D 2:3 :30 8)", ["text", ":", "D", "2:3", ":", "30", "8", ")"]),
        ("30,000 7:30 1/31 1.5", ["30,000", "7:30", "1/31", "1.5"]),
        ("it 's I 'm", ["it", "'s", "I", "'m"]),
        ("O’Brien’s don’t", ["O’Brien", "’s", "don’t"]),
        ("👩‍👩‍👧👍🏽 e\u0301a שלום می‌خواهم नमस्ते", ["👩‍👩‍👧", "👍🏽", "e\u0301a", "שלום", "می‌خواهم", "नमस्ते"]),
        ("!\u0301 \u0301", ["!\u0301", "\u0301"]),
        ("\u0600 12 \u0600\u06dd\u3000x \u060012", ["\u0600", "12", "\u0600\u06dd", "x", "\u06001", "2"]),
        ("a\x1fb \x1c\x1d-c", ["a", "b", "-", "c"]),
        (" \t\n\u00a0\u3000", []),
        ("", []),
    ],
)
def test_the_words_of(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ("punctuation", "Bildungs- und 100% (Peel's)", ["Bildungs-", "und", "100", "%", "(", "Peel's", ")"]),
        ("punctuation", "EU-Ost, -Einsätzen ... @nasa", ["EU-Ost", ",", "-Einsätzen", "...", "@", "nasa"]),
        ("punctuation", "$5 z.B. 30,000 U.S.", ["$", "5", "z.B.", "30,000", "U.S."]),
        ("fine", "BRCA1-associated and/or (APC)-like", "BRCA1 - associated and / or ( APC ) - like".split()),  # noqa: SIM905
        ("mixed", "GDP在2010年增长5%，ก็ดี", ["GDP", "在", "2010", "年", "增", "长", "5", "%", "，", "ก็", "ดี"]),
        ("mixed", "東京タワーへ go", ["東", "京", "タ", "ワ", "ー", "へ", "go"]),
        ("characters", "홍길동 ab\n", ["홍", "길", "동", "a", "b"]),
        ("blanks", "홍길동 a\u00a0b\t\n", ["홍", "길", "동", " ", "a", "\u00a0", "b"]),
    ],
)
def test_the_words_of_each_rule(rule, text, expected):
    assert words(text, rule) == expected


JOINING = "\u0600\u06dd\U000110bd"  # They combine with the next character.
TEXTS = st.text(
    alphabet=st.characters(codec="utf-8") | st.sampled_from(f" -/.'%$中ก\u0301\u200d\u3000a1A{JOINING}"), max_size=60
)


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"blanks"}))
@given(text=TEXTS)
def test_words_hold_all_but_white_space_once_and_in_order(rule, text):
    places = find_words(text, rule)
    assert all(start < end for start, end in places)
    assert all(before[1] <= after[0] for before, after in pairwise(places))
    covered = {index for start, end in places for index in range(start, end)}
    assert all(SPACE.match(text[index]) for index in range(len(text)) if index not in covered)
    assert not any(SPACE.search(text[start:end]) for start, end in places)


@pytest.mark.parametrize(
    "unit", ["+-", "()", "(", "A.", "a.", "!", "&a", ":", "x-", "$a", "a@", "a'", "xD(", "\u0301", "<3", "'s", ":("]
)
def test_no_text_makes_it_slow(unit):
    # It takes 0.1 s; a rule that looks back over the text takes many minutes, and then this raises TimeoutError.
    for pattern in (word_rules._WORD, word_rules._PLAIN, word_rules._FINE_PART, word_rules._MIXED_PART):
        assert list(pattern.finditer(unit * 30_000 + "BB", timeout=60))


@given(TEXTS)
def test_blanks_is_characters_and_the_blanks_between_them(text):
    found = find_words(text, "blanks")
    assert [place for place in found if not SPACE.match(text[place[0]])] == find_words(text, "characters")
    assert all(end - start == 1 for start, end in found)
    assert not {text[start] for start, _ in found} & set("\t\n\r\u2028")


def test_it_finds_the_words_of_wnut17(wnut17):
    del wnut17
    whole = total = 0
    for name in ("wnut17train.conll", "emerging.dev.conll"):
        for block in (MIRROR / "wnut17" / name).read_text(encoding="utf-8").replace("\n\t\n", "\n\n").split("\n\n"):
            tokens = [line.split("\t")[0] for line in block.splitlines() if line.split("\t")[0]]
            found, start = set(find_words(" ".join(tokens))), 0
            for token in tokens:
                whole += (start, start + len(token)) in found
                start += len(token) + 1
            total += len(tokens)
    assert whole / total > 0.99
