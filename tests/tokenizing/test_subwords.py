"""Splitting of words into sub-words: as the tokenizer splits a sentence that is given in one piece."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.tokenizing.subwords import encode_words
from nerpipe.tokenizing.tokenizer import load_tokenizer
from tiny import save_tiny, spec_of


@pytest.fixture(scope="module", params=["bert", "roberta", "deberta"])
def backend(request, tmp_path_factory):
    folder = save_tiny(tmp_path_factory.mktemp("subwords"), request.param)
    return load_tokenizer(spec_of(folder), capitals="kept").backend_tokenizer


@given(st.lists(st.lists(st.text("Ab 文é.\u0301\u200b", min_size=1, max_size=4), max_size=6), max_size=4))
def test_words_are_split_as_in_their_sentence(backend, sentences):
    found = list(encode_words(backend, sentences))
    assert len(found) == len(sentences)
    for words, (ids, numbers, sizes) in zip(sentences, found, strict=True):
        given_words = ["_" if word.isspace() else word for word in words]
        whole = backend.encode(given_words, is_pretokenized=True, add_special_tokens=False)
        assert (ids, numbers) == (whole.ids, whole.word_ids)
        assert sizes == [numbers.count(number) for number in range(len(words))]
