"""`nerpipe suspects`: what it refuses before it trains. tests/pipeline/test_suspects.py runs it."""

import shutil

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
from nerpipe.inspection.suspects_run import RankedTraining
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
        ([], "metrics/clean.json: not there; run `dvc repro tokenize_align`, which trains nothing"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_trained(run, arguments, message):
    with pytest.raises(NerpipeError, match=message):
        run(*arguments)


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
