"""The house: rooms of a fair size, one way in, nothing heavy where it must be light."""

import ast
import os
import re
import subprocess
import sys
from collections import defaultdict

import pytest

from places import ROOT

PACKAGE = ROOT / "src/nerpipe"
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted(path for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__")
LIGHT = [
    *(path for room in ("contracts", "corpus") for path in sorted((PACKAGE / room).glob("*.py"))),
    *(PACKAGE / name for name in ("__init__.py", "cli.py", "errors.py", "params.py", "yaml_reader.py")),
    *(PACKAGE / "training" / f"{name}.py" for name in ("processes", "run_folder")),
    PACKAGE / "tokenizing/model_source.py",
]
HEAVY = ("torch", "transformers", "datasets", "evaluate", "pandas", "seqeval", "dvc")


def module_name(path):
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_the_package_itself_holds_at_most_six_files():
    assert len([path for path in PACKAGE.iterdir() if path.is_file()]) <= 6


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_holds_several_modules_and_no_room_of_its_own(room):
    assert len([path for path in room.glob("*.py") if path.name != "__init__.py"]) > 1
    assert [path for path in room.iterdir() if path.is_dir() and path.name != "__pycache__"] == []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_is_short(path):
    assert len(path.read_text().splitlines()) <= 250


@pytest.mark.parametrize("path", [room / "__init__.py" for room in ROOMS], ids=module_name)
def test_the_init_file_of_a_room_says_what_is_in_it_and_imports_nothing(path):
    (statement,) = ast.parse(path.read_text()).body
    assert ast.get_docstring(ast.parse(path.read_text()))
    assert isinstance(statement, ast.Expr)


def public_names(path):
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


def test_no_public_name_stands_in_two_modules():
    homes = defaultdict(list)
    for path in MODULES:
        for name in public_names(path):
            if not name.startswith("_"):
                homes[name].append(module_name(path))
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_the_tests_mirror_the_rooms():
    names = {room.name for room in ROOMS}
    assert names <= {path.name for path in (ROOT / "tests").iterdir()}
    for room in names:
        modules = {path.stem for path in (PACKAGE / room).glob("*.py")}
        tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / room).glob("test_*.py")}
        assert tests <= modules, room


def test_a_stage_script_is_short():
    for path in (ROOT / "stages").glob("*.py"):
        most = 60 if path.name == "__init__.py" else 45  # what all of them share
        assert len(path.read_text().splitlines()) <= most, path


def test_light_modules_and_stage_scripts_import_nothing_heavy():
    """So that a typo in params.yaml fails in a fraction of a second."""
    scripts = [f"stages.{path.stem}" for path in sorted((ROOT / "stages").glob("*.py"))]
    code = (
        "import sys, importlib\n"
        f"for name in {[module_name(path) for path in LIGHT] + scripts!r}:\n"
        "    importlib.import_module(name)\n"
        f"    heavy = sorted(set(sys.modules) & set({HEAVY!r}))\n"
        "    assert not heavy, f'{name} imports {heavy}'\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONPATH": "src"}, check=True)


# For each call that lets text of data into another format: the modules that may make it.
BORDERS = {
    "print(": set(),
    "Console(": {"nerpipe.evaluation.data_table"},
    "rich.table": {"nerpipe.evaluation.data_table"},
    "ensure_ascii=False": {
        "nerpipe.annotations.documents",  # It becomes a field of a line of JSON.
        "nerpipe.batch.records",  # It is only tried out.
        "nerpipe.contracts.escapes",
        "nerpipe.yaml_reader",
    },
    ".to_csv(": {"nerpipe.evaluation.report_files"},
    "csv.writer": {"nerpipe.comparison.run_outputs"},
    "shell=True": set(),
}


@pytest.mark.parametrize("call", BORDERS)
def test_data_crosses_a_border_in_one_place(call):
    pattern = re.compile(rf"(?<![\w.]){re.escape(call)}" if call[0].isalpha() else re.escape(call))
    code = {module_name(path): re.sub(r'r?"""(?s:.*?)"""', "", path.read_text()) for path in MODULES}
    found = {name for name, text in code.items() if pattern.search(text)}
    assert found == BORDERS[call]
