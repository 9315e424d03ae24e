"""Texts with a teacher's view: every sub-word that train learns from refers to what the teacher says of its word."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nerpipe.contracts.labels import IGNORED, continuations, make_labels
from nerpipe.contracts.views import Views
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.view_windows import tokenize_views
from tiny import save_tiny, spec_of

LABELS = make_labels(["person", "place"])


@pytest.fixture(scope="module", params=["bert", "roberta", "bare"])
def tokenizer(request, tmp_path_factory):
    """The last one adds no special tokens."""
    kind = "bert" if request.param == "bare" else request.param
    found = load_tokenizer(spec_of(save_tiny(tmp_path_factory.mktemp("views") / kind, kind)), capitals="kept")
    if request.param == "bare":
        from tokenizers.processors import TemplateProcessing

        found.backend_tokenizer.post_processor = TemplateProcessing(single="$A", pair="$A $B", special_tokens=[])
    return found


def views_of(sentences):
    """Each word has probabilities of its own."""
    words = sum(map(len, sentences))
    drawn = np.random.default_rng(1).dirichlet(np.ones(len(LABELS)), size=words)
    drawn[np.flatnonzero([word == "?" for words in sentences for word in words])] = 0  # The teacher cannot read it.
    return Views(sentences, drawn.astype(np.float32), 0.0)


@pytest.mark.parametrize("everywhere", [False, True])
@settings(max_examples=40)
@given(
    st.lists(st.lists(st.sampled_from(["a", "abc", "Xy", "文", "\u200b", "?", "abcdefghijkl"]), min_size=1), min_size=1)
)
def test_each_word_with_a_sub_word_is_learnt_once_and_by_its_own_probabilities(tokenizer, everywhere, sentences):
    views = views_of(sentences)
    taught, row = tokenize_views(
        tokenizer, views, LABELS, max_length=12, stride=3, continuation=continuations(LABELS) if everywhere else None
    )
    assert row["sentences"] == len(sentences)
    assert row["tokens"] == sum(map(len, sentences))
    starts = np.cumsum([0, *map(len, sentences)])
    learnt = Counter()
    for labels, words, sentence in zip(
        *(taught.windows[name][:] for name in ("labels", "word_ids", "sentence")), strict=True
    ):
        previous = None
        for label, word in zip(labels, words, strict=True):
            if label != IGNORED:
                view = views.probabilities[starts[sentence] + word]
                if word == previous:
                    assert everywhere
                    view = np.array([view[0], 0, view[1] + view[2], 0, view[3] + view[4]])  # Of O, B-, I-, B-, I-.
                else:
                    learnt[sentence, word] += 1
                np.testing.assert_allclose(taught.probabilities[label - len(LABELS)], view, rtol=1e-6)
            previous = word
    assert set(learnt.values()) <= {1}
    unread = sum(words.count("?") for words in sentences)
    assert row["tokens"] - len(learnt) - unread == row["words_without_subword"]


def test_a_text_without_a_sub_word_teaches_nothing(tokenizer):
    """A byte-level tokenizer has sub-words for every character, the others have none for this one."""
    read = bool(tokenizer.backend_tokenizer.encode("\u200b", add_special_tokens=False).ids)
    taught, row = tokenize_views(tokenizer, views_of([["\u200b"]]), LABELS, max_length=12, stride=3, continuation=None)
    assert row["words_without_subword"] == (not read)
    assert sum(label != IGNORED for labels in taught.windows["labels"] for label in labels) == read
