"""Hugging Face data sets: columns, names of tags, splits, and rows that do not fit."""

import json

import pytest

from nerpipe.annotations.importing import import_annotations
from nerpipe.annotations.tagged_rows import split_named
from nerpipe.errors import NerpipeError

NAMES = ["O", "B-PER", "I-PER"]


def data_set(rows=30, **more):
    from datasets import ClassLabel, Dataset, Features, List, Value

    columns = {
        "id": [str(n) for n in range(rows)],
        "tokens": [["Ada", "Byron", str(n)] for n in range(rows)],
        "ner_tags": [[1, 2, 0]] * rows,
    }
    features = {"id": Value("string"), "tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=NAMES))}
    return Dataset.from_dict(columns | more, Features(features | {name: Value("string") for name in more}))


def imported(path, tmp_path, **more):
    return import_annotations([path], tmp_path / "mine", **({"dev": 0.3, "test": 0.3} | more))


def lines(tmp_path, *rows):
    path = tmp_path / "rows.jsonl"
    good = [{"tokens": ["Ada", str(n)], "ner_tags": ["B-PER", "O"]} for n in range(20)]
    path.write_text("".join(json.dumps(row) + "\n" for row in (*rows, *good)))
    return path


def test_save_to_disk_parquet_and_json_lines_give_the_same(tmp_path):
    data = data_set()
    data.save_to_disk(tmp_path / "saved")
    data.to_parquet(tmp_path / "rows.parquet")
    named = data.cast_column("ner_tags", data.features["ner_tags"])
    rows = [{**row, "ner_tags": [NAMES[tag] for tag in row["ner_tags"]]} for row in named]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    reports = [imported(tmp_path / name, tmp_path) for name in ("saved", "rows.parquet", "rows.jsonl")]
    assert all(report["format"] == "Hugging Face" for report in reports)
    assert reports[0]["splits"] == reports[1]["splits"] == reports[2]["splits"]
    assert reports[0]["annotations"] == {"read": 30, "kept": 30, "repaired": 0, "quarantined": 0}


def test_the_splits_of_a_dataset_dict_are_kept_and_a_missing_one_is_cut_from_train(tmp_path):
    from datasets import DatasetDict

    DatasetDict(train=data_set(40), validation=data_set(7)).save_to_disk(tmp_path / "saved")
    report = imported(tmp_path / "saved", tmp_path)
    sizes = {split: row["sentences"] for split, row in report["splits"].items()}
    assert sizes["dev"] == 7
    assert sizes["train"] + sizes["test"] == 40
    assert sizes["test"] > 2
    assert (report["dev_fraction"], report["test_fraction"]) == (0.0, 0.3)


def test_a_split_of_another_name_is_refused(tmp_path):
    from datasets import DatasetDict

    DatasetDict(train=data_set(3), challenge=data_set(3)).save_to_disk(tmp_path / "saved")
    with pytest.raises(NerpipeError, match="challenge is none of train, dev, validation and test"):
        imported(tmp_path / "saved", tmp_path)


def test_sentences_of_a_document_stay_together(tmp_path):
    data = data_set(40, document_id=[f"d{n // 4}" for n in range(40)])
    data.to_parquet(tmp_path / "rows.parquet")
    report = imported(tmp_path / "rows.parquet", tmp_path)
    assert sum(row["documents"] for row in report["splits"].values()) == 10
    assert all(row["sentences"] == 4 * row["documents"] for row in report["splits"].values())
    text = "".join((tmp_path / "mine" / f"{split}.conll").read_text() for split in ("train", "dev", "test"))
    assert all(text.count(f"-DOCSTART-\tO\td{n}\n\n") == 1 for n in range(10))


def test_numbers_without_names_are_refused_and_dataset_info_beside_the_file_names_them(tmp_path):
    path = tmp_path / "rows.jsonl"
    data_set().to_json(path)
    with pytest.raises(NerpipeError, match=r"ner_tags holds numbers.*save_to_disk or as Parquet"):
        imported(path, tmp_path)
    names = {"features": {"ner_tags": {"feature": {"names": NAMES, "_type": "ClassLabel"}, "_type": "List"}}}
    (tmp_path / "dataset_info.json").write_text(json.dumps(names))
    assert imported(path, tmp_path)["annotations"]["kept"] == 30


def test_a_table_without_the_columns_is_refused(tmp_path):
    data_set().remove_columns("ner_tags").to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(NerpipeError, match=r"the columns are id, tokens; one of tokens, words and one of ner_tags"):
        imported(tmp_path / "rows.parquet", tmp_path)


def test_a_broken_parquet_file_is_refused(tmp_path):
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(NerpipeError, match="not readable Parquet"):
        imported(tmp_path / "rows.parquet", tmp_path)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"tokens": ["Ada"], "ner_tags": ["O", "O"]}, "bad_row"),
        ({"tokens": ["Ada"]}, "bad_row"),
        ({"tokens": [], "ner_tags": []}, "no_words"),
        ({"tokens": [""], "ner_tags": ["O"]}, "bad_token"),
        ({"tokens": ["a\tb"], "ner_tags": ["O"]}, "bad_token"),
        ({"tokens": ["a\ud800"], "ner_tags": ["O"]}, "bad_token"),
        ({"tokens": [3], "ner_tags": ["O"]}, "bad_token"),
        ({"tokens": ["a"], "ner_tags": ["PER"]}, "bad_tag"),
        ({"tokens": ["a"], "ner_tags": ["B-a b"]}, "bad_tag"),
        ({"tokens": ["a"], "ner_tags": [None]}, "bad_tag"),
        ({"tokens": ["a"], "ner_tags": [1]}, "bad_tag"),
        ({"tokens": ["a"] * 10_001, "ner_tags": ["O"] * 10_001}, "long_sentence"),
        ({"text": "Ada", "label": [[0, 3, "PER"]]}, "other_format"),
    ],
)
def test_a_bad_row_is_rejected_and_the_others_go_on(tmp_path, row, problem):
    report = imported(lines(tmp_path, {"tokens": ["Bo"], "ner_tags": ["B-PER"]}, row), tmp_path)
    assert {rule: found["count"] for rule, found in report["rejected"].items()} == {problem: 1}
    assert report["rejected"][problem]["first"] == [f"{tmp_path / 'rows.jsonl'}:2"]
    assert report["annotations"]["kept"] == 21


