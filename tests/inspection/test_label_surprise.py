"""The surprise of labels and the probability of entities, against independent computations."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.inference.decoding import DecodingWeights, iob2_transitions
from nerpipe.inspection.label_surprise import (
    PRIOR_WORDS,
    gold_confidences,
    missed_words,
    sentence_surprise,
    with_learnt_bias,
)

UNWEIGHTED = DecodingWeights()


def none_missed(words):
    return np.zeros(words, dtype=bool)


def random_words(generator, words, labels):
    logits = generator.normal(size=(words, labels)) * 3
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def test_where_the_model_is_as_sure_of_every_label_it_is_cleanlabs_minimum_of_self_confidence():
    """cleanlab.token_classification.rank: p[label] of each token, and the minimum over the tokens of a sentence.

    On such data cleanlab 2.9.0 gave the same scores. It is not installed with the project.
    """
    rows = random_words(np.random.default_rng(0), 4, 3)
    scores = np.concatenate([np.roll(rows, shift, axis=1) for shift in range(3)])
    gold, lengths = np.repeat([0, 1, 2], 4), [4, 1, 7]
    quality = np.exp(-sentence_surprise(scores, np.ones(12, dtype=bool), gold, none_missed(12), lengths, outside=0))
    own = np.exp(scores[np.arange(12), gold])
    assert quality == pytest.approx([min(part) for part in np.split(own, [4, 5])])


@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_it_is_what_plain_loops_compute(lengths, seed):
    generator = np.random.default_rng(seed)
    words, labels, outside = sum(lengths), 4, 1
    scores = random_words(generator, words, labels)
    gold, seen = generator.integers(0, labels, words), generator.random(words) < 0.9
    scores[~seen] = -np.inf
    read = [at for at in range(words) if seen[at]]
    entities = [scores[at, gold[at]] for at in read if gold[at] != outside]
    prior = sum(entities) / max(len(entities), 1)
    usual = {}
    for label in range(labels):
        of_label = [scores[at, label] for at in read if gold[at] == label]
        extra = 0 if label == outside else PRIOR_WORDS
        usual[label] = math.exp((sum(of_label) + extra * prior) / max(len(of_label) + extra, 1))
    surprise = {}
    for at in read:
        balanced = [math.exp(scores[at, label]) / usual[label] for label in range(labels)]
        surprise[at] = -math.log(balanced[gold[at]] / sum(balanced))
    missed = generator.random(words) < 0.3
    of_missed = [surprise[at] for at in read if missed[at]]
    mean = sum(of_missed) / max(len(of_missed), 1)
    wanted, start = [], 0
    for length in lengths:
        wanted.append(max([0.0, *(surprise[at] - missed[at] * mean for at in read if start <= at < start + length)]))
        start += length
    found = sentence_surprise(scores, seen, gold, missed, lengths, outside)
    assert found.tolist() == pytest.approx(wanted)


def test_a_missed_entity_shares_no_word_with_a_predicted_one():
    gold = [["B-x", "I-x", "O", "B-y"], ["B-x", "I-x"], ["O"]]
    predicted = [["O", "O", "B-x", "O"], ["O", "B-y"], ["B-x"]]
    assert missed_words(gold, predicted).tolist() == [True, True, False, True, False, False, False]


def test_a_contradiction_comes_before_a_name_that_the_model_does_not_see():
    """Both gold labels have a probability of 0.02: at one word the model sees another type, at the other nothing."""
    usual = [[0.98, 0.01, 0.01]] * 90 + [[0.7, 0.25, 0.05]] * 8 + [[0.2, 0.75, 0.05]] * 30
    scores = np.log([*usual, [0.97, 0.02, 0.01], [0.06, 0.02, 0.92]])
    gold = np.array([0] * 90 + [1] * 40)
    missed = np.array([False] * 90 + [True] * 8 + [False] * 30 + [True, False])
    found = sentence_surprise(scores, np.ones(130, dtype=bool), gold, missed, [1] * 130, outside=0)
    assert found[129] == found.max() > found[128] + 1


def test_an_entity_that_nobody_labelled_comes_before_one_that_the_model_does_not_know():
    """Both labels have a probability of 0.1, but the model is usually sure of O, and not of entities."""
    usual = [[0.99, 0.01]] * 90 + [[0.7, 0.3]] * 8
    scores = np.log([*usual, [0.1, 0.9], [0.9, 0.1]])
    gold = np.array([0] * 90 + [1] * 8 + [0, 1])
    found = sentence_surprise(scores, np.ones(100, dtype=bool), gold, none_missed(100), [1] * 100, outside=0)
    assert np.argsort(-found, kind="stable")[:2].tolist() == [98, 99]
    assert found[98] - found[99] > 1


def test_the_labels_of_a_rare_type_can_be_surprising_too():
    scores = np.log([*[[0.9, 0.05, 0.05]] * 50, *[[0.3, 0.6, 0.1]] * 50, [0.98, 0.01, 0.01]])
    gold = np.array([0] * 50 + [1] * 50 + [2])
    found = sentence_surprise(scores, np.ones(101, dtype=bool), gold, none_missed(101), [1] * 101, outside=0)
    assert found.argmax() == 100
    assert found[100] > 2


def test_the_bias_of_training_is_added_to_o():
    found = with_learnt_bias(np.log([[0.5, 0.5]]), ["O", "B-x"], 1.0)
    assert np.exp(found[0]) == pytest.approx([math.e / (1 + math.e), 1 / (1 + math.e)])


@pytest.mark.parametrize("penalty", [0.0, 2.0])
def test_an_entity_has_the_share_of_all_allowed_sequences_that_hold_it(penalty):
    labels = ["O", "B-x", "I-x", "B-y", "I-y"]
    table = iob2_transitions(labels, penalty)
    gold, scores = np.array([1, 2, 3, 0]), random_words(np.random.default_rng(2), 4, 5)
    sums = {"all": 0.0, "x": 0.0, "y": 0.0, "O": 0.0}
    for path in product(range(5), repeat=4):
        weight = scores[range(4), path].sum() + sum(table.weights[a, b] for a, b in pairwise(path))
        if not table.begin[path[0]] or weight == -np.inf:
            continue
        part = np.exp(weight)
        sums["all"] += part
        sums["x"] += part * (path[:2] == (1, 2) and path[2] != 2)
        sums["y"] += part * (path[2] == 3 and path[3] != 4)
        sums["O"] += part * (path[3] == 0)
    weights = DecodingWeights(adjoining_penalty=penalty)
    found = gold_confidences(scores, np.ones(4, dtype=bool), gold, [4], labels, weights)
    assert found == pytest.approx([sums[key] / sums["all"] for key in ("x", "x", "y", "O")])


def test_a_word_that_the_model_did_not_read_has_no_probability_and_no_surprise():
    scores, seen = np.log([[0.9, 0.1], [1.0, 1e-300]]), np.array([True, False])
    gold = np.array([0, 1])
    assert gold_confidences(scores, seen, gold, [2], ["O", "B-x"], UNWEIGHTED) == pytest.approx([0.9, 0.0])
    assert sentence_surprise(scores, seen, gold, none_missed(2), [1, 1], outside=0)[1] == 0
