"""The report of a split: what goes into which file, and that every number in it is one."""

import csv
import json
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.evaluation.headline import headline
from nerpipe.evaluation.report import _decoding, join_tables, json_rows, report_split
from nerpipe.evaluation.report_files import write_csv
from nerpipe.evaluation.score_table import SAMPLE_NOTE, headline_in_words, print_report
from nerpipe.evaluation.signature import VERSION
from nerpipe.evaluation.signed_report import headline_signature, signed_report
from nerpipe.evaluation.split_predictions import PredictedSplit
from nerpipe.scoring.scores import score
from tagrows import gold_and_predicted

TOKENS = [["Ann", "Lee", "sings"], ["in", "Ulm"], ["ABBA", "sang"]]
GOLD = [["B-person", "I-person", "O"], ["O", "B-location"], ["B-group", "O"]]
PREDICTED = [["B-person", "I-person", "O"], ["O", "B-person"], ["O", "O"]]
UNDECODED = [["B-person", "I-person", "O"], ["O", "I-person"], ["O", "O"]]
CONFIDENCE = [[0.9, 0.8, 0.99], [0.99, 0.6], [0.7, 0.9]]


@pytest.fixture
def reports():
    split = PredictedSplit(TOKENS, GOLD, PREDICTED, CONFIDENCE, UNDECODED, 0)
    nothing = PredictedSplit([["hi"]], [["O"]], [["O"]], [[0.9]], [["O"]], 1)
    options = {"resamples": 200, "seed": 1}
    return [report_split("test", split, {"ann lee"}, **options), report_split("dev", nothing, set(), **options)]


def test_the_headline_is_short_and_names_its_reading(reports):
    metrics = headline(reports, "mine")
    numbers = [value for split in ("dev", "test") for value in metrics[split].values()]
    assert len(numbers) < 13
    assert metrics["reading"] == "conlleval"
    # one of two predicted entities is right, of three gold ones
    assert metrics["test"]["precision"] == 1 / 2
    assert metrics["test"]["recall"] == 1 / 3
    assert metrics["test"]["f1"] == pytest.approx(2 / 5)
    assert metrics["test"]["surface_f1"] == pytest.approx(2 / 5)
    assert metrics["test"]["f1_low"] <= 2 / 5 <= metrics["test"]["f1_high"]
    assert metrics["test"]["resampled"] == "sentences"
    assert metrics["test"]["token_accuracy"] == pytest.approx(5 / 7)
    assert metrics["dev"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "token_accuracy": 1.0}


def test_averages_name_both_readings_macro_and_surface_forms(reports):
    table = reports[0].tables["averages"].set_index("measure")
    assert list(table.index) == ["conlleval micro", "conlleval macro", "strict_iob2 micro", "surface forms"]
    # person: 1 of 2 predicted is right, 1 of 1 found, F1 2/3; group and location: nothing
    assert table.loc["conlleval macro", "f1"] == pytest.approx(2 / 9)
    assert table.loc["strict_iob2 micro", "f1"] == pytest.approx(2 / 5)


def test_the_scores_of_a_whole_split_are_signed(reports, capsys):
    split = PredictedSplit(TOKENS, GOLD, PREDICTED, CONFIDENCE, UNDECODED, 0)
    signed = signed_report(reports[0], split)
    rows = signed.tables["averages"].set_index("measure")["signature"]
    common = rows["conlleval micro"].partition("|scheme:")[2].rpartition("|")[0]
    assert common.startswith("IOB2|types:3|words:7|entities:3|gold:")
    for name, fields, resampled in (
        ("conlleval micro", "match:strict|average:micro|reading:conlleval", "sentences"),
        ("conlleval macro", "match:strict|average:macro|reading:conlleval", "none"),
        ("strict_iob2 micro", "match:strict|average:micro|reading:strict_iob2", "none"),
        ("surface forms", "match:surface|average:micro|reading:conlleval", "none"),
    ):
        assert rows[name] == f"nerpipe:{VERSION}|{fields}|scheme:{common}|resampled:{resampled}"
    semeval = json_rows(signed.tables["semeval"])
    assert [row.get("signature", "").split("|")[1:2] for row in semeval[:5]] == [
        *([f"match:{name}"] for name in ("strict", "exact", "partial", "type")),
        [],
    ]
    tables = join_tables([signed])
    print_report(headline([signed], "mine"), tables)
    assert capsys.readouterr().out.endswith(f"\ntest {headline_signature(signed)}\n")
    old = tables | {"averages": tables["averages"].drop(columns="signature")}  # Of an older version.
    print_report(headline([signed], "mine"), old)
    assert "gold:" not in capsys.readouterr().out


