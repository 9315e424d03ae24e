"""The corpus that the project ships: what its datasheet promises."""

import re
from collections import Counter

import pytest

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.schemes import spans_of
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from places import ROOT

FOLDER = ROOT / "data/raw/sample"
TYPES = {"person", "location", "corporation", "group", "creative-work", "product"}


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory):
    out = tmp_path_factory.mktemp("clean")
    report = clean_corpus(resolve_corpus(FOLDER), out, max_rejected=0)
    return {row["split"]: row for row in report}, {
        row["split"]: list(read_conll(out / f"{row['split']}.conll")) for row in report
    }


def surfaces(sentences):
    """The lower-cased surfaces of all entities, with repetition."""
    return [
        " ".join(sentence.tokens[span.start : span.end]).lower()
        for sentence in sentences
        for span in spans_of(sentence.tags)
    ]


def test_sizes_and_types(cleaned):
    report, _ = cleaned
    assert report["train"]["sentences"] >= 1200
    assert report["dev"]["sentences"] >= 250
    assert report["test"]["sentences"] >= 350
    for row in report.values():
        assert set(row["entities_by_type"]) == TYPES
        assert row["rejects"] == {}
        assert row["duplicate_sentences"] == 0
        assert not any(row["sentences_also_in"].values())


def test_about_half_of_the_sentences_hold_no_entity(cleaned):
    for sentences in cleaned[1].values():
        empty = sum(set(sentence.tags) == {"O"} for sentence in sentences)
        assert 0.45 <= empty / len(sentences) <= 0.55


def test_few_surfaces_of_test_are_seen_in_train(cleaned):
    _, sentences = cleaned
    test, train = set(surfaces(sentences["test"])), set(surfaces(sentences["train"]))
    assert len(test & train) / len(test) <= 0.15


def test_no_two_sentences_share_more_than_six_words_in_a_row(cleaned):
    seen = {}
    for split, sentences in cleaned[1].items():
        for index, sentence in enumerate(sentences):
            words = [token.lower() for token in sentence.tokens if re.search(r"\w", token)]
            for start in range(len(words) - 6):
                first = seen.setdefault(tuple(words[start : start + 7]), (split, index))
                assert first == (split, index), words[start : start + 7]


def test_it_reads_like_user_text(cleaned):
    sentences = [sentence for split in cleaned[1].values() for sentence in split]
    text = Counter(
        kind
        for sentence in sentences
        for kind in {
            "hashtag" if token.startswith("#") else
            "handle" if token.startswith("@") else
            "link" if "://" in token or token.startswith("www.") else
            "emoji" if re.match("[\U0001f300-\U0001faff]", token) else
            "shouting" if len(token) > 3 and token.isupper() else "other"
            for token in sentence.tokens
        }
    )  # fmt: skip
    for kind in ("hashtag", "handle", "link", "emoji", "shouting"):
        assert text[kind] >= 40, kind
    names = surfaces(sentences)
    original = [
        " ".join(sentence.tokens[span.start : span.end]) for sentence in sentences for span in spans_of(sentence.tags)
    ]
    assert sum(name == name.lower() for name in original) / len(original) >= 0.3
    assert sum(len(name.split()) > 1 for name in names) / len(names) >= 0.4
    assert len(set(names)) / len(names) >= 0.85  # rare names: most occur once


def test_links_and_handles_lead_nowhere(cleaned):
    hosts = {
        host
        for split in cleaned[1].values()
        for sentence in split
        for token in sentence.tokens
        if "://" in token
        for host in re.findall(r"://([^/\s]+)", token)
    }
    assert hosts <= {"t.co", "bit.ly", "example.org", "example.com", "www.example.org", "www.example.com"} | {
        host for host in hosts if host.endswith((".example.org", ".example.com"))
    }


def test_the_raw_files_carry_every_dirt_that_a_single_scheme_can_have(cleaned):
    repairs = sum((Counter(row["repairs"]) for row in cleaned[0].values()), Counter())
    assert set(repairs) == {
        "blank_with_whitespace", "bom", "crlf", "html_in_tag", "multi_tag", "no_final_blank_line",
        "no_final_newline", "orphan_i", "outer_space",
    }  # fmt: skip
    assert [row["documents"] for row in cleaned[0].values()] == [1, 0, 0]
    assert all(row["scheme"] == "IOB2" for row in cleaned[0].values())


def test_the_datasheet_tells_the_same_counts(cleaned):
    text = (FOLDER / "README.md").read_text()
    for split, row in cleaned[0].items():
        assert f"| {split} | {row['sentences']:,} | {row['tokens']:,} | {row['entities']:,} |" in text
        for rule, count in row["repairs"].items():
            assert rule in text, count
