"""What docs/your_data.md says is what the import does: its commands, and every example of its table."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from nerpipe.annotations.documents import ANNOTATION_PROBLEMS, RECORD_PROBLEMS, REPAIRS
from nerpipe.annotations.importing import import_annotations
from nerpipe.corpus.training_places import SentenceId, hash_of_words
from places import ROOT

TEXT = (ROOT / "docs/your_data.md").read_text(encoding="utf-8")
FIXTURES = ROOT / "tests/fixtures/annotations"
# What the files of the commands are, and the format that the import must find.
FILES = {
    "admin.jsonl": ("doccano.jsonl", "doccano"),
    "project-1.json": ("label_studio.json", "Label Studio JSON"),
    "news.jsonl": ("prodigy.jsonl", "Prodigy"),
    "train_data.jsonl": ("spacy.jsonl", "spaCy"),
    "reports": ("brat", "brat"),
    "names.csv": ("annotations.csv", "CSV"),
    "my_data_set": ("hugging_face.jsonl", "Hugging Face"),
}
COMMANDS = re.findall(r"(?m)^\$ nerpipe (import (\S+) --name mine)\n\$ (.*)", TEXT)
NER = [[0, 3, "PER"]]
OTHERS = {  # Good records, in the layout of the example.
    "label": lambda text: {"text": text, "label": NER},
    "spans": lambda text: {"text": text, "spans": [{"start": 0, "end": 3, "label": "PER"}]},
    "annotations": lambda text: {
        "data": {"text": text},
        "annotations": [{"result": [{"value": {"start": 0, "end": 3, "labels": ["PER"]}}]}],
    },
    "ner_tags": lambda text: {"tokens": text.split(), "ner_tags": ["B-PER", "O"]},
}


def table():
    section = TEXT.partition("## What is repaired, and what is set aside")[2]
    for row in re.findall(r"(?m)^\|(.*)\|$", section)[2:]:
        _, answer, name, example = (cell.strip() for cell in row.split("|"))
        kind = {"repaired": "repairs", "annotation": "quarantined", "record": "rejected"}[answer.split()[0].strip(":")]
        yield kind, name.strip("`"), example.strip("`")


CASES = list(table())


def test_the_corrections_of_the_page_are_what_a_merge_says(tmp_path):
    name, said = re.search(r"(?s)\$ nerpipe import (\S+) --merge mine\n(.*?)```", TEXT).groups()
    words = ["see", "you", "at", "Wembley", "tonight"]
    folder = tmp_path / "data/raw/mine"
    folder.mkdir(parents=True)
    other = "".join(f"w{number}\tO\nhere\tB-location\n\n" for number in range(19))
    rows = "".join(f"{word}\t{'B-person' if word == 'Wembley' else 'O'}\n" for word in words)
    text = f"{other}{'# a comment' + chr(10)}" + "\n" * 753 + rows + "\n"
    for split in ("train", "dev", "test"):
        (folder / f"{split}.conll").write_text(text)
    tasks = [
        {"text": f"w{number} here", "label": [[len(f"w{number} "), len(f"w{number} here"), "location"]]}
        | {"nerpipe_id": str(SentenceId("mine", 3 * number + 1, hash_of_words([f"w{number}", "here"])))}
        for number in range(19)
    ]
    wembley = {"text": " ".join(words), "label": [[11, 18, "location"]]}
    tasks.append(wembley | {"nerpipe_id": str(SentenceId("mine", 812, hash_of_words(words)))})
    (tmp_path / name).write_text("".join(json.dumps(task) + "\n" for task in tasks))
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); from nerpipe.cli import main; main()"
    command = [sys.executable, "-c", code, "import", name, "--merge", "mine"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == said


def test_every_tool_has_two_commands():
    assert {name for _, name, _ in COMMANDS} == set(FILES)
    assert len(COMMANDS) == len(FILES)


@pytest.mark.parametrize(("command", "name", "following"), COMMANDS, ids=[name for _, name, _ in COMMANDS])
def test_the_commands_run_and_the_first_says_the_second(tmp_path, command, name, following):
    (tmp_path / "data/raw").mkdir(parents=True)
    fixture, found = FILES[name]
    if name == "my_data_set":
        from datasets import Dataset

        rows = [json.loads(line) for line in (FIXTURES / fixture).read_text(encoding="utf-8").splitlines()]
        Dataset.from_list(rows).save_to_disk(tmp_path / name)
    else:
        (shutil.copytree if (FIXTURES / fixture).is_dir() else shutil.copy)(FIXTURES / fixture, tmp_path / name)
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); from nerpipe.cli import main; main()"
    call = [sys.executable, "-c", code, *command.split()]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"format: {found}, by the content of {name}")
    assert done.stdout.endswith(f"next: {following}\n")
    assert "= 9 kept + 0" in done.stdout or "= 5 kept + 4 repaired" in done.stdout


def test_the_table_names_every_rule_and_no_other():
    names = {
        kind: {name for found, name, _ in CASES if found == kind} for kind in ("repairs", "quarantined", "rejected")
    }
    assert names == {"repairs": set(REPAIRS), "quarantined": set(ANNOTATION_PROBLEMS), "rejected": set(RECORD_PROBLEMS)}
    assert len(CASES) == len(REPAIRS) + len(ANNOTATION_PROBLEMS) + len(RECORD_PROBLEMS)


@pytest.mark.parametrize(
    ("kind", "name", "example"), [case for case in CASES if case[2]], ids=[case[1] for case in CASES if case[2]]
)
def test_the_example(tmp_path, kind, name, example):
    others = OTHERS[next((key for key in ("annotations", "spans", "ner_tags") if key in example), "label")]
    lines = [json.dumps(others(f"Ada {number}")) for number in range(20)]
    (tmp_path / "some.jsonl").write_text("\n".join([*lines, example]) + "\n", encoding="utf-8")
    report = import_annotations([tmp_path / "some.jsonl"], tmp_path / "mine", dev=0.3, test=0.3)
    assert {rule: row["count"] for rule, row in report[kind].items()} == {name: 1}
    assert report[kind][name]["first"] == [f"{tmp_path / 'some.jsonl'}:21"]
    assert report["records"]["kept"] == 20 + (kind != "rejected" and name != "rejected_record")


def test_the_links_lead_somewhere():
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists(), target


def test_the_formats_of_predict_are_those_of_the_command():
    from nerpipe.batch.annotation_writers import ANNOTATION_FORMATS, LABELS_TAG, TEXT_TAG

    assert re.findall(r"(?m)^\$ nerpipe predict .* --to (\S+)", TEXT) == list(ANNOTATION_FORMATS)
    assert f'<Labels name="{LABELS_TAG}" toName="{TEXT_TAG}">' in TEXT
    assert f'<Text name="{TEXT_TAG}"' in TEXT