@pytest.mark.parametrize("tags", [["B", "I"], ["B_x", "I_x"], ["x-B", "x-I"], ["b-x", "i-x"], ["B:x", "I:x"]])
def test_prefixes_in_another_notation_are_no_types(tmp_path, tags):
    rows = [{"tokens": ["Ann", "Lee", str(n)], "ner_tags": [*tags, "O"]} for n in range(9)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(NerpipeError, match=r"a\.jsonl: some tags look like a prefix and"):
        import_annotations([tmp_path / "a.jsonl"], tmp_path / "mine", dev=0.3, test=0.3)


def test_words_and_tags_that_clean_conll_would_change_are_rejected(tmp_path):
    good = [{"tokens": ["Ann", str(n)], "ner_tags": ["B-x", "O"]} for n in range(30)]
    bad = [
        {"tokens": ["-DOCSTART-", "Ann"], "ner_tags": ["O", "B-x"]},
        {"tokens": ["Ann"], "ner_tags": ["B-x,y"]},
        {"tokens": ["Ann"], "ner_tags": ["B-<x>"]},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*good, *bad]))
    report = import_annotations([tmp_path / "a.jsonl"], tmp_path / "mine", dev=0.3, test=0.3)
    assert {rule: row["count"] for rule, row in report["rejected"].items()} == {"bad_tag": 2, "bad_token": 1}


def test_tags_of_speech_beside_those_of_entities_are_left_aside(tmp_path):
    rows = [{"tokens": ["Ann", str(n)], "tags": ["NNP", "CD"], "ner": ["B-x", "O"]} for n in range(30)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = import_annotations([tmp_path / "a.jsonl"], tmp_path / "mine", dev=0.3, test=0.3)
    assert report["splits"]["train"]["entities_by_type"].keys() == {"x"}


def test_every_scheme_becomes_iob2_and_plain_types_join(tmp_path):
    report = imported(lines(tmp_path, {"tokens": ["a", "b", "c"], "ner_tags": ["I-X", "E-X", "S-X"]}), tmp_path)
    assert report["repairs"]["orphan_i"]["count"] == 1
    assert report["annotations"] == {"read": 22, "kept": 21, "repaired": 1, "quarantined": 0}
    path = tmp_path / "plain.jsonl"
    rows = [{"tokens": ["New", "York", "Ada", str(n)], "ner_tags": ["LOC", "LOC", "PER", "O"]} for n in range(30)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = import_annotations([path], tmp_path / "plain", dev=0.3, test=0.3)
    assert report["annotations"] == {"read": 60, "kept": 60, "repaired": 0, "quarantined": 0}
    assert "New\tB-LOC\nYork\tI-LOC\nAda\tB-PER\n" in (tmp_path / "plain/train.conll").read_text()


def test_a_row_of_docstart_is_no_sentence(tmp_path):
    report = imported(lines(tmp_path, {"tokens": ["-DOCSTART-"], "ner_tags": ["O"]}), tmp_path)
    assert report["records"] == {"read": 20, "kept": 20, "rejected": 0}


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.jsonl", "train"),
        ("validation-00000-of-00001.parquet", "dev"),
        ("Test_2.json", "test"),
        ("valid", "dev"),
        ("training set.json", ""),
        ("trainer.json", ""),
        ("admin.jsonl", ""),
    ],
)
def test_split_named(name, split):
    assert split_named(name) == split


def test_numbers_without_names_get_advice_that_fits_the_file(tmp_path):
    from datasets import Dataset

    rows = [{"tokens": ["Ada"], "ner_tags": [1]}]
    (tmp_path / "rows.jsonl").write_text(json.dumps(rows[0]) + "\n")
    Dataset.from_list(rows).to_parquet(tmp_path / "rows.parquet")
    for name, advice in (
        ("rows.jsonl", "save_to_disk or as Parquet, which keep"),
        ("rows.parquet", "save_to_disk, which"),
    ):
        with pytest.raises(NerpipeError, match=rf"{advice}.*dataset_info\.json"):
            imported(tmp_path / name, tmp_path)
