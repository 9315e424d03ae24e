"""What is read of a run: params and scores that belong together, or why there are none."""

import json
import math

import pytest
import yaml

from nerpipe.comparison.run_outputs import csv_of_runs
from nerpipe.comparison.run_records import FINISHED_RUN, NO_RESULTS, UNFINISHED, UNREADABLE_RUN, record_of
from nerpipe.comparison.run_tables import tables_of_runs, tables_of_settings
from nerpipe.comparison.runs import Run, overview_of
from nerpipe.comparison.systems import Estimate
from run_files import PARAMS, files_of, unlocked


def test_a_finished_run_has_its_params_scores_and_intervals():
    found = record_of(files_of())
    assert (found.state, found.params, found.edited, found.fault) == (FINISHED_RUN, PARAMS, {}, "")
    assert found.f1["dev"] == pytest.approx(Estimate(0.5, 0.47, 0.52))  # Its interval is in averages.json alone.
    assert found.f1["test"] == pytest.approx(Estimate(0.4, 0.35, 0.44))
    assert found.sentences == {"dev": 20, "test": 1300}


def test_the_signature_of_a_split_is_in_its_first_row():
    files = unlocked(files_of())
    rows = [{"split": "dev", "signature": "first"}, {"split": "dev", "signature": "other"}, {"split": "test"}]
    assert record_of(files | {"metrics/averages.json": json.dumps(rows).encode()}).signatures == {"dev": "first"}


def test_an_older_run_without_tables_has_no_intervals_of_dev():
    files = files_of()
    del files["metrics/averages.json"], files["metrics/clean.json"]
    found = record_of(files)
    assert found.f1["dev"] == Estimate(0.5, None, None)
    assert found.f1["test"].low == pytest.approx(0.35)
    assert (found.gold, found.sentences) == (None, {})


def test_the_params_are_those_of_the_results_and_it_is_said_which_were_edited_since():
    found = record_of(files_of(wanted=PARAMS | {"lr": 0.001}))
    assert found.params["lr"] == 0.0003
    assert found.edited == {"lr": 0.001}


def test_params_are_read_as_dvc_reads_them():
    files = files_of()
    files["params.yaml"] = files["params.yaml"].replace(b"lr: 0.0003", b"lr: 3e-4")
    assert record_of(files).edited == {}


def test_equal_gold_means_equal_files_of_dev_and_test():
    assert record_of(files_of()).gold == record_of(files_of(PARAMS | {"lr": 1.0}, dev=0.1)).gold
    assert record_of(files_of()).gold != record_of(files_of(sha256="ac")).gold
    files = unlocked(files_of())
    rows = json.loads(files["metrics/clean.json"])
    rows[0]["sha256"] = "other train"
    assert record_of(files | {"metrics/clean.json": json.dumps(rows).encode()}).gold == record_of(files).gold
    rows[2]["entities_by_type"] = {"renamed": 1}
    assert record_of(files | {"metrics/clean.json": json.dumps(rows).encode()}).gold != record_of(files).gold


@pytest.mark.parametrize(
    "edit",
    [
        lambda lock: lock["stages"]["train"]["params"]["params.yaml"].update(lr=0.5),
        lambda lock: lock["stages"]["train"]["outs"][0].update(md5="bb.dir"),  # trained anew, not evaluated
        *(
            lambda lock, place=place: lock["stages"]["evaluate"]["outs"][place].update(md5="0" * 32)
            for place in range(3)  # metrics.json, averages.json and clean.json
        ),
    ],
)
def test_results_of_different_runs_are_no_results(edit):
    files = files_of()
    lock = yaml.safe_load(files["dvc.lock"])
    edit(lock)
    found = record_of(files | {"dvc.lock": yaml.safe_dump(lock).encode()})
    assert (found.state, found.f1) == (UNFINISHED, {})
    assert found.params["lr"] == 0.0003  # of params.yaml


def with_lr(value):
    """The files of a run whose dvc.lock and params.yaml have another learning rate, as YAML."""
    files = files_of()
    return files | {name: files[name].replace(b"lr: 0.0003", b"lr: " + value) for name in ("dvc.lock", "params.yaml")}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"[1, 2]", "[1, 2]"),
        (b"{b: 1, a: x}", '{"a": "x", "b": 1}'),
        (b"2026-01-02", "2026-01-02"),
        (b".inf", math.inf),
        (b"null", None),
    ],
)
def test_a_value_of_any_kind_is_compared_and_tabulated(value, read):
    record = record_of(with_lr(value))
    assert (record.state, record.params["lr"], record.edited) == (FINISHED_RUN, read, {})
    odd = Run("odd", record, "head", "main", is_experiment=True)
    found = overview_of([Run("main", record_of(files_of()), "head", is_baseline=True), odd])
    assert len(tables_of_settings(found)[0].rows) == len(tables_of_runs(found)[0].rows) == 2
    assert "odd" in csv_of_runs(found)


