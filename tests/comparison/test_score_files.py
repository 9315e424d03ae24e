"""Two CoNLL files in step: published scores, dialects, and the messages where they part."""

import hashlib
import json
import os
import sys
import threading

import pytest

from documented import examples, table
from nerpipe.cli import main
from nerpipe.comparison.score_files import score_files
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.signature import VERSION

ONE = {"correct": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0}


@pytest.fixture
def files(tmp_path):
    """Write a gold and a predicted file and score them."""

    def files(gold, predicted):
        for name, text in (("gold", gold), ("system", predicted)):
            (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return score_files(tmp_path / "gold", tmp_path / "system")

    return files


@pytest.mark.parametrize(
    ("system", "f1", "surface_f1"),
    [("uh_ritual", 41.86, 40.24), ("spinningbytes.txt", 40.78, 39.33), ("drexel_cci", 26.30, 25.26)],
)
def test_submissions_get_their_published_scores(wnut17, system, f1, surface_f1):
    found = score_files(wnut17 / "emerging.test.annotated", wnut17 / "submissions" / system)
    assert round(100 * found.scores.readings["conlleval"].f1, 2) == f1
    assert round(100 * found.surface.f1, 2) == surface_f1
    assert (found.sentences, found.words, found.scores.readings["conlleval"].support) == (1287, 23394, 1079)


@pytest.mark.parametrize("words", [1, 7, 1000])
def test_scoring_in_small_blocks_changes_nothing(wnut17, monkeypatch, words):
    both = wnut17 / "emerging.test.annotated", wnut17 / "submissions/spinningbytes.txt"
    whole = score_files(*both)
    monkeypatch.setattr("nerpipe.comparison.score_files.BLOCK_WORDS", words)
    assert score_files(*both) == whole


def test_dialects_make_no_difference(files):
    plain = files("Ann\tB-a\nLee\tI-a\n\nBo\tB-a\n\n", "Ann\tB-a\nLee\tI-a\n\nBo\tO\n\n")
    # gold: Ann Lee, Bo; predicted: Ann Lee
    assert plain.scores.readings["conlleval"][3:] == (2, 1, 1)
    other = files(
        b"\xef\xbb\xbf-DOCSTART- -X- O\r\n\r\nAnn NNP B-a\r\nLee NNP I-a\r\n\t\r\n\r\nBo NNP B-a",
        "\n\nAnn\tB-a\nLee\tI-a\n   \n-DOCSTART-\n\nBo\tO\n\n\n",
    )
    assert other == plain


@pytest.mark.parametrize(
    ("gold", "scheme"),
    [
        ("Ann\tB-a\nLee\tI-a\nof\tO\nBo\tB-a\n\n", "IOB2"),
        ("Ann\tI-a\nLee\tI-a\nof\tO\nBo\tI-a\n\n", "IOB1"),
        ("Ann NNP B-a\nLee NNP E-a\nof IN O\nBo NNP S-a\n", "IOBES"),
        ("Ann\tB-a\nLee\tL-a\nof\tO\nBo\tU-a\n\n", "BILOU"),
        ("-DOCSTART-\tO\n\nAnn\tB-a,B-b\nLee\tI-a\nof\tO\nBo\t<i>B-a</i>\n\n", "IOB2"),
    ],
)
def test_the_same_entities_have_one_digest_however_they_are_written(files, gold, scheme):
    clean = b"Ann\tB-a\nLee\tI-a\nof\tO\nBo\tB-a\n\n"
    found = dict(field.split(":") for field in files(gold, clean).signature.split("|"))
    assert (found["scheme"], found["types"], found["words"], found["entities"]) == (scheme, "1", "4", "2")
    assert hashlib.sha256(clean).hexdigest().startswith(found["gold"])


def test_renamed_and_dropped_types_are_another_signature(files, tmp_path):
    text = "Ann\tB-a\nUlm\tB-b\n\n"
    plain = files(text, text).signature
    (tmp_path / "corpus.yaml").write_text("types: {b: O}\n")
    dropped = files(text, text).signature
    assert "|types:2|words:2|entities:2|" in plain
    assert "|types:1|words:2|entities:1|" in dropped
    assert plain.split("gold:")[1] != dropped.split("gold:")[1]


@pytest.mark.parametrize("odd", ["\u2028", "\u0085", "a\u2028b"])
def test_only_lf_ends_a_line(files, odd):
    found = files(f"{odd}\tB-a\nx\tO\n", f"{odd} B-a\nx O\n")
    assert (found.sentences, found.words, found.words_differ) == (1, 2, 0)
    assert found.scores.readings["conlleval"].f1 == 1.0


def test_other_words_are_counted_and_the_surfaces_are_those_of_the_gold(files):
    found = files("Ann\tB-a\n\nAnn\tB-a\n", "Ann\tB-a\n\nANN\tB-a\n")
    assert found.words_differ == 1
    assert found.surface == (1.0, 1.0, 1.0, 1, 1, 1)


@pytest.mark.parametrize(
    ("gold", "predicted", "parts"),
    [
        (
            "a O\nb O\n\nc O\n",
            "a O\n\nb O\nc O\n",
            ["after 1 word:", "gold:2 has the word 'b'", "system:2 has the end"],
        ),
        ("a O\n\nb O\n", "a O\n\nb O\nc O\n", ["gold:4 has the end of a sentence", "system:4 has the word 'c'"]),
        ("a O\n\nb O\n", "a O\n", ["gold:3 has the word 'b'", "system ends"]),
        (
            "a O\nb O\nc O\n",
            "a O\nc O\n",
            ["gold:3 has the word 'c'", "system:3 has the end", "first differ at", "'b'"],
        ),
    ],
)
def test_rows_that_part_are_refused_with_both_places(files, gold, predicted, parts):
    with pytest.raises(NerpipeError) as error:
        files(gold, predicted)
    for part in [*parts, "Both need the same rows"]:
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("b\tO\t0.9812", ["another number of columns", "as many columns as the others"]),
        ("b B-", ["a tag without a type"]),
        ("b B-a,B-c", ["several tags in", "keep one tag for each word"]),
        ("b <i>O</i>", ["markup"]),
        ("b", ["one column", "a word and a tag"]),
        ("\tO", ["a word before its tag"]),
        ("New York B-a", ["another number of columns"]),
        ("b b-a", ["no tag", "corpus.yaml beside the file"]),
    ],
)
def test_a_line_that_cannot_be_scored_is_refused_with_its_place(files, line, parts):
    with pytest.raises(NerpipeError) as error:
        files("a O\nb O\n", f"a O\n{line}\n")
    for part in [*parts, "system:2:"]:
        assert part in str(error.value)