def test_a_score_without_an_interval_says_so_in_its_signature():
    split = PredictedSplit(TOKENS[:1], GOLD[:1], PREDICTED[:1], CONFIDENCE[:1], UNDECODED[:1], 0)
    report = report_split("test", split, set(), resamples=100, seed=1)
    assert headline_signature(signed_report(report, split)).endswith("|resampled:none")


def test_what_decoding_changed_is_tabulated(reports):
    table = reports[0].tables["decoding"].set_index("decoding")
    # word by word, strict IOB2 sees no entity in I-person after O: 1 right of 1 predicted, 3 gold
    assert table["strict_iob2_f1"].tolist() == [pytest.approx(1 / 2), pytest.approx(2 / 5)]
    assert table["conlleval_f1"].tolist() == [pytest.approx(2 / 5)] * 2
    assert table.loc["IOB2", ["sentences_changed", "tags_changed"]].tolist() == [1, 1]


@given(gold_and_predicted(), st.randoms(use_true_random=False))
def test_the_scores_before_decoding_are_those_of_the_undecoded_tags_to_the_last_bit(both, random):
    gold, predicted = both
    undecoded = [
        row if random.random() < 0.5 else [random.choice(["O", "B-a", "I-a"]) for _ in row] for row in predicted
    ]
    words = [["w"] * len(row) for row in gold]
    split = PredictedSplit(words, gold, predicted, [[0.5] * len(row) for row in gold], undecoded, 0)
    found = _decoding(split, score(gold, predicted)).set_index("decoding")
    for name, tags in (("word by word", undecoded), ("IOB2", predicted)):
        readings = score(gold, tags).readings
        assert found.loc[name, "conlleval_f1"] == readings["conlleval"].f1
        assert found.loc[name, "strict_iob2_f1"] == readings["strict_iob2"].f1


def test_tables_of_all_splits_say_which(reports):
    tables = join_tables(reports)
    assert [frame.columns[0] for frame in tables.values()] == ["split"] * len(tables)
    assert set(tables["averages"]["split"]) == {"test", "dev"}
    assert tables["mistakes"].values.tolist() == [
        ["test", "correct", "person", "person", 1],
        ["test", "missed", "group", "(no entity)", 1],
        ["test", "type", "location", "person", 1],
    ]


def test_every_number_is_finite_and_the_order_stable(reports):
    for frame in join_tables(reports).values():
        rows = json.loads(json.dumps(json_rows(frame), allow_nan=False))
        assert all(math.isfinite(value) for row in rows for value in row.values() if not isinstance(value, str))
    split = PredictedSplit(TOKENS, GOLD, PREDICTED, CONFIDENCE, UNDECODED, 0)
    again = report_split("test", split, {"ann lee"}, resamples=200, seed=1)
    for name, frame in again.tables.items():
        assert frame.equals(reports[0].tables[name]), name


def test_documents_are_resampled_where_they_are_known():
    def report(boundaries):
        columns = [rows * 10 for rows in (TOKENS, GOLD, PREDICTED, CONFIDENCE, UNDECODED)]
        return report_split("test", PredictedSplit(*columns, 0, boundaries), set(), resamples=300, seed=1)

    plain, each, ten = (
        report({}),
        report(dict.fromkeys(range(30))),
        report({place: f"d{place}" for place in range(0, 30, 3)}),
    )
    micro = [one.tables["averages"].iloc[0] for one in (plain, each, ten)]
    assert [(row["resampled"], row["units"]) for row in micro] == [
        ("sentences", 30),
        ("documents", 30),
        ("documents", 10),
    ]
    # documents of one sentence are sentences; and ten documents that are the same do not differ
    assert micro[0][["f1_low", "f1_high"]].tolist() == micro[1][["f1_low", "f1_high"]].tolist()
    assert micro[2][["f1_low", "f1_high"]].tolist() == [pytest.approx(2 / 5)] * 2
    assert headline([ten], "mine")["test"]["resampled"] == "documents"
    assert plain.tables["notes"].empty
    (note,) = ten.tables["notes"]["note"]
    assert "resampled documents (10 of them)" in note
    assert "too narrow" in note
    rows = json_rows(join_tables([ten])["documents"])
    assert [row["document"] for row in rows] == [f"d{place}" for place in range(0, 30, 3)]
    assert rows[0] == {"split": "test", "document": "d0", "sentences": 3, "words": 7, "precision": 0.5} | {
        "recall": pytest.approx(1 / 3),
        "f1": pytest.approx(2 / 5),
        "support": 3,
        "predicted": 2,
    }


