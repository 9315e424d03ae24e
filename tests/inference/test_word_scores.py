"""Words read off windows, with a network that can be computed by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.inference.decoding import DecodingWeights
from nerpipe.inference.word_scores import Item, batches, decode_words, first_subwords, padded, score_words

LABELS = ["O", "B-person", "I-person"]


def network(input_ids, attention_mask):
    """Say label 1 for odd sub-words and 0 for even ones, and check the padding."""
    assert input_ids.shape == attention_mask.shape
    assert (input_ids[attention_mask == 0] == 9).all()
    logits = np.zeros((*input_ids.shape, 3), dtype=np.float32)
    logits[..., 1] = np.where(input_ids % 2, 4.0, -4.0)
    return logits


def test_each_word_gets_the_scores_of_its_position_whatever_the_batch():
    items = [Item([2, 1, 4], [1], [0]), Item([2, 4, 3, 5, 6], [1, 3], [1, 3]), Item([2], [], [])]
    for budget in (1, 5, 100):
        scores = score_words(items, network, words=4, labels=3, outside=0, pad_id=9, budget=budget)
        assert scores.seen.tolist() == [True, True, False, True]
        assert np.exp(scores.log_probabilities).sum(axis=1) == pytest.approx([1, 1, 1, 1])
        tags, confidences = decode_words(scores, [3, 1], LABELS)
        assert tags == [["B-person", "O", "O"], ["B-person"]]
        assert confidences[0][2] == 0.0
        assert confidences[1][0] == pytest.approx(np.exp(4) / (np.exp(4) + 1))  # no sentence begins with I-person


def test_the_bias_of_training_changes_confidences_and_no_tag():
    scores = score_words([Item([2, 1], [1], [0])], network, words=1, labels=3, outside=0, pad_id=9, budget=5)
    tags, confidences = decode_words(scores, [1], LABELS, DecodingWeights(outside_bias=1.5))
    assert tags == [["B-person"]]
    assert confidences[0][0] == pytest.approx(np.exp(4) / (np.exp(4) + np.exp(1.5)))


def test_only_owned_words_are_read_at_their_first_sub_word():
    assert first_subwords([-1, 0, 0, 1, 2, 2, -1], (1, 3)) == ([3, 4], [1, 2])
    assert first_subwords([-1, -1], (0, 5)) == ([], [])


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 200))
def test_batches_hold_every_window_once_and_keep_to_the_budget(lengths, budget):
    groups = list(batches(lengths, budget))
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) == 1 or len(group) * max(lengths[index] for index in group) <= budget


def test_padding_is_masked():
    ids, mask = padded([[1, 2, 3], [4]], 9)
    assert ids.tolist() == [[1, 2, 3], [4, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
