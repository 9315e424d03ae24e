"""What a run was made from, read off records like those of dvc.lock."""

import copy

import pytest

from nerpipe.comparison.run_inputs import InputChanges, RunInputs, changed_inputs, inputs_of_stage

STAGES = {
    "clean": {
        "deps": [{"path": "data/raw", "md5": "1"}, {"path": "src/corpus", "md5": "2"}],
        "params": {"params.yaml": {"dataset": "sample"}},
        "outs": [{"path": "data/clean", "md5": "3"}],
    },
    "train": {
        "deps": [{"path": "data/clean/dev.conll", "md5": "4"}, {"path": "src/corpus", "md5": "2"}],
        "params": {"params.yaml": {"lr": 0.1, "seed": 1}},
        "outs": [{"path": "models/trained", "md5": "5"}],
    },
    "evaluate": {
        "deps": [{"path": "models/trained", "md5": "5"}],
        "params": {"params.yaml": {"seed": 1}},
        "outs": [{"path": "data/predictions", "md5": "6"}],
    },
    "export": {"deps": [{"path": "data/predictions", "md5": "6"}], "params": {"params.yaml": {"int8": 0.5}}},
}


def changed(path, value):
    stages = copy.deepcopy(STAGES)
    place = stages
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return stages


def test_the_inputs_of_a_stage_are_its_own_and_those_of_the_stages_before_it():
    found = inputs_of_stage(STAGES, "evaluate")
    assert found == RunInputs(
        {"dataset": "sample", "lr": 0.1, "seed": 1}, {"data/raw": "1", "src/corpus": "2"}
    )  # nothing of export, which comes later
    assert inputs_of_stage(STAGES, "clean") == RunInputs({"dataset": "sample"}, {"data/raw": "1", "src/corpus": "2"})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("evaluate", "params", "params.yaml", "seed"), 2),  # train has 1
        (("train", "outs", 0, "md5"), "new"),  # evaluate has not read it
        (("train", "deps", 1, "md5"), "new"),  # clean has another
    ],
)
def test_records_that_do_not_fit_together_say_nothing(path, value):
    assert inputs_of_stage(changed(path, value), "evaluate") is None


def test_a_stage_that_has_not_run_has_no_inputs():
    assert inputs_of_stage({}, "evaluate") is None
    assert inputs_of_stage({"clean": STAGES["clean"]}, "evaluate") is None


def test_what_differs():
    one = RunInputs({"a": 1, "b": 2, "old": 0}, {"x": "1", "y": "1", "gone": "1"})
    two = RunInputs({"a": 1, "b": 3, "new": "n"}, {"x": "1", "y": "2"})
    assert changed_inputs(one, two) == InputChanges({"b": (2, 3), "new": (None, "n"), "old": (0, None)}, ["gone", "y"])
    assert changed_inputs(one, one) == InputChanges({}, [])
