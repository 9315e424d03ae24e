"""Splitting of words into sub-words: as the tokenizer splits a sentence that is given in one piece."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.tokenizing import subwords
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


@pytest.fixture(scope="module", params=["kept", "lost"])
def reads_lines(request, tmp_path_factory):
    """A tokenizer that may be given many words as one line."""
    folder = save_tiny(tmp_path_factory.mktemp("lines"), "bert")
    backend = load_tokenizer(spec_of(folder), capitals=request.param).backend_tokenizer
    assert subwords._reads_words_alike(backend)
    return backend


@given(
    st.lists(
        st.one_of(
            st.text(min_size=1, max_size=6),
            st.text("AbÉéß\u0130\u0301\u200b\u00a0\x00\x1c 文.[]", min_size=1, max_size=6),
            st.sampled_from(["[UNK]", "[SEP]", "x[PAD]", "U.S.", "don't", "🇩🇪", "a" * 150]),
        ),
        max_size=12,
    )
)
def test_words_of_a_line_are_read_as_words_that_are_given_apart(reads_lines, words):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subwords, "LINE", 3)
        found = list(subwords._encode_lines(reads_lines, words))
    assert found == list(subwords._encode_apart(reads_lines, words))


def test_a_tokenizer_that_marks_word_starts_is_given_words_apart(tmp_path):
    backend = load_tokenizer(spec_of(save_tiny(tmp_path, "roberta")), capitals="kept").backend_tokenizer
    assert not subwords._reads_words_alike(backend)


@pytest.mark.parametrize("change", ["a token that takes the space before it", "a pattern of several characters"])
def test_a_tokenizer_that_looks_beyond_a_word_is_given_words_apart(change, tmp_path):
    from tokenizers import AddedToken
    from tokenizers.normalizers import Replace

    backend = load_tokenizer(spec_of(save_tiny(tmp_path, "bert")), capitals="lost").backend_tokenizer
    if change.startswith("a token"):
        backend.add_tokens([AddedToken("abc", lstrip=True)])
    else:
        backend.normalizer = Replace("a b", "c")
    assert not subwords._reads_words_alike(backend)
