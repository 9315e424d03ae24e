"""Capitals in the tokenizer: the same cuts as before, twins where they belong, exact places, the same after saving."""

import json
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.tokenizing.capitals import INSIDE, keep_capitals, loses_capitals, twins_from
from tiny import save_tiny

# Letters of many kinds: a capital with one or several small letters, without a capital, with accents, not cased.
ALPHABET = "æöøßﬁμµσςθкиіաა文ə"


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(save_tiny(tmp_path_factory.mktemp("casing"), "bert", alphabet=ALPHABET))


@pytest.fixture(scope="module")
def kept(plain, tmp_path_factory):
    """Saved and loaded, as every user of the model has it."""
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("kept")
    keep_capitals(plain).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def marked(plain):
    """An oracle: a mark in the text before each word that begins with a capital letter, and marked sub-words.

    `with_spaces` parts a capital from the punctuation before it.

    The marks take the place of the white space before them, so the places of sub-words are not those in the text.
    """
    from tokenizers import Tokenizer

    parts = json.loads(plain.backend_tokenizer.to_str())
    vocabulary = parts["model"]["vocab"]
    small = [piece for piece in vocabulary if piece[0].islower() and piece[0].upper() != piece[0]]
    for piece in sorted(small, key=lambda piece: vocabulary[piece]):
        vocabulary["↑" + piece] = len(vocabulary)
    marking = [
        {"type": "Prepend", "prepend": " "},
        {"type": "Replace", "pattern": {"Regex": r"\s(?=\p{Lu})"}, "content": " ↑"},
    ]
    parts["normalizer"] = {"type": "Sequence", "normalizers": [*marking, parts["normalizer"]]}
    return Tokenizer.from_str(json.dumps(parts))


def with_spaces(text):
    """Put a space between punctuation and a capital behind it, where a word may begin. The tokenizer cuts there too."""
    return regex.sub(r"(?<=[\p{ASCII}&&[\p{P}$+<=>^`|~]--[_'.&]]|[¡«»¿–—‘“”„‹›…])(?=\p{Lu})", " ", text, flags=regex.V1)


def cut(tokenizer, words):
    encoding = tokenizer.backend_tokenizer.encode(words, is_pretokenized=True, add_special_tokens=False)
    return encoding.tokens, encoding.word_ids


def test_a_capitalised_word_begins_with_a_twin(kept):
    words = ["The", "the", "NASA", "iPhone", "Ab", "#Ab", "3D", "Öl", "\u0395", "ẞ", "\u212aa", "θ", "\u03f4"]
    tokens, word_ids = cut(kept, words)
    firsts = [next(t for t, w in zip(tokens, word_ids, strict=True) if w == word) for word in range(len(words))]
    assert firsts == ["The", "the", "N", "i", "A", "#", "3", "O", "[UNK]", "ẞ", "K", "θ", "Θ"]


def test_a_capital_behind_punctuation_begins_a_word(kept):
    words = ["#The", "@Ab", "(The", "“The", "a-The", "a/The", "don'The", "a.The", "a&The", "a_The", "°The", "aThe"]
    tokens, word_ids = cut(kept, words)
    twins = {words[word] for token, word in zip(tokens, word_ids, strict=True) if token[0].isupper()}
    assert twins == {"#The", "@Ab", "(The", "“The", "a-The", "a/The"}


def test_the_tokenizer_cuts_wherever_a_capital_begins_a_word(plain):
    """Otherwise a sub-word in the middle of a word would have to be a twin, and there is none."""
    from tokenizers import Regex, normalizers

    first = normalizers.Replace(Regex(INSIDE + "A"), "a")
    marks = [mark for mark in map(chr, range(1, 0x20000)) if unicodedata.category(mark) != "Cs"]
    behind = [mark for mark in marks if first.normalize_str(mark + "A").endswith("A")]
    assert {*'("@#-/“«¿'} <= {*behind}
    cuts = plain.backend_tokenizer.pre_tokenizer
    together = [mark for mark in behind if not mark.isspace() and len(cuts.pre_tokenize_str(mark + "a")) == 1]
    assert together == []


