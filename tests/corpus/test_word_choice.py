"""The choice of the word rule on train."""

import json

import pytest

from nerpipe.contracts.conll import Sentence
from nerpipe.contracts.joining import NO_BLANKS, Joining
from nerpipe.contracts.ledger import Tally, read_counts, tallies
from nerpipe.contracts.reports import CountRow
from nerpipe.contracts.word_rules import RULES, share_cut
from nerpipe.corpus.encode_labels import encode_labels
from nerpipe.corpus.word_choice import MOST_SENTENCES, choose_rule
from nerpipe.errors import NerpipeError
from nerpipe.prediction.exported_folder import load_decoding


def sentences(*texts):
    """Words are separated by `|`; the first word of each sentence is an entity."""
    rows = [tuple(text.split("|")) for text in texts]
    return [Sentence(row, ("B-x", *("O" for _ in row[1:]))) for row in rows]


@pytest.mark.parametrize(
    ("corpus", "rule"),
    [
        (["@nasa|'s|#Mars|:-)", "I|'m|at|home"], "general"),
        (["Früh-|und|Spätschicht|,|100|%", "Peel's|und|5|$"], "punctuation"),
        (["BRCA1|-|associated|cancer"] * 10, "fine"),
        (["北京|在|中国|，|GDP|增长", "我|爱|上海|。"], "mixed"),
        (["2|0|0|8|年|在|B|M|W"], "characters"),
        (["홍|길|동| |은"], "blanks"),
        (["Ada|slept|well"], "general"),  # all are equal: the first one
    ],
)
def test_the_rule_that_fits_is_chosen(corpus, rule):
    choice = choose_rule(sentences(*corpus), len(corpus))
    assert choice.rule == rule
    assert [row["word_rule"] for row in choice.rows() if row["chosen"]] == [rule]
    assert choice.best.entities_in_reach == choice.best.entities == len(corpus)


def test_the_figures_are_those_counted_by_hand():
    choice = choose_rule(sentences("北京|在|中国", "Ulm|lies|there"), 2)
    rows = {row.pop("word_rule"): row for row in choice.rows()}
    assert list(rows) == list(RULES)
    counts = {"words": 6, "words_found": 4, "words_right": 3, "words_cut": 0, "f1": 0.6}
    assert rows["general"] == {**counts, "entities": 2, "entities_in_reach": 1, "chosen": True}
    counts = {"words": 6, "words_found": 8, "words_right": 4, "words_cut": 2, "f1": 0.5714}
    assert rows["mixed"] == {**counts, "entities": 2, "entities_in_reach": 2, "chosen": False}
    assert choice.content() == {"rule": "general", "without_blanks": False, "glued": "", "words": 6, "words_cut": 0}
    assert share_cut(choice.content()) == 0


def test_a_large_corpus_is_thinned_evenly():
    corpus = [*sentences("a|b"), *sentences("ccc")] * MOST_SENTENCES
    choice = choose_rule(iter(corpus), len(corpus))
    assert choice.best.words == 2 * MOST_SENTENCES


def test_the_joining_is_that_of_train():
    assert choose_rule(sentences("T|-|cell|x") * 10, 10).joining == Joining(glued="-")
    assert choose_rule(sentences("a|b"), 1).joining == NO_BLANKS


def test_the_stage_writes_the_rule_and_the_figures(tmp_path, capsys):
    for split, text in (("train", "홍\tB-a\n길\tI-a\n동\tI-a\n\n"), ("dev", "홍\tB-a\n\n"), ("test", "x\tO\n\n")):
        (tmp_path / f"{split}.conll").write_text(text)
    counts = {"train": Tally(1, 3, 1), "dev": Tally(1, 1, 1), "test": Tally(1, 1, 0)}
    (tmp_path / "clean.json").write_text(
        json.dumps([{"split": s, "corpus": "mine", **c._asdict()} for s, c in counts.items()])
    )
    out, report = tmp_path / "encoded", tmp_path / "encode.json"
    encode_labels(clean=tmp_path, ledger=tmp_path / "clean.json", out=out, report=report, unknown_labels="fail")
    assert json.loads((out / "words.json").read_text())["rule"] == "characters"
    rows = json.loads(report.read_text())
    assert tallies(read_counts(report, CountRow)) == counts
    assert [row["word_rule"] for row in rows[3:]] == list(RULES)
    said = capsys.readouterr().out
    assert "labels: 3, which are O, and B- and I- of each entity type of train: a\n" in said
    assert "train: 1 sentence, 3 tokens, 1 entity\n" in said
    assert "by the rule characters, which is nearest to the words of train (F1 100.0); 1 of 1 entities" in said


def test_decoding_names_the_rule_and_older_folders_have_the_general_one(tmp_path):
    settings = {"labels": ["O"], "pad_id": 0, "max_length": 8, "stride": 0}
    (tmp_path / "decoding.json").write_text(json.dumps(settings))
    assert load_decoding(tmp_path).word_rule == "general"
    (tmp_path / "decoding.json").write_text(json.dumps(settings | {"word_rule": "mixed"}))
    assert load_decoding(tmp_path).word_rule == "mixed"
    (tmp_path / "decoding.json").write_text(json.dumps(settings | {"word_rule": "newer"}))
    with pytest.raises(NerpipeError, match=r"decoding.json -> word_rule\] 'newer' is not a word rule of this version"):
        load_decoding(tmp_path)