@pytest.mark.parametrize(
    ("rows", "boundaries", "said"),
    [
        (GOLD[:1], {}, "test holds only one sentence, so there are no intervals"),
        (GOLD, {0: "a"}, "test holds only one document, so there are no intervals"),
        (GOLD, {0: "a", 1: "a", 2: "a"}, "test holds only one document, so there are no intervals"),
        (
            [*GOLD[:1], ["O", "O"]],
            {},
            "test holds entities in only one of its 2 sentences, so there are no intervals",
        ),
        ([["O"] * 3, ["O", "O"]], {}, "Warning: test holds no entity, so its F1 says nothing and has no interval"),
    ],
)
def test_what_has_no_interval_says_so_everywhere(capsys, rows, boundaries, said):
    size = len(rows)
    columns = [TOKENS[:size], rows, PREDICTED[:size], CONFIDENCE[:size], UNDECODED[:size]]
    report = report_split("test", PredictedSplit(*columns, 0, boundaries), set(), resamples=100, seed=1)
    metrics, tables = headline([report], "mine"), join_tables([report])
    assert not {"f1_low", "f1_high"} & set(metrics["test"])
    read_again = {name: pd.DataFrame(json.loads(json.dumps(json_rows(frame)))) for name, frame in tables.items()}
    assert not {"f1_low", "f1_high"} & set(read_again["averages"])
    for shown in (tables, read_again):  # what evaluate prints, and what `nerpipe summary` prints
        print_report(metrics, shown)
        out = " ".join(capsys.readouterr().out.split())
        assert said in out
        assert " none " in out


def test_a_model_that_predicts_nothing_is_warned_of_with_what_to_try(capsys):
    nothing = [["O"] * len(row) for row in GOLD]
    report = report_split(
        "dev", PredictedSplit(TOKENS, GOLD, nothing, CONFIDENCE, nothing, 0), set(), resamples=100, seed=1
    )
    print_report({"dataset": "mine"}, join_tables([report]))
    out = " ".join(capsys.readouterr().out.split())
    assert "Warning: the model predicts no entity at all in dev." in out
    for advice in ("more epochs", "higher lr", "smaller batch_size", "nerpipe check"):
        assert advice in out
    assert "none" not in json_rows(report.tables["averages"])[0]  # it has an interval, from 0 to 0
    assert json_rows(report.tables["averages"])[0]["f1_high"] == 0.0


def test_a_type_with_few_gold_entities_is_marked(capsys):
    tags = [["B-a", "B-b"]] * 19 + [["B-a", "O"]]
    words = [["x", "y"]] * 20
    report = report_split(
        "test", PredictedSplit(words, tags, tags, [[0.9, 0.9]] * 20, tags, 0), set(), resamples=200, seed=1
    )
    rows = {row["type"]: row for row in json_rows(report.tables["per_type"])}
    assert (rows["a"]["support"], rows["a"].get("mark")) == (20, None)
    assert (rows["b"]["support"], rows["b"].get("mark")) == (19, "too few")
    print_report(headline([report], "mine"), join_tables([report]))
    out = capsys.readouterr().out
    assert out.count("(too few)") == 1
    assert "19 (too few)" in out


def test_no_cell_of_the_tables_for_spreadsheets_is_a_formula(tmp_path):
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "'s", "Ulm"]
    frame = pd.DataFrame({"surface": hostile, "type": ["-x", *"abcdef"], "f1": [-0.5] * 7})
    write_csv(tmp_path, {"table": frame})
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["surface", "type", "f1"]
    assert [row[0] for row in rows[1:]] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "''=1", "'s", "Ulm"]
    assert rows[1][1:] == ["'-x", "-0.5"]  # A number stays a number.


def test_the_ledger_has_the_words_that_no_window_held(reports):
    assert [report.counts for report in reports] == [
        {"split": "test", "sentences": 3, "tokens": 7, "entities": 3, "words_unseen": 0},
        {"split": "dev", "sentences": 1, "tokens": 1, "entities": 0, "words_unseen": 1},
    ]


@pytest.mark.parametrize(("dataset", "labelled"), [("sample", True), ("wnut17", False)])
def test_the_terminal_shows_scores_intervals_and_confusions(capsys, reports, dataset, labelled):
    print_report(headline(reports, dataset), join_tables(reports))
    out = capsys.readouterr().out
    for part in (dataset, "40.0", "95% interval", "location taken for person", "group not found"):
        assert part in out
    assert (SAMPLE_NOTE[:40] in " ".join(out.split())) is labelled


def test_the_line_of_evaluate_gives_f1_in_points_and_the_interval_if_there_is_one():
    metrics = {"test": {"f1": 0.61749, "f1_low": 0.5, "f1_high": 0.7}, "dev": {"f1": 0.63}}
    said = headline_in_words(metrics)
    assert said.startswith("F1 of the entities in points: 61.7 on test (95% interval 50.0 to 70.0), 63.0 on dev.")
    assert "61.7 on test, 63.0" in headline_in_words(metrics | {"test": {"f1": 0.61749}})
    assert "`nerpipe summary`" in said
