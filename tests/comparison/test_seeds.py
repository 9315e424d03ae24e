"""Settings over seeds, by hand."""

import math
from dataclasses import replace

import pytest

from nerpipe.comparison.run_queue import QUEUED
from nerpipe.comparison.seeds import spread, tabulate_runs, with_t_interval
from nerpipe.errors import NerpipeError
from run_files import baseline, finished, pending


def run(seed, f1, name="", **options):
    return finished(name or f"{seed} {options}", f1, f1, seed=seed, **options)


def test_settings_over_seeds_by_hand():
    rows = tabulate_runs(
        [
            *(run(1, 0.50, lr=1e-4), run(2, 0.60, lr=1e-4), run(3, 0.9, lr=1e-4)),
            *(run(1, 0.54, lr=2e-4), run(2, 0.66, lr=2e-4)),
            pending("queued", QUEUED, seed=3, lr=2e-4),
        ]
    )
    assert [(row.params["lr"], row.seeds) for row in rows] == [(1e-4, [1, 2, 3]), (2e-4, [1, 2])]
    # mean 2.0 / 3; deviations -1/6, -1/15, 7/30 squared sum to (25 + 4 + 49) / 900, halved for n - 1 = 2
    assert rows[0].f1["test"].mean == pytest.approx(2 / 3)
    assert rows[0].f1["test"].sd == pytest.approx(math.sqrt(78 / 900 / 2))
    assert rows[0].gain == {}
    # over seeds 1 and 2 the gains are 0.04 and 0.06: mean 0.05, sd 0.02 / sqrt 2; t(0.975, 1) = 12.7062
    gain = rows[1].gain["test"]
    assert (gain.n, gain.mean, gain.sd) == pytest.approx((2, 0.05, 0.02 / math.sqrt(2)))
    assert (gain.low, gain.high) == pytest.approx((0.05 - 0.127062, 0.05 + 0.127062))


def test_the_setting_of_the_baseline_goes_first_and_numbers_are_in_order():
    runs = [run(1, 0.5, lr=lr) for lr in (1e-3, 2e-5, 1e-4)]
    assert [row.params["lr"] for row in tabulate_runs(runs)] == [2e-5, 1e-4, 1e-3]
    rows = tabulate_runs([*runs, baseline(lr=1e-4, seed=2)])
    assert [(row.params["lr"], row.seeds, row.has_baseline) for row in rows] == [
        (1e-4, [1, 2], True),
        (2e-5, [1], False),
        (1e-3, [1], False),
    ]


def test_one_number_has_no_deviation_and_no_interval():
    assert with_t_interval([0.5]) == spread([0.5]) == (1, 0.5, None, None, None)
    no_common = tabulate_runs([run(1, 0.5, lr=1.0), run(2, 0.5, lr=2.0)])
    assert no_common[1].gain == {}


def test_same_params_with_other_results_are_refused():
    with pytest.raises(NerpipeError, match=r"one and two have the same params but different results.*exp remove one"):
        tabulate_runs([run(1, 0.5, "one", lr=1.0), run(1, 0.6, "two", lr=1.0)])
    assert tabulate_runs([run(1, 0.5, "one"), run(1, 0.5, "two")])[0].runs == ["one"]


def test_an_experiment_stands_for_head_and_the_workspace_with_the_same_params():
    workspace = finished("workspace", 0.7, is_experiment=False)
    (row,) = tabulate_runs([baseline(dev=0.6), workspace, run(1, 0.5, "experiment"), run(2, 0.5, "other")])
    assert (row.runs, row.has_baseline) == (["experiment", "other"], True)
    (row,) = tabulate_runs([workspace, baseline(dev=0.6)])
    assert row.runs == ["main"]


def test_runs_that_started_from_other_commits_have_other_code_and_are_no_seeds_of_one_setting():
    older = [replace(run(seed, 0.4, f"old{seed}"), start="older", origin="v1.0") for seed in (1, 2)]
    rows = tabulate_runs([*older, baseline(), run(2, 0.7, "new", origin="main")])
    assert [(row.origin, row.runs) for row in rows] == [("main", ["main", "new"]), ("v1.0", ["old1", "old2"])]
    assert rows[1].gain["dev"].mean == pytest.approx((-0.1 - 0.3) / 2)
