"""Which runs stand together, in which order, and the params in which they differ."""

from dataclasses import replace

from nerpipe.comparison.run_queue import FAILED_RUN, QUEUED, RUNNING_NOW
from nerpipe.comparison.run_records import UNREADABLE_RUN, RunRecord
from nerpipe.comparison.runs import Run, differing_keys, overview_of
from run_files import baseline, finished, pending


def names(group):
    return [run.name for run in group.runs]


def test_the_baseline_and_the_workspace_go_first_then_the_best_on_dev_then_what_has_no_results():
    found = overview_of(
        [
            pending("b", QUEUED),
            pending("a", QUEUED),
            pending("c", FAILED_RUN),
            pending("d", RUNNING_NOW),
            finished("worse", 0.4, test=0.9),
            finished("better", 0.6),
            finished("workspace", 0.3, is_experiment=False),
            finished("workspace ", 0.7),
            baseline(dev=0.1),
        ]
    )
    (group,) = found.groups
    assert names(group) == ["main", "workspace", "workspace ", "better", "worse", "d", "a", "b", "c"]
    assert found.baseline.name == "main"


def test_runs_on_other_data_sets_or_other_sentences_of_the_same_are_apart():
    found = overview_of(
        [
            finished("w", dataset="wnut17", gold="w", sentences=(1009, 1287)),
            finished("old", gold="old", sentences=(285, 392)),
            finished("x", dataset="another"),
            finished("more", extra="wnut17"),  # It is added to train alone.
            pending("queued", QUEUED, dataset="wnut17"),
            pending("new", QUEUED, dataset="new"),
            baseline(),
        ]
    )
    assert [(group.heading, names(group)) for group in found.groups] == [
        ("sample, 20 sentences of dev and 1,300 of test", ["main", "more"]),
        ("another, 20 sentences of dev and 1,300 of test", ["x"]),
        ("new", ["new"]),
        ("sample, 285 sentences of dev and 392 of test (state 2 of its sentences)", ["old"]),
        ("wnut17, 1,009 sentences of dev and 1,287 of test", ["w", "queued"]),
    ]
    assert found.differing == ["extra"]  # What the headings say is left out.
    assert found.notes == [
        "Data set sample: its dev or test changed between these runs, and each state of them has a table of its own."
    ]


def test_a_run_without_results_joins_the_sentences_of_the_baseline():
    found = overview_of([finished("old", 0.9, gold="old"), pending("queued", QUEUED), baseline()])
    assert [names(group) for group in found.groups] == [["main", "queued"], ["old"]]


def test_params_differ_if_a_value_differs_or_is_missing():
    assert differing_keys([{"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 1, "b": 2, "c": None}]) == ["b", "c"]
    assert differing_keys([{"a": 1}, {"a": 1.0}]) == []
    assert differing_keys([]) == []


def test_params_that_no_finished_run_lists_change_no_result_and_are_left_out():
    found = overview_of([baseline(), pending("queued", QUEUED, lr=0.5, report_to="wandb")])
    assert found.differing == ["lr"]
    assert "report_to" not in found.groups[0].runs[1].record.params


def test_without_a_finished_run_all_params_count():
    queued = [pending("queued", QUEUED, report_to="wandb"), replace(pending("HEAD", "no results"), is_baseline=True)]
    assert overview_of(queued).differing == ["report_to"]


def test_an_unreadable_run_makes_no_param_differ():
    found = overview_of([baseline(), Run("broken", RunRecord(UNREADABLE_RUN), "x")])
    assert found.differing == []
    assert [group.heading for group in found.groups][1] == "unknown"
