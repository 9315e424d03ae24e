"""Capitals in the tokenizer: the same cuts as before, the mark where it belongs, the same after saving and loading."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.tokenizing.capitals import MARK, keep_capitals, loses_capitals, unmarked_ids
from tiny import save_tiny


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(save_tiny(tmp_path_factory.mktemp("casing"), "bert"))


@pytest.fixture(scope="module")
def marked(plain, tmp_path_factory):
    """Saved and loaded, as every user of the model has it."""
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("marked")
    keep_capitals(plain).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


def cut(tokenizer, words):
    encoding = tokenizer.backend_tokenizer.encode(words, is_pretokenized=True, add_special_tokens=False)
    return encoding.tokens, encoding.word_ids


def test_a_capitalised_word_begins_with_a_marked_sub_word(marked):
    words = ["The", "the", "NASA", "iPhone", "Ab", "#Ab", "3D"]
    tokens, word_ids = cut(marked, words)
    firsts = [next(t for t, w in zip(tokens, word_ids, strict=True) if w == word) for word in range(len(words))]
    assert firsts == ["↑the", "the", "↑n", "i", "↑a", "#", "3"]
    assert sum(token.startswith(MARK) for token in tokens) == 3


# The normalizer removes these as control characters, but the pattern of the mark takes them for white space.
AMBIGUOUS = "\x0b\x0c\x85"


@given(
    st.lists(st.text(st.characters(exclude_characters=AMBIGUOUS, codec="utf-8"), min_size=1, max_size=8), max_size=5)
)
def test_words_are_cut_as_before_but_for_the_mark(plain, marked, words):
    words = [word.replace(MARK, "x") for word in words]
    tokens, word_ids = cut(marked, words)
    assert ([token.removeprefix(MARK) for token in tokens], word_ids) == cut(plain, words)


def test_text_is_marked_as_single_words_are(marked):
    tokens = marked.backend_tokenizer.encode("The end\nAb (Ab)", add_special_tokens=False).tokens
    assert [token for token in tokens if token.startswith(MARK)] == ["↑the", "↑a"]


def test_what_belongs_to_a_tokenizer_is_kept(plain, marked):
    assert marked.special_tokens_map == plain.special_tokens_map
    assert marked.model_max_length == plain.model_max_length
    assert marked("The a")["input_ids"][0] == plain("the a")["input_ids"][0]
    assert marked.decode(marked("The abc", add_special_tokens=False)["input_ids"]) == "the abc"


def test_each_marked_sub_word_stands_for_one_that_was_there(plain, marked):
    rows = len(plain)
    origins = unmarked_ids(marked, rows)
    assert len(origins) == len(marked) - rows
    for offset, origin in enumerate(origins):
        assert marked.convert_ids_to_tokens(rows + offset) == MARK + plain.convert_ids_to_tokens(origin)


@pytest.mark.parametrize(("kind", "loses"), [("bert", True), ("distilbert", False), ("roberta", False)])
def test_only_a_tokenizer_that_lower_cases_loses_capitals(tmp_path, kind, loses):
    from transformers import AutoTokenizer

    assert loses_capitals(AutoTokenizer.from_pretrained(save_tiny(tmp_path, kind))) is loses
