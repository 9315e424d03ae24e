"""From words to text: where blanks stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.contracts.joining import BLANKS, NO_BLANKS, Joining, find_joining, glued_words, join_words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["Ada", "slept", "."], "Ada slept ."),
        (["我", "在", "New", "York", "，", "2010", "年"], "我在New York，2010年"),
        (["ก็", "ดี"], "ก็ดี"),
        (["김", "씨"], "김 씨"),  # Korean has spaces between words.
        (["T", "-", "cell"], "T - cell"),
        ([], ""),
    ],
)
def test_joined_with_what_the_script_says(words, text):
    assert join_words(words, BLANKS)[0] == text


def test_a_mark_that_the_corpus_always_cuts_touches_words_and_no_other_mark_does():
    always = [["T", "-", "cell"]] * 10
    assert find_joining(always) == Joining(glued="-")
    assert find_joining(always[:9]) == BLANKS  # too few to tell
    assert find_joining([*always, ["t-shirt"]]) == BLANKS
    assert join_words(["(", "a", ")", "-", "T", "-", "cell", "-"], Joining(glued="-"))[0] == "( a ) - T-cell -"


def test_a_corpus_of_characters_and_one_of_blanks_are_known():
    assert find_joining([list("홍길동은")]) == NO_BLANKS
    assert find_joining([["The", " ", "dog", " ", "ran"]]) == NO_BLANKS
    assert find_joining([["The", "dog", "ran"] * 10, [" ", "x"]]) == BLANKS  # one stray blank
    assert find_joining([["a", "b"] * 60, ["dog", "cat"]]) == BLANKS
    assert find_joining([]) == BLANKS


@given(
    st.lists(st.text(alphabet="ab1-/ 中，ก김\u0301", min_size=1, max_size=4), max_size=8),
    st.sampled_from([BLANKS, NO_BLANKS, Joining(glued="-/")]),
)
def test_each_word_stands_where_its_place_says_and_only_blanks_are_between(words, joining):
    text, places = join_words(words, joining)
    assert [text[start:end] for start, end in places] == words
    glued = glued_words(words, joining)
    for number in range(1, len(words)):
        between = text[places[number - 1][1] : places[number][0]]
        assert between == ("" if number in glued else " ")
    assert len(text) == sum(map(len, words)) + max(len(words) - 1, 0) - len(glued)
