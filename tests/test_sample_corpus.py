"""The corpus that the project ships: what its datasheet promises."""

import hashlib
import re
import shutil
from collections import Counter
from types import SimpleNamespace

import pytest

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.schemes import spans_of
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from places import ROOT

FOLDER = ROOT / "data/raw/sample"
# SHA-256 of the raw files of the two tests.
FROZEN = {
    "test.conll": "5d0f913c8b7ff84acabaf803af6bd204d8490ec92c71895458fd64f5695aaa32",
    "earlier/test.conll": "41fce53eb6c0d9f567ad8f481673b6e12322039534b7f6cfda9ffcfcdf6b0d1e",
}
TYPES = {"person", "location", "corporation", "group", "creative-work", "product"}


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory):
    out = tmp_path_factory.mktemp("clean")
    report = clean_corpus(resolve_corpus(FOLDER), out, max_rejected=0)
    return {row["split"]: row for row in report}, {
        row["split"]: list(read_conll(out / f"{row['split']}.conll")) for row in report
    }


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """The test of the first version of the corpus."""
    folder = tmp_path_factory.mktemp("earlier")
    (folder / "raw").mkdir()
    shutil.copy(FOLDER / "earlier/test.conll", folder / "raw/train.conll")
    clean_corpus(resolve_corpus(folder / "raw"), folder / "clean", max_rejected=0)
    return [sentence for split in ("train", "dev", "test") for sentence in read_conll(folder / f"clean/{split}.conll")]


def surfaces(sentences):
    """The lower-cased surfaces of all entities, with repetition."""
    return [
        " ".join(sentence.tokens[span.start : span.end]).lower()
        for sentence in sentences
        for span in spans_of(sentence.tags)
    ]


def test_sizes_and_types(cleaned):
    report, _ = cleaned
    assert report["train"]["sentences"] >= 6000
    assert report["dev"]["sentences"] >= 700
    assert report["test"]["sentences"] >= 600
    for row in report.values():
        assert set(row["entities_by_type"]) == TYPES
        assert row["rejects"] == {}
        assert row["duplicate_sentences"] == 0
        assert not any(row["sentences_also_in"].values())
    entities = report["train"]["entities_by_type"]
    for kind in ("creative-work", "group", "product", "corporation"):
        assert entities[kind] / sum(entities.values()) >= 0.15, kind


def test_the_tests_are_frozen():
    """A score is comparable only with scores on the same sentences and marks. README.md has the same hashes."""
    text = (FOLDER / "README.md").read_text()
    for path, digest in FROZEN.items():
        assert hashlib.sha256((FOLDER / path).read_bytes()).hexdigest() == digest, path
        assert digest in text


def test_nearly_half_of_the_sentences_hold_no_entity(cleaned):
    for sentences in cleaned[1].values():
        empty = sum(set(sentence.tags) == {"O"} for sentence in sentences)
        assert 0.4 <= empty / len(sentences) <= 0.5


def test_few_surfaces_of_either_test_are_seen_in_train(cleaned, earlier):
    train = set(surfaces(cleaned[1]["train"]))
    for sentences in (cleaned[1]["test"], earlier):
        test = set(surfaces(sentences))
        assert len(test & train) / len(test) <= 0.05


def seven_words(sentence):
    words = [token.lower() for token in sentence.tokens if re.search(r"\w", token)]
    return {tuple(words[start : start + 7]) for start in range(len(words) - 6)}


def test_no_two_sentences_share_more_than_six_words_in_a_row(cleaned, earlier):
    seen = {}
    for split, sentences in {**cleaned[1], "earlier": earlier}.items():
        for index, sentence in enumerate(sentences):
            for words in seven_words(sentence):
                assert seen.setdefault(words, (split, index)) == (split, index), words


def test_no_sentence_shares_more_than_six_words_in_a_row_with_wnut17(cleaned, wnut17):
    theirs = set()
    for name in ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated"):
        for block in re.split(r"\n\s*\n", (wnut17 / name).read_text(encoding="utf-8")):
            tokens = [line.split("\t")[0] for line in block.splitlines() if line.strip()]
            theirs |= seven_words(SimpleNamespace(tokens=tokens))
    assert len(theirs) > 10_000
    for sentences in cleaned[1].values():
        for sentence in sentences:
            assert not seven_words(sentence) & theirs, sentence.tokens


def test_no_two_sentences_are_equal_but_for_their_names(cleaned, earlier):
    seen = Counter()
    for sentences in (*cleaned[1].values(), earlier):
        for sentence in sentences:
            rows = zip(sentence.tokens, sentence.tags, strict=True)
            seen[tuple(token.lower() if tag == "O" else tag for token, tag in rows if tag[0] != "I")] += 1
    assert seen.most_common(1)[0][1] == 1


def test_sentences_begin_in_many_ways(cleaned):
    starts = Counter(
        " ".join(sentence.tokens[:2]).lower() for sentences in cleaned[1].values() for sentence in sentences
    )
    assert starts.most_common(1)[0][1] / starts.total() <= 0.01


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
