"""The stock pipeline of transformers reads an exported folder: the place of every entity is exact in the text."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

STRATEGIES = ("simple", "first", "average", "max")
NOTEBOOK = "Apple Inc. is planning to open a new store in San Francisco, California."


@pytest.fixture(scope="module", params=STRATEGIES)
def stock(request, exported_tiny):
    from transformers import pipeline

    return pipeline("token-classification", model=str(exported_tiny), aggregation_strategy=request.param)


def check_places(text, groups):
    """Check the places of entities, and return how many there are."""
    ends = [0]
    for group in groups:
        start, end = group["start"], group["end"]
        found = text[start:end]
        assert found == found.strip() != "", (text, group)
        assert start >= ends[-1], (text, groups)
        ends.append(end)
    return len(groups)


def test_the_sentence_of_the_notebook(stock):
    assert check_places(NOTEBOOK, stock(NOTEBOOK))
    words = {match.span() for match in re.finditer(r"\w+|[^\w\s]", NOTEBOOK)}
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    if stock._postprocess_params["aggregation_strategy"].value != "simple":  # It may begin or end within a word.
        assert all(group["start"] in starts and group["end"] in ends for group in stock(NOTEBOOK))


HARD = "Ada San São É e\u0301 E\u0301 🙂 👩🏽\u200d🚀 שלום مرحبا 文 (Oslo) @Bo #Ab 'Ev' “Ah” U.S. - ẞ ﬁ \u200b İ 3D a/B"
SPACE = [" ", "  ", "\n", "\t", "\u00a0"]


@settings(max_examples=60)
@given(st.lists(st.sampled_from([*HARD.split(" "), *SPACE]), min_size=1, max_size=12).map("".join))
def test_places_are_exact_in_hard_text(stock, text):
    check_places(text, stock(text))
