"""Corrected tasks: the words of a sentence are found in the text that a tool gives back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.annotations.corrections import RefusedTask, read_tasks, wanted_spans, word_places
from nerpipe.contracts.joining import BLANKS, NO_BLANKS, Joining, join_words
from nerpipe.contracts.schemes import Span
from nerpipe.errors import NerpipeError

WORDS = st.lists(st.text("ab-/ 日本。é😀\u200d", min_size=1, max_size=4), min_size=1, max_size=8)
ID = "mine:3:0123456789ab"


@given(words=WORDS, joining=st.sampled_from([BLANKS, NO_BLANKS, Joining(glued="-/")]))
def test_the_words_are_found_in_the_text_of_their_task(words, joining):
    text, places = join_words(words, joining)
    found = word_places(text, words)
    assert found is not None
    for word, place, (start, end) in zip(words, places, found, strict=True):
        shown = word.strip()
        if shown:
            assert text[start:end] == shown
            assert place[0] <= start < end <= place[1]
        else:
            assert start == end


@given(words=WORDS, other=WORDS)
def test_another_sentence_is_not_found(words, other):
    text = " ".join(words)
    same = "".join(text.split()) == "".join("".join(other).split())
    assert (word_places(text, other) is not None) == same


def task(tmp_path, **record):
    (tmp_path / "export.jsonl").write_text(
        json.dumps({"nerpipe_id": ID, "text": "Ann Lee sang .", "label": []} | record)
    )
    (found,) = read_tasks([tmp_path / "export.jsonl"])
    return found


def test_entities_become_spans_of_words(tmp_path):
    found = task(tmp_path, label=[[8, 12, "x"], [0, 8, "person"]])
    assert str(found.id) == ID
    assert wanted_spans(found, ["Ann", "Lee", "sang", "."]) == [Span("person", 0, 2), Span("x", 2, 3)]


@pytest.mark.parametrize(
    ("record", "words", "why"),
    [
        ({"label": [[0, 2, "x"]]}, ["Ann", "Lee", "sang", "."], "x 'An' begins or ends inside a word"),
        ({}, ["Ann", "Lee", "sings", "."], "is not that of the sentence, 'Ann Lee sings .'"),
        ({"label": [[0, 30, "x"]]}, ["Ann", "Lee", "sang", "."], "the start or the end lies outside the text"),
        ({"label": [[0, 7, "x"], [0, 3, "y"]]}, ["Ann", "Lee", "sang", "."], "lies inside a longer one"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(tmp_path, record, words, why):
    found = wanted_spans(task(tmp_path, **record), words)
    assert isinstance(found, RefusedTask)
    assert why in found.why
    assert found.place.endswith("export.jsonl:1")


@pytest.mark.parametrize(
    "wrong", [None, 7, "", "mine", "mine:x:12", "mine:3:", ":3:ab", "mine:³:ab", f"mine:{'9' * 400}:ab"]
)
def test_a_record_without_a_usable_id_is_refused(tmp_path, wrong):
    found = task(tmp_path, label=[[0, 3, "x"]], nerpipe_id=wrong)
    assert isinstance(found, RefusedTask)
    assert "no field nerpipe_id" in found.why


def test_a_format_without_ids_is_an_error(tmp_path):
    (tmp_path / "words.jsonl").write_text('{"tokens": ["Ann"], "ner_tags": ["B-x"]}\n')
    with pytest.raises(NerpipeError, match="the format is Hugging Face, but corrections can be taken from doccano, "):
        list(read_tasks([tmp_path / "words.jsonl"]))
