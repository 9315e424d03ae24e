"""params.yaml, dvc.yaml and the stage scripts must say the same."""

import ast
import dataclasses
import re
from pathlib import Path

import pytest
import yaml

from nerpipe.evaluation.evaluate import WITHOUT_EFFECT as UNSHOWN_ON_PAGE
from nerpipe.export.card import UNSHOWN_PARAMS
from nerpipe.params import Params, load_params
from nerpipe.training.settings import TrainSettings
from places import ROOT

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
# Modules that cannot change an output: they check and name. As dependencies they would retrain all for a new param.
HARMLESS = {
    "stages/__init__.py",
    "src/nerpipe/__init__.py",
    *(f"src/nerpipe/{name}.py" for name in ("errors", "params", "yaml_reader")),
}
WHOLE = ("params", "params=params")  # how a script hands on all params
WITHOUT_EFFECT = {"report_to"}  # read by train, but no output depends on them: DVC must not run a stage for them


def module_file(name: str) -> str | None:
    """The file of a local module, or None for a library."""
    for root in ("", "src/"):
        path = root + name.replace(".", "/")
        for candidate in (f"{path}.py", f"{path}/__init__.py"):
            if (ROOT / candidate).is_file():
                return candidate
    return None


def local_imports(path: str) -> set[str]:
    """The local files that a file imports, at module level or inside a function."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {file for name in names if (file := module_file(name))}


def closure(path: str) -> set[str]:
    found, open_files = set(), {path}
    while open_files:
        file = open_files.pop()
        found.add(file)
        open_files |= local_imports(file) - found
    return found


def code_of(stage: str) -> set[str]:
    """What dvc.yaml should list of the code: the script, and the package of every module that it imports."""
    files = closure(f"stages/{stage}.py") - HARMLESS
    return {file if file.startswith("stages/") else Path(file).parent.as_posix() for file in files}


def asked_params(path: str) -> set[str]:
    """The keys that a script reads: every `params.KEY` in it."""
    tree = ast.parse((ROOT / path).read_text())
    fields = {field.name for field in dataclasses.fields(Params)}
    read = {
        n.attr
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "params"
    }
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    handed_on = {
        ast.unparse(call.func) for call in calls for arg in (*call.args, *call.keywords) if ast.unparse(arg) in WHOLE
    }
    if "TrainSettings.from_params" in handed_on:
        return read | {field.name for field in dataclasses.fields(TrainSettings)}
    unshown = UNSHOWN_ON_PAGE if "evaluate" in handed_on else UNSHOWN_PARAMS  # the page and the card show all others
    return fields - set(unshown) if handed_on else read


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_exactly_the_params_that_its_script_reads(stage):
    in_command = {"dataset"} if "${dataset}" in STAGES[stage]["cmd"] else set()
    assert set(STAGES[stage]["params"]) == asked_params(f"stages/{stage}.py") - WITHOUT_EFFECT | in_command


@pytest.mark.parametrize("stage", STAGES)
def test_no_param_reaches_the_shell_without_quotes(stage):
    assert "${" not in re.sub(r"'[^']*'", "", STAGES[stage]["cmd"])


def test_the_keys_of_params_yaml_are_those_of_the_loader_and_of_all_stages():
    file = set(yaml.safe_load((ROOT / "params.yaml").read_text()))
    assert file == {field.name for field in dataclasses.fields(Params)}
    assert file - WITHOUT_EFFECT == set().union(*(stage["params"] for stage in STAGES.values()))


def test_every_line_of_params_yaml_says_what_it_means():
    lines = [line for line in (ROOT / "params.yaml").read_text().splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if " # " not in line] == []
    load_params(ROOT / "params.yaml")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_folders_of_all_that_it_imports_and_on_no_other(stage):
    deps = {dep for dep in STAGES[stage]["deps"] if dep.startswith(("src/", "stages/"))}
    assert deps == code_of(stage)


def test_harmless_modules_exist():
    assert all((ROOT / path).is_file() for path in HARMLESS)


def test_only_dvc_yaml_names_data_paths():
    for script in (ROOT / "stages").glob("*.py"):
        text = script.read_text()
        assert "data/" not in text.replace("metrics/", ""), script
    assert Path("params.yaml").name in (ROOT / "stages/train.py").read_text()


if __name__ == "__main__":  # prints what dvc.yaml should list
    for name in STAGES:
        print(name, *sorted(code_of(name)), sep="\n      - ")
