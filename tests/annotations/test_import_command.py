"""`nerpipe import` as a user runs it: what it prints, its exit code, and its messages."""

import json
import shutil
import subprocess
import sys

import pytest

from places import ROOT

FIXTURES = ROOT / "tests/fixtures/annotations"
HERE = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); from nerpipe.cli import main; main()"


def run(folder, *arguments, code=0):
    command = [sys.executable, "-c", HERE, "import", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def root(tmp_path):
    (tmp_path / "data/raw").mkdir(parents=True)
    for name in ("label_studio.json", "doccano.jsonl"):
        shutil.copy(FIXTURES / name, tmp_path)
    return tmp_path


def test_it_says_the_format_the_counts_the_places_and_the_next_command(root):
    with (root / "doccano.jsonl").open("a") as file:
        file.write('{"text": "half a li\n{"id": 7, "text": "hi Ann !", "label": [[2, 7, "PER"], [3, 6, "X"]]}\n')
    said = run(root, "doccano.jsonl", "--name", "mine")
    for line in (
        "format: doccano, by the content of doccano.jsonl",
        "records: 8 read = 7 kept + 1 rejected",
        "  not_json: 1 (doccano.jsonl:7)",
        "annotations: 11 read = 9 kept + 1 repaired + 1 quarantined",
        "  trimmed: 1 (doccano.jsonl:8)",
        "  second_type: 1 (doccano.jsonl:8)",
        "test: 1 document, 1 sentence, 6 words, 0 entities",
        "next: dvc exp run -S dataset=mine",
    ):
        assert line in said.splitlines()
    rejects = [json.loads(line) for line in (root / "data/raw/mine/import_rejects.jsonl").read_text().splitlines()]
    assert [(row["place"], row["reason"]) for row in rejects] == [
        ("doccano.jsonl:7", "not_json"),
        ("doccano.jsonl:8", "second_type"),
    ]
    assert rejects[0]["record"] == '{"text": "half a li'
    assert rejects[1]["annotation"] == '[3, 6, "X"]'
    report = json.loads((root / "data/raw/mine/import_report.json").read_text())
    assert report["quarantined"]["second_type"] == {"count": 1, "first": ["doccano.jsonl:8"]}


def test_it_imports_neither_torch_nor_pandas(root):
    code = HERE.replace("main()", "") + (
        "\ntry: main()\nexcept SystemExit as end: assert not end.code\n"
        "assert not {'torch', 'transformers', 'pandas', 'datasets', 'pyarrow'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", code, "import", "doccano.jsonl", "--name", "mine"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["nowhere", "--name", "mine"], "error: nowhere: no such file or folder", 1),
        (["doccano.jsonl", "label_studio.json", "--name", "mine"], "error: the files have several formats", 1),
        (["doccano.jsonl", "--name", "../mine"], "error: --name", 1),
        (["doccano.jsonl", "--name", "a/b"], "error: --name", 1),
        (["doccano.jsonl", "--name", ""], "error: --name", 1),
        (["doccano.jsonl"], "--name", 2),
        (["doccano.jsonl", "--name", "mine", "--dev", "0"], "above 0 and below 0.5", 2),
        (["doccano.jsonl", "--name", "mine", "--test", "nan"], "above 0 and below 0.5", 2),
    ],
)
def test_a_wrong_command_is_one_message_and_writes_nothing(root, arguments, said, code):
    shown = run(root, *arguments, code=code)
    assert said in shown
    assert "Traceback" not in shown
    assert list((root / "data/raw").iterdir()) == []


def test_outside_the_project_it_says_where_to_run(tmp_path):
    assert "run from the project's root folder" in run(tmp_path, FIXTURES / "doccano.jsonl", "--name", "mine", code=1)
