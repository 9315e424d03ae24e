"""Folds: documents stay whole, no model sees the answer, and the folds depend on the sentences alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.errors import NerpipeError
from nerpipe.inspection.folds import assign_folds

SENTENCES = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz")), min_size=24, max_size=60)


@given(words=SENTENCES, count=st.integers(2, 5), data=st.data())
def test_no_model_sees_a_sentence_that_it_judges_nor_a_copy_of_it(words, count, data):
    documents = data.draw(st.lists(st.sampled_from([None, *"ABCDEFGHIJKL"]), min_size=len(words), max_size=len(words)))
    if len(set(words)) < count:
        return
    folds = assign_folds(words, documents, count)
    assert sorted(np.unique(folds.number)) == [*range(count)]
    for fold in range(count):
        judged = {words[at] for at in np.flatnonzero(folds.held_out(fold))}
        assert judged.isdisjoint(words[at] for at in np.flatnonzero(folds.seen(fold)))
        left = ~folds.held_out(fold) & ~folds.seen(fold)
        assert {words[at] for at in np.flatnonzero(left)} <= judged
    if folds.by == "document":
        for document in set(documents) - {None}:
            assert len({folds.number[at] for at, other in enumerate(documents) if other == document}) == 1


def test_folds_are_of_similar_size_and_do_not_depend_on_the_order():
    words = [(str(number),) for number in range(100)]
    folds = assign_folds(words, [None] * 100, 3)
    assert sorted(np.bincount(folds.number)) == [33, 33, 34]
    turned = assign_folds(words[::-1], [None] * 100, 3)
    assert (turned.number[::-1] == folds.number).all()


def test_documents_are_divided_if_they_are_too_few_or_too_uneven():
    words = [(str(number),) for number in range(90)]
    assert assign_folds(words, [f"{number // 10}" for number in range(90)], 3).by == "document"
    assert assign_folds(words, ["one"] * 90, 3).by == "sentence"
    assert assign_folds(words, ["big"] * 60 + [str(number) for number in range(30)], 3).by == "sentence"


def test_too_few_sentences_are_an_error():
    with pytest.raises(NerpipeError, match="train has 2 different sentences, too few for 3 folds"):
        assign_folds([("a",), ("b",), ("a",)], [None] * 3, 3)
