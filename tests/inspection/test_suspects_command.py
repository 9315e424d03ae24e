"""`nerpipe suspects`: what it refuses before it trains. tests/pipeline/test_suspects.py runs it."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from nerpipe.cli import make_parser
from nerpipe.contracts.joining import BLANKS
from nerpipe.corpus.training_places import SentenceId, SentencePlace
from nerpipe.errors import NerpipeError
from nerpipe.inspection.folds import Folds
from nerpipe.inspection.kept_scores import load_scores, save_scores
from nerpipe.inspection.suspects import Suspect
from nerpipe.inspection.suspects_command import summary
from nerpipe.inspection.suspects_run import STAGES_BEFORE_TRAIN, RankedTraining
from places import ROOT


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command in a folder that holds params.yaml alone."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)

    def suspects(*arguments):
        parsed = make_parser().parse_args(["suspects", *arguments])
        parsed.run(parsed)

    return suspects


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tool", "doccano"], "--tool and --tasks belong together"),
        (["--tasks", "t.jsonl"], "--tool and --tasks belong together"),
        (["--tool", "doccano", "--tasks", "t.jsonl", "--top", "0"], "--top 0 leaves no sentence"),
        (["--out", "no/such.jsonl"], "no/such.jsonl: there is no folder no; make it"),
        (["--page", "."], "this is a folder; name a file"),
        (["--out", "a", "--page", "./a"], "name the same file"),
        (["--out", "loop"], "--out loop: the file cannot be reached"),
        (["--out", "/dev/null"], "--out /dev/null: this is a device or a pipe"),
        (["--tool", "doccano", "--tasks", "pipe"], "--tasks pipe: this is a device or a pipe"),
        (["--page", "params.yaml/page.html"], "there is no folder params.yaml"),
        (["--out", f"{'x' * 250}"], "x: cannot be written \\(File name too long\\)"),
        ([], "metrics/clean.json: not there; run `dvc repro tokenize_align`, which trains nothing"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_trained(run, arguments, message):
    Path("loop").symlink_to("loop")
    os.mkfifo("pipe")
    with pytest.raises(NerpipeError, match=message):
        run(*arguments)


INPUTS = ("data/raw/mine/train.conll", "data/clean/train.conll", "data/tokenized/state.json", "metrics/clean.json")


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        (
            "--out",
            INPUTS[0],
            "--out .*train.conll: this is in data/raw/mine, from which the command reads; name a file",
        ),
        ("--page", INPUTS[1], "this is in data/clean, from which"),
        ("--page", INPUTS[2], "this is in data/tokenized, from which"),
        ("--out", INPUTS[3], "this file is an input, which would be lost; name another file"),
        ("--page", "params.yaml", "--page params.yaml: this file is an input"),
        ("--out", "dvc.lock", "this file is an input"),
        ("--out", "data/raw/mine/new.jsonl", "this is in data/raw/mine, from which"),
        ("--out", "link", "this is in data/raw/mine"),
        ("--page", "real.conll", "--page real.conll: this file is an input"),
    ],
)
def test_no_input_is_overwritten(run, option, name, message):
    for each in INPUTS:
        Path(each).parent.mkdir(parents=True, exist_ok=True)
        Path(each).write_text("Ann\tB-x\n\n")
    Path("data/encoded").mkdir()
    Path("data/encoded/labels.json").touch()
    used = {stage: {"params": {"params.yaml": {}}} for stage in STAGES_BEFORE_TRAIN}
    Path("dvc.lock").write_text(json.dumps({"stages": used}))
    Path("real.conll").write_text("Ann\tB-x\n\n")
    Path("data/raw/mine/dev.conll").symlink_to(Path("real.conll").resolve())
    Path("link").symlink_to(INPUTS[0])
    params = re.sub("(?m)^extra: .*", "extra: none", Path("params.yaml").read_text())
    Path("params.yaml").write_text(re.sub("(?m)^dataset: .*", "dataset: mine", params))
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    with pytest.raises(NerpipeError, match=message):
        run(option, name)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("folds", ["1", "0", "two", "-3"])
def test_fewer_than_two_folds_are_refused(run, folds, capsys):
    with pytest.raises(SystemExit):
        run("--folds", folds)
    assert "not a whole number of 2 or more" in capsys.readouterr().err


def test_kept_scores_that_are_damaged_or_of_other_data_are_refused(tmp_path):
    path = tmp_path / "s.npy"
    save_scores(path, np.zeros((3, 2), dtype=np.float32))
    assert load_scores(path, (3, 2)).shape == (3, 2)
    with pytest.raises(NerpipeError, match=r"s.npy: these scores are of \(3, 2\) words and labels, not of \(4, 2\)"):
        load_scores(path, (4, 2))
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(NerpipeError, match=r"s.npy: these scores cannot be read .* delete the file"):
        load_scores(path, (3, 2))


def test_the_summary_names_what_differs_alone():
    def judged(line, gold, predicted):
        place = SentencePlace(SentenceId("mine", line, "0"), "train.conll")
        return Suspect(place, ("Ann", "in", "Ulm"), gold, predicted, [0.5] * 3, [0.75] * 3, 2.5)

    suspects = [
        judged(1, ["B-x", "O", "O"], ["B-x", "O", "B-y"]),
        judged(5, ["B-x", "O", "B-y"], ["B-x", "O", "O"]),
        judged(9, ["O", "O", "O"], ["O", "O", "O"]),
        judged(13, ["O", "O", "O"], ["O", "O", "O"]),
    ]
    folds = Folds(np.zeros(4, dtype=np.int64), 3, "document", [("Ann", "in", "Ulm")] * 4)
    assert "\n".join(summary(RankedTraining(suspects, folds), 3, BLANKS)) == (
        "4 sentences in 3 folds (with documents kept whole); in 2 sentences the model says something else than the "
        "labels\n"
        "\n1. train.conll:1  surprise 2.5 nats\n   Ann in Ulm\n"
        "   labelled: no entity there\n   model:    y 'Ulm' (75.0%)\n"
        "\n2. train.conll:5  surprise 2.5 nats\n   Ann in Ulm\n"
        "   labelled: y 'Ulm' (50.0%)\n   model:    no entity there\n"
        "\n3. train.conll:9  surprise 2.5 nats\n   Ann in Ulm\n   the model says the same, but is not sure\n"
    )
