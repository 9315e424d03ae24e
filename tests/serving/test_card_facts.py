"""What the page takes from a model card, which people may have edited."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.serving.card_facts import MOST_SHOWN, CardFacts, read_card

METADATA = """---
widget:
- text: Ann in Ulm
- text: 3
- other: 1
- 'a text'
model-index:
- name: mine-ner
  results:
  - dataset: {name: mine, split: test}
    metrics:
    - {type: f1, value: 0.5}
    - {type: precision, value: 0.25}
    - {type: recall, value: 1}
    - {type: loss, value: 7}
---

# Text
---
"""


def test_name_scores_and_examples_are_read():
    scores = {"f1": 0.5, "precision": 0.25, "recall": 1}
    assert read_card(METADATA) == CardFacts("mine-ner", "mine", scores, ["Ann in Ulm"])
    assert read_card(METADATA.replace("\n", "\r\n")) == read_card(METADATA)


@pytest.mark.parametrize(
    "card",
    [
        "",
        "# The card",
        "---\n---\n",
        "---\n- a\n---\n",
        "---\nwidget: {a: [\n---\n",
        "---\nwidget: 2026-99-99\n---\n",
        "---\n" + "[" * 5000 + "\n---\n",
        "---\nwidget: !!python/object/apply:os.system [ls]\n---\n",
        "---\na: &a {x: 1}\nb: &b {<<: [*a, *a]}\nwidget: *b\n---\n",  # Forty such lines would take for ever.
        "---\nmodel-index: [{results: [{metrics: [{type: [f1], value: x}]}]}]\n---\n",
        "# Text\n" + METADATA,
    ],
)
def test_a_card_that_says_nothing_of_it_is_no_error(card):
    assert read_card(card) == CardFacts()


def test_scores_are_shown_whole_or_not_at_all():
    for old, new in (("0.25", "25.0"), ("recall", "other"), ("name: mine,", ""), ("0.25", ".nan")):
        assert read_card(METADATA.replace(old, new)).scores == {}


def test_examples_are_few_and_not_empty():
    rows = "".join(f"- text: {text}\n" for text in ["''", *(f"text {n}" for n in range(20))])
    assert read_card(f"---\nwidget:\n{rows}---\n").examples == [f"text {n}" for n in range(MOST_SHOWN)]


@given(st.text(alphabet=st.sampled_from("-:[]{}&*!|>'\"%@`#,? \n\tab1"), max_size=60))
def test_no_card_is_an_error(text):
    assert isinstance(read_card(f"---\n{text}\n---\n"), CardFacts)