@pytest.mark.parametrize("row", [row for row in table("**Schemes.**") if row[1] == "yes"], ids=lambda row: row[0])
def test_every_scheme_that_is_found_by_looking_is_scored(files, row):
    ((_, raw),), ((_, clean),) = examples(row[2]), examples(row[3])
    found = files(raw, clean)
    assert found.scores.readings["conlleval"].f1 == 1.0
    assert files(clean, raw).scores.readings["conlleval"] == found.scores.readings["conlleval"]


def test_a_scheme_that_is_named_beside_the_file_is_scored(files, tmp_path):
    (tmp_path / "corpus.yaml").write_text("scheme: suffix\n")
    assert files("Ann\tPER-B\nLee\tPER-I\n\n", "Ann\tPER-B\nLee\tPER-I\n\n").scores.token_accuracy == 1.0


def test_columns_are_found_and_the_last_of_several_predictions_is_taken(files):
    gold = "# text = Ann ran\n1\tAnn\tB-a\n2\tran\tO\n\n"
    found = files(gold, "Ann\tB-a\tO\t0.9\nran\tO\tO\t0.8\n\n")
    assert (found.words, found.words_differ) == (2, 0)
    assert found.scores.readings["conlleval"][3:] == (1, 0, 0)
    with pytest.raises(NerpipeError, match=r"(?s)can be read in 2 ways.*\n    tag_column: 2\nor"):
        files("Ann\tB-a\tB-b\nran\tO\tO\n\n", "Ann\tB-a\nran\tO\n\n")


def test_a_file_without_words_or_no_file_is_refused(files, tmp_path):
    with pytest.raises(NerpipeError, match="gold: the file holds no word"):
        files("\n\n", "a O\n")
    with pytest.raises(NerpipeError, match="not there"):
        score_files(tmp_path / "nothing", tmp_path / "gold")


def test_the_command(files, tmp_path, monkeypatch, capsys):
    files("Ann\tB-a\nran\tO\n\n", "Ann\tI-a\nran\tO\n\n")
    command = ["nerpipe", "score", str(tmp_path / "gold"), str(tmp_path / "system")]
    monkeypatch.setattr(sys, "argv", [*command, "--json"])
    with pytest.raises(SystemExit) as done:
        main()
    assert not done.value.code
    right, wrong = dict.fromkeys(("precision", "recall", "f1"), 1.0), dict.fromkeys(("precision", "recall", "f1"), 0.0)
    out = capsys.readouterr().out
    assert json.loads(out) == {
        "conlleval": right,
        "strict_iob2": wrong,
        "surface": right,
        "token_accuracy": 0.5,
        "per_type": {"a": right | {"support": 1}},
        "sentences": 1,
        "words": 2,
        "entities": 1,
        "words_differ": 0,
        "notes": [],
        "signature": f"nerpipe:{VERSION}|match:strict|average:micro|reading:conlleval|scheme:IOB2|types:1|words:2|"
        "entities:1|gold:37735ac56c23|resampled:none",
        "semeval": [
            {"type": kind, "match": match} | dict.fromkeys(("incorrect", "partial", "missed", "spurious"), 0) | ONE
            for kind in ("(all types)", "a")
            for match in ("strict", "exact", "partial", "type")
        ],
    }
    assert list(json.loads(out)) == sorted(json.loads(out))
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit):
        main()
    out = capsys.readouterr().out
    for part in ("conlleval", "100.00", "token accuracy 50.00", "1 sentence, 2 words"):
        assert part in out


@pytest.mark.skipif(os.name != "posix", reason="there are no named pipes")
def test_a_pipe_that_nobody_copies_is_refused(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=lambda: pipe.open("w").close(), daemon=True).start()
    with pytest.raises(NerpipeError, match=r"pipe: this is a pipe or a device.*write its content to a file"):
        score_files(pipe, pipe)
