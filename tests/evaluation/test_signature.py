"""Signatures: what is in them, what changes them, and that they are the same everywhere."""

import hashlib
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.evaluation.signature import VERSION, GoldSummary, sign
from places import ROOT
from tagrows import gold_and_predicted

WORDS = [["Ann", "Lee", "sings"], ["in", "Ulm"]]
TAGS = [["B-person", "I-person", "O"], ["O", "B-location"]]


def summary(words=WORDS, tags=TAGS):
    found = GoldSummary()
    found.add([word for row in words for word in row], tags)
    return found


def fields(signature):
    return dict(field.split(":") for field in signature.split("|"))


def test_a_signature_by_hand():
    text = "Ann\tB-person\nLee\tI-person\nsings\tO\n\nin\tO\nUlm\tB-location\n\n"
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    assert sign(summary(), scheme="IOB1", resampled="documents") == (
        f"nerpipe:{VERSION}|match:strict|average:micro|reading:conlleval|scheme:IOB1|types:2|words:5|entities:2|"
        f"gold:{digest}|resampled:documents"
    )


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


def test_the_digest_is_that_of_the_clean_file():
    """So that anybody can check it: `sha256sum data/clean/test.conll`, if the file has no documents."""
    rows = [line.split("\t") for line in CLEAN.split("\n\n", maxsplit=1)[0].split("\n")]
    found = summary([[word for word, _ in rows]], [[tag for _, tag in rows]])
    assert hashlib.sha256(CLEAN.encode()).hexdigest().startswith(found.digest)


CLEAN = "Zoë\tB-person\n\u2028\tI-person\n|\tO\n\n"


@pytest.mark.parametrize(
    ("words", "tags"),
    [
        ([["ann", "Lee", "sings"], ["in", "Ulm"]], TAGS),
        (WORDS, [["B-person", "B-person", "O"], ["O", "B-location"]]),
        (WORDS, [["B-person", "I-person", "O"], ["O", "B-place"]]),
        ([["Ann", "Lee"], ["sings", "in", "Ulm"]], [["B-person", "I-person"], ["O", "O", "B-location"]]),
    ],
)
def test_another_word_tag_or_sentence_is_another_digest(words, tags):
    assert summary(words, tags).digest != summary().digest


@given(gold_and_predicted(), st.integers(0, 6))
def test_sentences_may_be_added_in_portions(both, size):
    tags = [["O", *(f"B{tag[1:]}" if tag[0] == "I" else tag for tag in row)] for row in both[0]]
    words = [[f"w{place}" for place in range(len(row))] for row in tags]
    whole, parts = summary(words, tags), GoldSummary()
    for rows, more in ((words[:size], tags[:size]), (words[size:], tags[size:])):
        parts.add([word for row in rows for word in row], more)
    assert sign(parts) == sign(whole)
    assert whole.entities == sum(tag[0] == "B" for row in tags for tag in row)


def test_the_docs_explain_every_field_in_its_order():
    text = (ROOT / "docs/evaluation.md").read_text(encoding="utf-8")
    section = text.partition("## Signatures")[2].partition("\n## ")[0]
    rows = [line.split("|")[1].strip(" `") for line in section.splitlines() if line.startswith("| `")]
    assert rows == [*fields(sign(summary()))]
    for field in fields(sign(summary())):
        assert f"- {field}" in (sign.__doc__ or "") or field == "entities"


def test_the_docs_show_the_signature_of_the_test_split_of_the_sample():
    from nerpipe.comparison.labelled_file import read_labelled

    labelled = read_labelled(ROOT / "data/raw/sample/test.conll")
    found = sign(summary(labelled.tokens, labelled.gold), scheme=labelled.scheme, resampled="sentences")
    text = (ROOT / "docs/evaluation.md").read_text(encoding="utf-8")
    assert f"    {found}\n" in text.partition("## Signatures")[2].partition("\n## ")[0]
