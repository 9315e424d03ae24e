"""`nerpipe predict` as a user runs it: a process, its output, messages and exit code."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nerpipe.contracts.conll import read_conll
from nerpipe.prediction.predictor import Predictor
from places import MIRROR, ROOT

HERE = "import sys; sys.path.insert(0, 'src'); from nerpipe.cli import main; "  # this tree, wherever it is installed
TEXTS = ["The London train", "", "Zoo 👩‍👩‍👧 and the abc", "Ann " * 40]


def predict(*arguments, stdin=b"", code=0):
    command = [sys.executable, "-c", HERE + "main()", "predict", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()
    return done


def test_lines_come_out_as_json_lines_one_for_each(exported_tiny):
    done = predict(exported_tiny, stdin="\n".join(TEXTS).encode())
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [row["text"] for row in rows] == TEXTS
    assert any(row["entities"] for row in rows)
    for row in rows:
        for entity in row["entities"]:
            assert row["text"][entity["start"] : entity["end"]] == entity["text"]
    assert b"records: 4, entities: " in done.stderr


def test_both_backends_find_the_same(exported_tiny):
    text = "\n".join(TEXTS).encode()
    spans = []
    for backend in ("onnx", "torch"):
        rows = map(json.loads, predict(exported_tiny, "--backend", backend, stdin=text).stdout.splitlines())
        spans.append([[(e["type"], e["start"], e["end"]) for e in row["entities"]] for row in rows])
    assert spans[0] == spans[1]


def test_the_onnx_backend_imports_neither_torch_nor_transformers_and_starts_at_once(exported_tiny):
    code = (
        f"{HERE}\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "print([name for name in ('torch', 'transformers', 'pandas', 'datasets') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, "predict", str(exported_tiny)]
    done = subprocess.run(command, cwd=ROOT, input=b"The London train", capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"


def test_a_bad_record_is_set_aside_with_its_place_and_the_exit_code_says_so(exported_tiny, tmp_path):
    output = tmp_path / "out.jsonl"
    (tmp_path / "in.jsonl").write_bytes(b'{"id": 1, "text": "Ann"}\n{"id": 2}\n{"id": 3, "text": "Bob"}\n')
    done = predict(exported_tiny, "--input", tmp_path / "in.jsonl", "--from", "jsonl", "--output", output, code=4)
    assert [json.loads(line)["id"] for line in output.read_text().splitlines()] == [1, 3]
    (rejected,) = map(json.loads, Path(f"{output}.rejects.jsonl").read_text().splitlines())
    assert rejected["position"] == f"{tmp_path / 'in.jsonl'}:2"
    assert rejected["raw"] == '{"id": 2}'
    assert b"rejected: 1 (see " in done.stderr


def test_conll_in_conll_out_keeps_every_word(exported_tiny):
    stdin = b"The O\nLondon B-location\n\ntrain O\n"
    lines = predict(exported_tiny, "--from", "conll", "--to", "conll", stdin=stdin).stdout.decode().split("\n")
    assert [line.split("\t")[0] for line in lines] == ["The", "London", "", "train", "", ""]


def test_text_for_people_has_no_colours_in_a_pipe(exported_tiny):
    shown = predict(exported_tiny, "--to", "text", stdin=b"The London train").stdout
    assert b"\x1b" not in shown
    assert b"[" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{model}", "--input", "nowhere"], "nowhere: no such file or folder"),
        (["nowhere"], "nowhere: no such folder"),
        (["{model}", "--resume"], "--resume needs --output"),
        (["{model}", "--from", "files"], "--from files needs --input"),
        (["{model}", "--engine", "ray"], "--engine ray needs --input"),
        (["{model}", "--backend", "torch", "--precision", "int8"], "PyTorch backend has no int8"),
    ],
)
def test_a_wrong_command_is_one_message(exported_tiny, arguments, said):
    done = predict(*(argument.format(model=exported_tiny) for argument in arguments), code=1)
    assert said in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_wordpipeline_gives_the_entities_of_the_predictor_on_wnut17(exported_tiny, wnut17, tmp_path):
    del wnut17
    from transformers import pipeline

    from nerpipe import WordPipeline
    from nerpipe.corpus.cleaning import clean_corpus
    from nerpipe.corpus.sources import resolve_corpus

    os.environ.setdefault("NERPIPE_MIRROR", str(MIRROR))
    clean_corpus(resolve_corpus(ROOT / "data/raw/wnut17"), tmp_path, max_rejected=0.0)
    texts = [" ".join(sentence.tokens) for sentence in read_conll(tmp_path / "test.conll")][:300]
    ner = pipeline("token-classification", model=str(exported_tiny), pipeline_class=WordPipeline)
    ours, theirs = Predictor(exported_tiny)(texts), ner(texts)
    assert sum(map(len, ours)) > 300
    for entities, groups in zip(ours, theirs, strict=True):
        assert [entity[:4] for entity in entities] == [
            (group["entity_group"], group["word"], group["start"], group["end"]) for group in groups
        ]
        assert [entity.confidence for entity in entities] == pytest.approx([g["score"] for g in groups], abs=1e-4)
    assert [[group["start"] for group in groups] for groups in ner(texts[:5], batch_size=3)] == [
        [entity.start for entity in entities] for entities in ours[:5]
    ]


def test_the_output_is_utf8_in_any_locale(exported_tiny):
    command = [sys.executable, "-c", HERE + "main()", "predict", str(exported_tiny)]
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    text = "The \U0001f469 שלום"
    done = subprocess.run(command, cwd=ROOT, input=text.encode(), capture_output=True, env=environment, check=True)
    assert json.loads(done.stdout.decode("utf-8"))["text"] == text


def test_ctrl_c_is_one_word_and_the_run_can_go_on(exported_tiny, tmp_path):
    (tmp_path / "in.txt").write_text("The London train and Ann\n" * 200_000)
    # what a shell starts in the background ignores Ctrl-C, and so would what the tests start
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [sys.executable, "-c", heard + HERE + "main()", "predict", str(exported_tiny)]
    command += ["--input", str(tmp_path / "in.txt"), "--output", str(tmp_path / "out.jsonl")]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / ".out.jsonl.progress").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == "stopped\n"
    assert process.returncode == 130
    assert not (tmp_path / "out.jsonl").exists()
    assert json.loads((tmp_path / ".out.jsonl.progress").read_text())["counts"]["rejected"] == 0
