"""The loader of params.yaml: what it takes, and what it says of the rest."""

import dataclasses
import re
import subprocess
import sys

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.params import NAMES_ELSEWHERE, Params, load_params
from places import ROOT

GOOD = (ROOT / "params.yaml").read_text()


@pytest.fixture
def load(tmp_path):
    """Load params.yaml with some lines replaced (or added)."""

    def load(**changes):
        text = GOOD
        for key, value in changes.items():
            line = f"{key}: {value}"
            text, count = re.subn(rf"(?m)^{key}:.*$", lambda _, line=line: line, text)
            text += "" if count else f"{line}\n"
        path = tmp_path / "params.yaml"
        path.write_text(text)
        return load_params(path)

    return load


@pytest.mark.parametrize("written", ["3e-5", "3e-05", "3.0e-5", "0.00003", ".00003", "3E-5", "+3e-5"])
def test_every_way_to_write_a_float_gives_the_float(load, written):
    assert load(lr=written).lr == 3e-5
    assert isinstance(load(weight_decay="0").weight_decay, float)


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "y"])
def test_yaml_1_1_booleans_are_text_as_dvc_reads_them(load, word):
    assert load(dataset=word).dataset == word


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lr": "abc"}, ["-> lr]", "'abc'", "not a number", "above 0 to 1"]),
        ({"lr": "'3e-5'"}, ["-> lr]", "'3e-5'", "text, not a number"]),
        ({"lr": "0"}, ["-> lr]", "0", "out of range", "above 0"]),
        ({"lr": "5"}, ["-> lr]", "5", "out of range"]),
        ({"lr": ".nan"}, ["-> lr]", "nan", "out of range"]),
        ({"lr": ".inf"}, ["-> lr]", "inf", "out of range"]),
        ({"lr": "[1, 2]"}, ["-> lr]", "a list, not a number"]),
        ({"epochs": "3.0"}, ["-> epochs]", "3.0", "whole number"]),
        ({"epochs": "1:30"}, ["-> epochs]", "'1:30'", "text, not a number"]),
        ({"epochs": "0"}, ["-> epochs]", "0", "from 1 to"]),
        ({"seed": "true"}, ["-> seed]", "True", "boolean"]),
        ({"seed": ""}, ["-> seed]", "None", "empty"]),
        ({"seed": "-1"}, ["-> seed]", "-1", "from 0 to 4294967295"]),
        ({"warmup": "1"}, ["-> warmup]", "below 1"]),
        ({"dataset": "2017"}, ["-> dataset]", "2017", "quote it"]),
        ({"dataset": "../x"}, ["-> dataset]", "'../x'", "name of a folder"]),
        ({"unknown_labels": "fial"}, ["-> unknown_labels]", "'fial'", "did you mean 'fail'", "fail, outside"]),
        (
            {"multi_tag": "reject"},
            ["-> multi_tag] this key is now one of data/raw/sample/corpus.yaml", "    multi_tag: reject"],
        ),
        ({"scheme": "IOB2"}, ["-> scheme] this key is now one of data/raw/sample/corpus.yaml", "    scheme: IOB2"]),
        ({"stride": "128"}, ["-> stride]", "128", "less than max_length"]),
        ({"quality": "3"}, ["-> quality]", "unknown key", "3", "known keys: dataset, "]),
        (
            {"learning_rate": "1e-4"},
            ["-> learning_rate]", "unknown key", "0.0001", "did you mean 'lr'? That key is there too, so set it"],
        ),
        ({"lerning-rate": "3"}, ["-> lerning-rate]", "did you mean 'lr'"]),
        ({"num_train_epochs": "3"}, ["did you mean 'epochs'"]),
        ({"epoch": "3"}, ["-> epoch]", "unknown key", "did you mean 'epochs'"]),
    ],
)
def test_what_is_wrong_is_said_with_key_value_and_what_would_be_right(load, change, said):
    with pytest.raises(NerpipeError) as caught:
        load(**change)
    for part in ["params.yaml", *said]:
        assert part in str(caught.value)


def test_the_names_of_other_programs_lead_to_params_and_are_none():
    known = {field.name for field in dataclasses.fields(Params)}
    assert {*NAMES_ELSEWHERE.values()} <= known
    assert known & {*NAMES_ELSEWHERE} == set()


def test_every_problem_is_reported_at_once(load):
    with pytest.raises(NerpipeError) as caught:
        load(lr="abc", epochs="no", sed="3")
    assert [line.split("] ")[0].split(" -> ")[1] for line in str(caught.value).splitlines()] == [
        "sed",
        "lr",
        "epochs",
    ]


def test_missing_and_duplicate_keys(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(re.sub(r"(?m)^lr:.*\n", "", GOOD))
    with pytest.raises(NerpipeError, match=r"-> lr\] missing; add `lr: "):
        load_params(path)
    path.write_text(GOOD + "lr: 0.1\n")
    with pytest.raises(NerpipeError, match=r"params.yaml:\d+ -> lr\] the key is given twice, first on line \d+"):
        load_params(path)


@pytest.mark.parametrize("text", ["", "- 1\n", "lr: [\n", "a: b: c\n"])
def test_a_file_that_is_no_flat_mapping(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(NerpipeError, match=r"params.yaml"):
        load_params(path)


def test_no_file(tmp_path):
    with pytest.raises(NerpipeError, match="run from the project's root"):
        load_params(tmp_path / "params.yaml")


@pytest.mark.parametrize("stage", ["clean_conll", "encode_labels", "tokenize_align", "train", "evaluate", "export"])
def test_a_bad_param_fails_every_stage_without_a_traceback(tmp_path, stage):
    (tmp_path / "params.yaml").write_text(GOOD.replace("lr: ", "lrr: "))
    flags = re.findall(r"(?m)^        (\w+)=\"", (ROOT / f"stages/{stage}.py").read_text())
    arguments = [part for flag in flags for part in (f"--{flag.replace('_', '-')}", "nowhere")]
    done = subprocess.run(
        [sys.executable, "-m", f"stages.{stage}", *arguments],
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "did you mean 'lr'" in done.stderr
    assert "Traceback" not in done.stderr