@pytest.mark.parametrize("value", [b"!!set {a, b}", b".nan", b"1" + b"0" * 400, b"0x1" + b"0" * 5000, b"[.nan]"])
def test_a_value_that_cannot_be_compared_is_named(value):
    found = record_of(with_lr(value))
    assert found.state == UNREADABLE_RUN
    assert "params.yaml: the value of the param 'lr' cannot be compared" in found.fault
    lock = record_of(with_lr(value) | {"params.yaml": b"lr: 1"})
    assert "dvc.lock: the value of the param 'lr' cannot be compared" in lock.fault


@pytest.mark.parametrize("missing", ["dvc.lock", "metrics/metrics.json"])
def test_without_results_there_are_the_params_of_params_yaml(missing):
    files = files_of()
    del files[missing]
    assert record_of(files).state == NO_RESULTS
    assert record_of(files).params["report_to"] == "none"
    assert record_of({}) == record_of({"dvc.lock": b"", "params.yaml": b""})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("dvc.lock", b"<<<<<<< ours\nstages: {}\n", "dvc.lock"),
        ("dvc.lock", b"- 1\n", "dvc.lock: a mapping was expected"),
        ("dvc.lock", b"stages: {train: 1}\n", "stages.train holds a number"),
        ("dvc.lock", b"stages: {train: {params: {params.yaml: [lr]}}}\n", "dvc.lock: stages.train.params.params.yaml"),
        ("dvc.lock", b"stages: {train: {params: {params.yaml: {lr: 1, 1: 2}}}}\n", "holds the key 1 where a text"),
        ("dvc.lock", b"stages: {train: !!bool x}\n", "dvc.lock"),
        ("params.yaml", b"lr: 1\n1: 2\n", "params.yaml: the key 1 of a param is no text"),
        ("params.yaml", b"lr: !!bool x\n", "params.yaml"),
        ("params.yaml", b"lr: &a [*a]\n", "the value of the param 'lr' cannot be compared"),
        ("dvc.lock", b"[" * 5000, "dvc.lock"),
        ("params.yaml", b"\xff", "params.yaml"),
        ("metrics/metrics.json", b"{", "metrics/metrics.json"),
        ("metrics/metrics.json", b"[]", "metrics/metrics.json: the file holds a list"),
        ("metrics/metrics.json", b'{"dev": {"f1": "high"}, "test": {"f1": 1}}', "dev.f1 holds a text"),
        *(
            ("metrics/metrics.json", b'{"dev": {"f1": %b}, "test": {"f1": 1}}' % number, "dev.f1 holds")
            for number in (b"NaN", b"1e999", b"-0.1", b"1" + b"0" * 400)
        ),
        (
            "metrics/averages.json",
            b'[{"split": "dev", "f1_low": 1%b, "f1_high": 1}]' % (b"0" * 400),
            "[0].f1_low holds",
        ),
        ("metrics/averages.json", b'[{"split": "dev", "f1_low": NaN, "f1_high": 1}]', "[0].f1_low holds nan"),
        ("metrics/clean.json", b'[{"split": "dev", "sentences": -1}]', "[0].sentences holds -1"),
        ("metrics/clean.json", b"[" * 5000, "metrics/clean.json"),
    ],
)
def test_a_damaged_file_is_named_and_breaks_nothing(name, content, said):
    found = record_of(unlocked(files_of()) | {name: content})  # Otherwise the damage is noticed by its MD5.
    assert found.state == UNREADABLE_RUN
    assert said in found.fault


@pytest.mark.parametrize("content", [b"{}", b"null", b'[1, {"split": 1}, {"split": "dev"}]'])
def test_tables_of_another_form_are_as_good_as_none(content):
    found = record_of(unlocked(files_of()) | {"metrics/averages.json": content, "metrics/clean.json": content})
    assert (found.state, found.f1["dev"], found.gold) == (FINISHED_RUN, Estimate(0.5, None, None), None)