def same_in_both(text):
    """Tell whether the two ways are meant to agree on a text.

    The mark stood before capitals that have no small letter, such as U+211D, and split the word. Letters whose capital
    has a form of its own for titles (ᾮ) had no mark. The normalizer removes the control characters that the pattern of
    the mark takes for white space. None of this is kept.
    """
    return not any(
        letter in "↑\x0b\x0c\x85\x1c\x1d\x1e\x1f"
        or unicodedata.category(letter) in ("Lt", "Cn")
        or (unicodedata.category(letter) == "Lu" and letter.lower() == letter)
        for letter in text
    )


LETTERS = st.sampled_from([*ALPHABET, *ALPHABET.upper(), *"abAB .,@#'-(\t\u00a0\u0301\u200b\u0130ẞ\u212a\u03f4Éé"])
TEXTS = st.text(st.one_of(LETTERS, st.characters(codec="utf-8")), max_size=20).filter(same_in_both)


@given(TEXTS)
def test_the_ids_of_a_text_are_those_of_marks_in_it(marked, kept, text):
    backend = kept.backend_tokenizer
    assert backend.encode(text).ids == marked.encode(with_spaces(text)).ids


@given(st.lists(TEXTS.filter(bool), max_size=5))
def test_the_ids_of_words_are_those_of_marks_before_them(plain, marked, kept, words):
    backend = kept.backend_tokenizer
    found = backend.encode(words, is_pretokenized=True)
    expected = marked.encode([*map(with_spaces, words)], is_pretokenized=True)
    assert (found.ids, found.word_ids) == (expected.ids, expected.word_ids)
    assert cut(plain, words)[1] == cut(kept, words)[1]


WORDS = st.lists(st.text("abAB文ÉöÖ(@-\u0301", min_size=1, max_size=4), min_size=1, max_size=5)


@given(WORDS, st.sampled_from(" \t\n"))
def test_the_sub_words_of_a_word_cover_the_word_in_the_text(kept, words, space):
    text = space + space.join(words)
    encoding = kept.backend_tokenizer.encode(text, add_special_tokens=False)
    covered = {place for start, end in encoding.offsets for place in range(start, end)}
    assert not any(text[place].isspace() for place in covered)
    assert all(place in covered for place, letter in enumerate(text) if letter.isalpha())


def test_what_belongs_to_a_tokenizer_is_kept(plain, kept):
    assert kept.special_tokens_map == plain.special_tokens_map
    assert kept.model_max_length == plain.model_max_length
    assert kept("The a")["input_ids"][0] == plain("the a")["input_ids"][0]
    assert kept.decode(kept("The abc", add_special_tokens=False)["input_ids"]) == "The abc"


def test_each_twin_has_the_name_of_its_sub_word_with_a_capital(plain, kept):
    twins = twins_from(kept, len(plain))
    assert len(twins) == len(kept) - len(plain)
    for piece, origin in twins.items():
        small = plain.convert_ids_to_tokens(origin)
        assert piece.lower() == small or (piece == f"[unused {small}]" and small in "ﬁςµ")
    assert {"The", "A", "Ö" if "ö" in twins else "O", "Σ", "Μ", "ẞ"} <= set(twins)


def test_a_capital_that_no_text_reached_makes_room_for_the_twin(plain, kept):
    assert plain.convert_ids_to_tokens(plain.vocab["A"]) == "A"
    assert kept.vocab["[unused A]"] == plain.vocab["A"]
    assert kept.vocab["A"] >= len(plain)


def test_accents_that_a_tokenizer_keeps_are_kept(tmp_path):
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(save_tiny(tmp_path, "bert", alphabet="éi̇"))
    parts = json.loads(tokenizer.backend_tokenizer.to_str())
    parts["normalizer"]["strip_accents"] = False
    tokenizer.backend_tokenizer.normalizer = Tokenizer.from_str(json.dumps(parts)).normalizer
    tokens, _ = cut(keep_capitals(tokenizer), ["Éa", "aÉ", "é", "\u0130a", "a\u0130"])
    assert tokens == ["É", "##a", "a", "##é", "é", "I", "##\u0307", "##a", "a", "##i", "##\u0307"]


@pytest.mark.parametrize(("kind", "loses"), [("bert", True), ("distilbert", False), ("roberta", False)])
def test_only_a_tokenizer_that_lower_cases_loses_capitals(tmp_path, kind, loses):
    from transformers import AutoTokenizer

    assert loses_capitals(AutoTokenizer.from_pretrained(save_tiny(tmp_path, kind))) is loses
