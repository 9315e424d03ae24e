"""The notebook runs, its outputs are those that the file shows, and it uses nothing but public names."""

import ast
import json
import os
import re
import subprocess
import sys

import pytest

import nerpipe
from notebook import NOTEBOOK, kept_outputs, without_figures
from places import ROOT
from repository import copy_repository

CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
CODE = [cell for cell in CELLS if cell["cell_type"] == "code"]


def test_it_is_a_valid_notebook_without_traces_of_a_machine():
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: requirements/dev.txt")
    nbformat.validate(json.loads(NOTEBOOK.read_text(encoding="utf-8")))
    assert all("execution" not in cell["metadata"] for cell in CELLS)
    assert str(ROOT) not in NOTEBOOK.read_text(encoding="utf-8")
    outputs = [output for cell in CODE for output in cell["outputs"]]
    assert {(output["output_type"], output["name"]) for output in outputs} == {("stream", "stdout")}
    assert [cell["execution_count"] for cell in CODE] == [*range(1, len(CODE) + 1)]


def test_it_uses_the_public_names_and_those_of_the_page_on_python():
    used = set()
    for cell in CODE:
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "nerpipe":
                assert node.module == "nerpipe"
                used |= {alias.name for alias in node.names}
    assert {"read_conll", "align_labels", "train_model", "score", "Predictor"} <= used <= set(nerpipe.__all__)


@pytest.mark.slow
def test_its_outputs_are_those_of_the_file(tmp_path):
    """Counts and words are equal. The fractions, which follow from training, may differ on another processor."""
    copy_repository(tmp_path)
    code = "import json; from notebook import run_notebook; print(json.dumps(run_notebook('.')))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path / "docs",
        env=os.environ | {"PYTHONPATH": f"{tmp_path / 'src'}{os.pathsep}{ROOT / 'tests'}", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = [kept_outputs(cell) for cell in json.loads(done.stdout)["cells"] if cell["cell_type"] == "code"]
    kept = [kept_outputs(cell) for cell in CODE]
    assert [*map(without_figures, found[:-1])] == [*map(without_figures, kept[:-1])]
    check_entities(found[-1])
    check_entities(kept[-1])
    for text in (found, kept):
        check_scores(next(cell for cell in text if "seqeval" in cell))


def check_entities(printed):
    """The places are exact. Which entities a model of one epoch finds may differ on another processor."""
    text = "Apple Inc. is planning to open a new store in San Francisco, California."
    rows = [re.fullmatch(r"([\w-]+) +(\d+) to +(\d+)  (.*?) +\d\.\d\d", row).groups() for row in printed.splitlines()]
    assert all(text[int(start) : int(end)] == entity for _, start, end, entity in rows)
    assert ("location", "46", "59", "San Francisco") in rows


def check_scores(printed):
    rows = [row.split() for row in printed.splitlines()]
    assert [row[:2] for row in rows] == [
        [reading, who] for reading in ("conlleval", "strict_iob2") for who in ("nerpipe", "seqeval")
    ]
    for ours, theirs in (rows[:2], rows[2:]):
        assert ours[2:] == theirs[2:]
        assert float(ours[-1]) > 0.3  # It has learnt something.
