"""Each file that a stage reads from another stage, damaged in several ways: one sentence, and no output is touched."""

import importlib
import shlex
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from nerpipe.errors import NerpipeError
from places import ROOT
from repository import STAGES

PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
DAMAGES = {
    "an object": lambda _: b"{}",
    "a list": lambda _: b"[]",
    "null": lambda _: b"null",
    "a list of an object": lambda _: b"[{}]",
    "a list of a number": lambda _: b"[1]",
    "half": lambda whole: whole[: len(whole) // 2],
    "nothing": lambda _: b"",
}
# What a stage does not need, though it stands in a folder that it depends on. What dataset_info.json says stands in the
# Arrow files too. Of the tokenizer in models/trained evaluate takes one number, and export compares its predictions.
UNREAD = {
    "encode_labels": ["data/clean/rejected.jsonl"],
    "evaluate": ["data/clean/rejected.jsonl", "models/trained/tokenizer_config.json"],
    "export": ["data/encoded/labels.json", "data/predictions/test.conll", "models/trained/tokenizer_config.json"],
    "tokenize_align": [],
    "train": ["data/encoded/words.json"],
}


def name_of(out):
    return out if isinstance(out, str) else next(iter(out))


def inputs_of(name):
    """The files that other stages wrote and this one reads."""
    for dep in PIPELINE[name]["deps"]:
        if dep.startswith(("data/", "metrics/", "models/")) and not dep.startswith("data/raw/"):
            files = [path for path in sorted(Path(dep).rglob("*")) if path.is_file()] or [Path(dep)]
            yield from (path for path in files if path.name != "dataset_info.json" and str(path) not in UNREAD[name])


def stamps(places):
    return {path: path.stat().st_mtime_ns for place in places for path in [Path(place), *Path(place).rglob("*")]}


@pytest.fixture(scope="module")
def copy(built, tmp_path_factory):
    """A copy whose files are damaged and mended again."""
    target = tmp_path_factory.mktemp("damaged") / "repo"
    return shutil.copytree(built.path, target, ignore=shutil.ignore_patterns(".dvc", ".git"))


@pytest.mark.parametrize("name", STAGES[1:])
def test_a_damaged_input_is_one_sentence_that_names_it_and_the_way_out(copy, monkeypatch, name):
    monkeypatch.chdir(copy)
    monkeypatch.setattr(sys, "argv", shlex.split(PIPELINE[name]["cmd"])[2:])
    stage = importlib.import_module(f"stages.{name}")
    outputs = [name_of(out) for out in PIPELINE[name]["outs"] + PIPELINE[name]["metrics"]]
    before = stamps(outputs)
    for path in inputs_of(name):
        whole = path.read_bytes()
        for damage, change in DAMAGES.items():
            if path.suffix == ".json" or damage in ("half", "nothing"):
                path.write_bytes(change(whole))
                case = f"{damage} in {path}"
                try:
                    said = refusal(stage.main, case)
                finally:
                    path.write_bytes(whole)
                assert "dvc repro" in said, case
                assert any(place in said for place in places_of(path)), case
                assert "\n" not in said, case
                assert stamps(outputs) == before, case


def refusal(run, case):
    try:
        run()
    except NerpipeError as error:
        return str(error)
    pytest.fail(f"nothing was said: {case}")


def places_of(path):
    """What a message may name: the file, its folder or the data set that it belongs to; or the split that lost rows."""
    return path.name, f"split {path.stem}:", *(str(folder) for folder in path.parents if len(folder.parts) > 1)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["metrics", "averages", "per_type", "mistakes", "notes", "clean", "tokenize", "train"])
def test_a_summary_of_damaged_metrics_names_the_file(tmp_path, monkeypatch, name, damage):
    from nerpipe.inspection.summary_command import summarise

    shutil.copytree(ROOT / "metrics", tmp_path / "metrics")
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"metrics/{name}.json"
    if name != "metrics" and damage == "a list":
        return  # A table without rows.
    if name == "notes" and damage == "half":
        path.write_text("[")
    else:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(NerpipeError, match=rf"^metrics/{name}\.json: .*`dvc repro`"):
        summarise(None)
