"""Words, sentences and tags of a text: every mention can be read back, and no character but white space is lost."""

import re

from hypothesis import given
from hypothesis import strategies as st

from nerpipe.annotations.offsets import Mention
from nerpipe.annotations.text_words import tagged_sentences
from nerpipe.contracts.schemes import spans_of
from nerpipe.contracts.word_rules import find_words

TEXTS = st.text(
    st.one_of(st.sampled_from(" \n\r\u2028abA.,-'\u3000😀👩\u200dאב\u0301"), st.characters(codec="utf-8")), max_size=30
)


@st.composite
def text_and_mentions(draw):
    """A text and mentions that begin and end with a word and do not overlap."""
    text = draw(TEXTS)
    covered = sorted({index for start, end in find_words(text) for index in range(start, end)})
    edges = sorted(draw(st.sets(st.sampled_from(covered), max_size=8))) if covered else []
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return text, [Mention(draw(st.sampled_from("XY")), start, end + 1) for start, end in pairs]


@given(text_and_mentions())
def test_mentions_and_characters_are_all_there(drawn):
    text, mentions = drawn
    words = find_words(text)
    sentences, splits = tagged_sentences(text, words, mentions)
    rows = [row for rows in sentences for row in rows]
    assert "".join(word for word, _ in rows) == "".join(text[start:end] for start, end in words)
    assert all(sentences)
    read = [
        (span.type, "".join(word for word, _ in rows[span.start : span.end]))
        for rows in sentences
        for span in spans_of([tag for _, tag in rows])
    ]
    pieces = {
        m: "".join(text[max(a, m.start) : min(b, m.end)] for a, b in words if a < m.end and m.start < b)
        for m in mentions
    }
    assert read == [(m.type, pieces[m]) for m in mentions]
    assert splits <= len(words)
    breaks = sum(bool(re.search("[\n\r\u2028\u2029]", gap)) for gap in re.split(r"[^\s]+", text))
    assert len(sentences) <= breaks + 1


def test_adjoining_mentions_stay_two():
    (rows,), splits = tagged_sentences("AdaBo", find_words("AdaBo"), [Mention("X", 0, 3), Mention("X", 3, 5)])
    assert rows == [("Ada", "B-X"), ("Bo", "B-X")]
    assert splits == 1
