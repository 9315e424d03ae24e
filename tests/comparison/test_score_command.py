"""`nerpipe score` from the command line: files, models, two systems, and everything that may be wrong."""

import json
import os
import subprocess
import sys
import threading

import pytest

from capitals import capitals_predictor
from nerpipe.cli import main
from nerpipe.prediction.backend_choice import BackendChoice

GOLD = "".join(f"Ann\tB-person\nmet{i}\tO\nBob\tB-person\n\n" for i in range(30))
WORSE = GOLD.replace("Bob\tB-person", "Bob\tO")


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A labelled file, a worse system, and a folder whose model takes every capitalised word for a person."""
    for name, text in (("gold.conll", GOLD), ("worse.conll", WORSE)):
        (tmp_path / name).write_text(text)
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "nerpipe.comparison.model_predictions.Predictor", lambda folder, **_: capitals_predictor() if folder else None
    )
    return tmp_path


@pytest.fixture
def command(monkeypatch, capsys):
    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["nerpipe", "score", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        captured = capsys.readouterr()
        return done.value.code or 0, captured.out, captured.err

    return command


def piped(folder, name):
    """A pipe that holds a file once, as `<(cat FILE)` of a shell is one."""
    pipe = folder / f"{name}.pipe"
    os.mkfifo(pipe)
    threading.Thread(target=lambda: pipe.write_text((folder / name).read_text()), daemon=True).start()
    return pipe.name


@pytest.mark.skipif(os.name != "posix", reason="there are no named pipes")
@pytest.mark.parametrize(
    "arguments",
    [
        ("gold.conll", "worse.conll"),
        ("gold.conll", "gold.conll"),
        ("gold.conll", "model"),
        ("gold.conll", "worse.conll", "gold.conll"),
        ("gold.conll", "model", "worse.conll"),
    ],
)
def test_pipes_are_read_as_files(files, command, arguments):
    expected = command(*arguments, "--json")
    pipes = {name: piped(files, name) for name in dict.fromkeys(arguments) if name != "model"}
    code, out, err = command(*(pipes.get(name, name) for name in arguments), "--json")
    assert (code, out.replace(".pipe", ""), err) == expected
    assert code == 0


def test_long_names_and_types_leave_every_number_whole(files, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    kind = "type-whose-name-fills-the-half-of-a-terminal"
    (files / "gold.conll").write_text(GOLD.replace("person", kind))
    paths = [files / f"experiment-with-a-long-name-{name}/predictions.conll" for name in "ab"]
    for path, text in zip(paths, (GOLD, WORSE), strict=True):
        path.parent.mkdir()
        path.write_text(text.replace("person", kind))
    _, out, _ = command("gold.conll", *paths)
    head, _, rest = out.partition("┡")
    assert all(len(line) <= 80 for line in head.splitlines())
    assert len(head.splitlines()) <= 5
    for part in ("100.0 │", "66.7 │", " -33.3 │", " 60 │", "│   type-w"):
        assert part in rest
    for path in paths:
        assert f"\n{path}  F1 " in rest


def test_equal_files_are_no_work_for_dvc(files, command):
    (files / "copy.conll").write_text(GOLD)
    _, out, _ = command("gold.conll", "gold.conll", "copy.conll")
    assert "All predicted tags are the same. If they should differ, check that these are the two" in out
    assert "dvc repro" not in out


def test_a_model_is_scored_and_reported(files, command):
    code, out, _ = command("gold.conll", "model", "--report", "report")
    assert code == 0
    for part in (
        "conlleval micro",
        "strict_iob2",
        "surface forms",
        "100.0 to 100.0",
        "token accuracy 100.00",
        "30 sent",
        "|scheme:IOB2|types:1|words:90|entities:60|gold:",
        "|resampled:sentences\n",
    ):
        assert part in out
    assert "partial" not in out
    assert out.endswith("the report is in report: errors.html is the page of mistakes\n")
    assert (files / "report/semeval.csv").read_text().startswith("split,type,match,correct,incorrect,partial,missed")
    code, out, err = command("gold.conll", "model", "--json", "--report", "report")
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads((files / "report/scores.json").read_text())
    assert json.loads(out)["conlleval"]["f1"] == 1.0


@pytest.mark.parametrize(
    ("system", "exact", "partial", "kind"),
    [("model", "60 0 0 0 0", "60 0 0 0 0", "60 0 0 0 0"), ("cut.conll", "30 30 0 0 0", "30 0 30 0 0", "60 0 0 0 0")],
)
def test_partly_right_entities_are_printed_where_they_are_asked_for(files, command, system, exact, partial, kind):
    if system == "cut.conll":
        (files / "gold.conll").write_text(GOLD.replace("\tO\n", "\tI-person\n"))
        (files / "cut.conll").write_text(GOLD)
    code, out, _ = command("gold.conll", system, "--semeval")
    assert code == 0
    table = out.partition("Matches of SemEval-2013")[2]
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in table.splitlines() if "│" in line]
    found = [("strict", exact), ("exact", exact), ("partial", partial), ("type", kind)]
    assert [(row[0], " ".join(row[1:6]).strip()) for row in rows] == [
        ("(all types)", ""),
        *found,
        ("person", ""),
        *found,
    ]
    assert out.endswith("The signature of a score of all types has match:strict, exact, partial or type.\n")


def test_the_backend_is_chosen_once_for_each_model(files, command, monkeypatch):
    chosen = []

    def choose(folder, *_):
        chosen.append(folder)
        return BackendChoice("onnx", "fp32")

    monkeypatch.setattr("nerpipe.prediction.model_options.choose_backend", choose)
    (files / "other").mkdir()
    for arguments, models in (
        (["model"], ["model"]),
        (["model", "model"], ["model"]),
        (["model", "other"], ["model", "other"]),
    ):
        chosen.clear()
        code, _, err = command("gold.conll", *arguments, "--backend", "auto")
        assert (code, [str(folder) for folder in chosen]) == (0, models)
        assert err.count("is run with --backend onnx --precision fp32") == len(models)


def test_predictions_of_the_model_as_a_file_score_as_the_model(exported_tiny, tmp_path, command):
    gold = "".join(f"Ann{i}\tB-person\nsaw\tO\nLondon\tB-location\n1.0000\tO\n\n" for i in range(8)) + "2017\tO\n\n"
    (tmp_path / "gold").write_text(f"-DOCSTART- O\n\n{gold}")
    system = tmp_path / "system"
    subprocess.run(
        [
            *(sys.executable, "-c", "from nerpipe.cli import main; main()", "predict", exported_tiny),
            *("--input", tmp_path / "gold", "--from", "conll", "--to", "conll", "--output", system),
        ],
        check=True,
        capture_output=True,
    )
    by_model, by_file = (json.loads(command(tmp_path / "gold", side, "--json")[1]) for side in (exported_tiny, system))
    assert by_file["words_differ"] == 0
    assert by_file["per_type"]
    assert {key: by_model[key] for key in by_file} == by_file | {"notes": by_model["notes"]}
    code, out, _ = command(tmp_path / "gold", exported_tiny, system, "--json")
    assert code == 0
    assert json.loads(out)["changed_sentences"] == []


@pytest.mark.usefixtures("files")
def test_two_systems_are_compared(command):
    code, out, _ = command("gold.conll", "worse.conll", "model", "--show", "1")
    assert code == 0
    assert "+33.3 F1" in out
    assert ": better" in out
    assert "30 fixed (wrong before, correct now)" in out
    assert "29 more: use --show 30 or --json" in out
    assert command("gold.conll", "model", "worse.conll")[0] == 0
    assert command("gold.conll", "model", "worse.conll", "--fail-if-worse")[0] == 3
    code, out, _ = command("gold.conll", "model", "worse.conll", "--fail-if-worse", "--json")
    found = json.loads(out)
    assert (code, found["verdict"], found["resamples"], found["gold"]) == (3, "worse", 10_000, "gold.conll")
    assert found["signature"] in command("gold.conll", "model", "worse.conll")[1]
    assert found["signature"] == json.loads(command("gold.conll", "model", "--json")[1])["signature"]
    assert found["side"]["source"] == "model"
    code, out, _ = command("gold.conll", "gold.conll", "gold.conll", "--fail-if-worse")
    assert code == 0
    assert "All predicted tags are the same" in out


def test_documents_are_what_is_resampled(files, command):
    text = "".join(f"-DOCSTART-\tO\td{i}\n\nAnn\tB-person\nmet\tO\n\nBob\tB-person\nleft\tO\n\n" for i in range(5))
    (files / "gold.conll").write_text(text)
    (files / "other.conll").write_text(text.replace("Bob\tB-person", "Bob\tO"))
    _, out, _ = command("gold.conll", "model", "--json")
    assert (json.loads(out)["resampled"], json.loads(out)["units"]) == ("documents", 5)
    assert json.loads(out)["signature"].endswith("|resampled:documents")
    _, out, _ = command("gold.conll", "other.conll", "model", "--json")
    assert (json.loads(out)["resampled"], json.loads(out)["units"]) == ("documents", 5)


def test_a_file_without_an_entity_is_said_to_be_one(files, command):
    (files / "gold.conll").write_text("so\tO\nwhat\tO\n\n")
    code, out, _ = command("gold.conll", "model")
    assert code == 0
    assert "|types:0|words:2|entities:0|" in out
    assert out.endswith("|resampled:none\n")
    assert "1 sentence, 2 words" in out
    assert "Warning: gold.conll holds no entity" in out
    assert "model predicts no entity" not in out
    (files / "gold.conll").write_text("ann\tB-person\nmet\tO\n\nbob\tB-person\n\n")
    _, out, _ = command("gold.conll", "model")
    assert "the model predicts no entity at all in gold.conll. The text may be of another language" in out
    assert "metrics/train.json" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing.conll", "model"), "nothing.conll: the file is not there"),
        (("gold.conll", "nothing"), "nothing: no such file or folder; give a CoNLL file with predicted tags"),
        (("gold.conll", "model", "nothing"), "nothing: no such file or folder"),
        (("model", "gold.conll"), "model: this is a folder; expected a raw CoNLL file"),
        (("empty.conll", "model"), "empty.conll: the file holds no word"),
        (("empty.conll", "model", "model"), "empty.conll: the file holds no word"),
        (("other.conll", "model"), "model knows none of the entity types of other.conll"),
        (("other.conll", "other.conll", "model"), "model knows none of the entity types of other.conll"),
        (("bad.conll", "model"), "bad.conll:2: a tag without a type"),
        (("gold.conll", "other.conll", "model"), "the rows of the two files differ after"),
        (("gold.conll", "worse.conll", "--precision", "int8"), "--precision is about a model"),
        (("gold.conll", "worse.conll", "--threads", "1"), "--threads is about a model"),
        (("gold.conll", "worse.conll", "--report", "new"), "--report is about one model"),
        (("gold.conll", "model", "worse.conll", "--report", "new"), "--report is about one model"),
        (("gold.conll", "model", "--report", "model/.."), "but you are in it"),
        (("gold.conll", "model", "--report", "gold.conll"), "this is a file"),
        (("gold.conll", "model", "--show", "3"), "--show is about two systems"),
        (("gold.conll", "model", "--fail-if-worse"), "--fail-if-worse is about two systems"),
        (("gold.conll", "model", "worse.conll", "--semeval"), "--semeval is about one system"),
        (("gold.conll", "worse.conll", "--device", "cpu"), "--device is about a model"),
        (("gold.conll", "model", "--backend", "torch", "--precision", "int8"), "the torch backend has no int8"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_nothing_is_written(files, command, arguments, said):
    (files / "empty.conll").write_text("\n\n")
    (files / "other.conll").write_text("Ulm\tB-LOC\nis\tO\n\n" * 40)
    (files / "bad.conll").write_text("a\tO\nb\tB-\nc\tB-person\n\n")
    before = sorted(files.rglob("*"))
    code, out, err = command(*arguments)
    assert (code, out) == (1, "")
    assert said in " ".join(err.split())
    assert sorted(files.rglob("*")) == before


def test_a_folder_that_is_no_exported_model_is_named(tmp_path, command):
    (tmp_path / "gold.conll").write_text(GOLD)
    code, _, err = command(tmp_path / "gold.conll", tmp_path)
    assert code == 1
    assert f"{tmp_path}: the folder holds no decoding.json, so the export stage did not write it" in err


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], "torch transformers pandas rich onnxruntime"),
        (["GOLD", "GOLD", "--json"], "torch transformers pandas onnxruntime dvc"),
        (["GOLD", "GOLD", "GOLD", "--json"], "torch transformers pandas dvc"),
        (["GOLD", "MODEL", "--json"], "torch transformers datasets evaluate dvc"),
        (["GOLD", "MODEL", "GOLD", "--json"], "torch transformers datasets evaluate pandas dvc"),
    ],
)
def test_nothing_heavier_than_needed_is_imported(exported_tiny, tmp_path, arguments, heavy):
    (tmp_path / "gold").write_text(GOLD)
    places = {"GOLD": str(tmp_path / "gold"), "MODEL": str(exported_tiny)}
    code = (
        "import sys\n"
        "from nerpipe.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        f"heavy = sorted(set(sys.modules) & set({heavy.split()!r}))\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "score", *(places.get(each, each) for each in arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
