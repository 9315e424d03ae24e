"""`nerpipe predict` as a user runs it: a process, its output, messages and exit code."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nerpipe.contracts.conll import read_conll
from nerpipe.prediction.predictor import Predictor
from places import ROOT

HERE = "import sys; sys.path.insert(0, 'src'); from nerpipe.cli import main; "  # this tree, wherever it is installed
FOUND = "The London train, Bob in Oslo, Zoo and the abc"  # The tiny model finds an entity in it.
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


def test_the_backend_auto_says_what_it_takes_and_finds_what_that_one_finds(exported_tiny):
    text = "\n".join(TEXTS).encode()
    found = predict(exported_tiny, "--backend", "auto", "--precision", "fp32", stdin=text)
    named = f"{exported_tiny} is run with "
    said = found.stderr.decode().splitlines()[0]
    assert said.startswith(named)
    same = predict(exported_tiny, *said.removeprefix(named).split(), stdin=text)
    assert found.stdout == same.stdout
    assert named.encode() not in same.stderr


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


@pytest.mark.parametrize(
    "arguments",
    [
        ("{model}", "The London train", "- Zoo"),
        ("{model}", "The London train", "--to", "jsonl", "- Zoo"),
        ("--to", "jsonl", "{model}", "The London train", "- Zoo"),
        ("{model}", "--to", "jsonl", "--threads", "1", "The London train", "--", "- Zoo"),
    ],
)
def test_texts_stand_anywhere_on_the_command_line(exported_tiny, arguments):
    done = predict(*(argument.format(model=exported_tiny) for argument in arguments))
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["The London train", "- Zoo"]


def test_a_text_that_looks_like_an_option_needs_two_dashes(exported_tiny):
    done = predict(exported_tiny, "--to", "jsonl", "--", "--nope")
    assert json.loads(done.stdout)["text"] == "--nope"
    assert (
        b"there is no option --nope; put -- before a text"
        in predict(exported_tiny, "--to", "jsonl", "--nope", "Ann", code=2).stderr
    )


def test_a_text_that_is_the_name_of_a_file_is_pointed_out(exported_tiny):
    done = predict(exported_tiny, "README.md")
    assert json.loads(done.stdout)["text"] == "README.md"
    assert b"README.md: predicted as a text; to predict what this file holds, use --input README.md" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "no_colour", "colours", "json_lines"),
    [
        ([FOUND], "", True, False),
        ([FOUND], "1", False, False),
        ([FOUND, "--to", "jsonl"], "", False, True),
        ([], "", False, True),
    ],
)
def test_a_text_on_a_terminal_is_shown_for_people(exported_tiny, arguments, no_colour, colours, json_lines):
    import pty

    main_end, other_end = pty.openpty()
    command = [sys.executable, "-c", HERE + "main()", "predict", str(exported_tiny), *arguments]
    environment = os.environ | {"NO_COLOR": no_colour}
    subprocess.run(command, cwd=ROOT, input=f"{FOUND}\n".encode(), stdout=other_end, env=environment, check=True)
    shown = os.read(main_end, 1 << 16)
    os.close(main_end)
    os.close(other_end)
    assert (b"\x1b[30;" in shown) == colours
    assert shown.startswith(b'{"text"') == json_lines


def test_the_suffix_says_the_format_and_another_field_may_hold_the_text(exported_tiny, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"body": "Ann", "text": "no"}\n{"id": 2}\n')
    (tmp_path / "in.conll").write_text("Ann O\nmet O\n")
    done = shell("predict --input in.jsonl in.conll --text-field body", exported_tiny, tmp_path, 4)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["text"] for row in rows] == ["Ann", "Ann met"]
    assert rows[0]["input_text"] == "no"
    said = 'in.jsonl:2: there is no field "body"; the fields are id; name the one that holds the text'
    assert f"renamed to input_NAME: 1. Rejected, for example: {said}" in done.stderr


def test_another_text_or_field_is_another_run(exported_tiny, tmp_path):
    shell("predict Ann --output out.jsonl", exported_tiny, tmp_path, 0)
    assert "already finished" in shell("predict Ann --output out.jsonl --resume", exported_tiny, tmp_path, 0).stderr
    shell("predict Bob --output out.jsonl --resume", exported_tiny, tmp_path, 1)
    (tmp_path / "in.jsonl").write_text('{"a": "Ann", "b": "Bob"}\n')
    shell("predict --input in.jsonl --text-field a --output o.jsonl", exported_tiny, tmp_path, 0)
    shell("predict --input in.jsonl --text-field b --output o.jsonl --resume", exported_tiny, tmp_path, 1)


def test_entities_below_the_least_confidence_are_left_out(exported_tiny, tmp_path):
    (tmp_path / "in.txt").write_text("\n".join(TEXTS))
    rows = map(json.loads, shell("predict --input in.txt", exported_tiny, tmp_path, 0).stdout.splitlines())
    everything = [entity for row in rows for entity in row["entities"]]
    sure = [entity["confidence"] for entity in everything]
    least = {"person": (min(sure) + max(sure)) / 2, "location": 0}
    (tmp_path / "least.json").write_text(json.dumps(least))
    expected = [entity for entity in everything if entity["confidence"] >= least[entity["type"]]]
    assert 0 < len(expected) < len(everything)
    command = "predict --input in.txt --min-confidence least.json"
    rows = map(json.loads, shell(command, exported_tiny, tmp_path, 0).stdout.splitlines())
    assert [entity for row in rows for entity in row["entities"]] == expected
    words = shell(f"{command} --to conll", exported_tiny, tmp_path, 0).stdout
    assert words.count("\tB-") == len(expected)
    assert "this file is an input" in shell(f"{command} --output least.json", exported_tiny, tmp_path, 1).stderr


def test_another_least_confidence_is_another_run(exported_tiny, tmp_path):
    (tmp_path / "least.json").write_text('{"person": 0.4}')
    command = "predict Ann --output out.jsonl --min-confidence least.json"
    shell(command, exported_tiny, tmp_path, 0)
    assert "already finished" in shell(f"{command} --resume", exported_tiny, tmp_path, 0).stderr
    (tmp_path / "least.json").write_text('{"person": 0.5}')
    assert "no stopped run to resume" in shell(f"{command} --resume", exported_tiny, tmp_path, 1).stderr


def test_text_for_people_has_no_colours_in_a_pipe(exported_tiny):
    shown = predict(exported_tiny, "--to", "text", stdin=FOUND.encode()).stdout
    assert b"\x1b" not in shown
    assert b"[" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{model}", "--input", "nowhere"], "nowhere: no such file or folder"),
        (["nowhere"], "nowhere: no such folder"),
        (["nowhere"], "if `dvc repro` is running, wait for its end"),
        (["{model}", "--device", "mps"], "device 'mps': the onnx backend runs on the processor"),
        (["{model}", "--engine", "ray", "--device", "cuda"], "--engine ray uses processors; leave out --device cuda"),
        (["{model}", "--resume"], "--resume needs --output"),
        (["{model}", "--from", "files"], "--from files needs --input"),
        (["{model}", "--engine", "ray"], "--engine ray needs --input"),
        (["{model}", "--backend", "torch", "--precision", "int8"], "torch backend has no int8"),
        (["{model}", "Ann", "--input", "x"], "--input is about files to read, but texts are given"),
        (["{model}", "Ann", "--from", "lines"], "--from is about files to read, but texts are given"),
        (["{model}", "Ann", "--text-field", ""], "--text-field is about files to read, but texts are given"),
        (["{model}", "Ann", "--engine", "ray"], "--engine ray needs --input"),
        (
            ["{model}", "--input", "README.md"],
            'README.md: the suffix ".md" says no format; name the format with --from',
        ),
        (["{model}", "--text-field", "x"], "--text-field: no input has fields"),
        (["{model}", "Ann", "--min-confidence", "1.5"], "'1.5' is not a number from 0 to 1"),
        (["{model}", "Ann", "--min-confidence", "nowhere"], "nowhere: there is no such file; the least confidence is"),
        (
            ["{model}", "Ann", "--min-confidence", "metrics/metrics.json"],
            "-> dataset] this is no entity type of the model",
        ),
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


def shell(command, model, folder, code, **options):
    """Run a line of shell in which predict is the command `nerpipe predict MODEL`."""
    python = f"import sys; sys.path.insert(0, '{ROOT}/src'); from nerpipe.cli import main; main()"
    program = f'"{sys.executable}" -c "{python}"'
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder)}
    line = command.replace("predict", f'{program} predict "{model}"')
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, env=environment, check=False, **options
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def names_in(folder):
    return {path.name for path in folder.iterdir()} - {"cache"}


def test_rejects_that_name_the_input_leave_it_alone(exported_tiny, tmp_path):
    (tmp_path / "in.txt").write_bytes(b"Ann\n\xff\n")
    for options in ("--rejects in.txt", "--output in.txt", "--output out.jsonl --rejects ./in.txt"):
        said = shell(f"predict --input in.txt {options}", exported_tiny, tmp_path, 1).stderr
        assert "this file is an input, which would be lost" in said
    assert "is the standard input" in shell("predict --rejects in.txt < in.txt", exported_tiny, tmp_path, 1).stderr
    assert (tmp_path / "in.txt").read_bytes() == b"Ann\n\xff\n"
    assert names_in(tmp_path) == {"in.txt"}


def test_rejects_without_a_name_never_land_in_the_current_folder(exported_tiny, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    done = shell("cd work; printf 'Ann\\n\\xff\\n' | predict", exported_tiny, tmp_path, 4)
    assert list(work.iterdir()) == []
    name = done.stderr.split("(see ")[1].split(")")[0]
    assert json.loads(Path(name).read_text())["position"] == "standard input:2"


@pytest.mark.parametrize("target", ["/dev/stdout", "/dev/fd/1", "/dev/stderr", "/dev/null"])
def test_devices_are_written_through(exported_tiny, tmp_path, target):
    state = os.stat(target).st_mode if target == "/dev/null" else None  # noqa: PTH116
    done = shell(f"echo Ann | predict --output {target}", exported_tiny, tmp_path, 0)
    assert ('{"text": "Ann"' in done.stdout) == (target in ("/dev/stdout", "/dev/fd/1"))
    assert state is None or os.stat(target).st_mode == state  # noqa: PTH116
    assert names_in(tmp_path) == set()
    shell(f"echo before > x; echo Ann | predict --output {target} >> x", exported_tiny, tmp_path, 0)
    assert (tmp_path / "x").read_text().startswith("before\n")


def test_a_fifo_and_a_link_stay_what_they_are(exported_tiny, tmp_path):
    done = shell("mkfifo pipe; cat pipe & echo Ann | predict --output pipe; wait", exported_tiny, tmp_path, 0)
    assert '{"text": "Ann"' in done.stdout
    assert (tmp_path / "pipe").is_fifo()
    shell("ln -s real.jsonl link; echo Ann | predict --output link", exported_tiny, tmp_path, 0)
    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "real.jsonl").read_text())["text"] == "Ann"
    assert "this is a folder" in shell("echo Ann | predict --output .", exported_tiny, tmp_path, 1).stderr


def test_resuming_a_finished_run_says_so(exported_tiny, tmp_path):
    (tmp_path / "in.txt").write_bytes(b"Ann\n\xff\n")
    shell("predict --input in.txt --output out.jsonl", exported_tiny, tmp_path, 4)
    before = (tmp_path / "out.jsonl").stat()
    said = shell("predict --input in.txt --output out.jsonl --resume", exported_tiny, tmp_path, 4).stderr
    assert "out.jsonl: this run is already finished; records: 2, entities: " in said
    said = shell("predict --input in.txt --output out.jsonl --to conll --resume", exported_tiny, tmp_path, 1).stderr
    assert "no stopped run to resume" in said
    assert (tmp_path / "out.jsonl").stat() == before


def test_fields_of_the_input_named_entities_are_kept(exported_tiny, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "Ann", "entities": ["gold"]}\n')
    done = shell("predict --input in.jsonl --from jsonl", exported_tiny, tmp_path, 0)
    assert json.loads(done.stdout)["input_entities"] == ["gold"]
    assert "renamed to input_NAME: 1" in done.stderr


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("predict <&-", 1, "standard input is closed"),
        ("echo Ann | predict >&-", 1, "standard output is closed"),
        ("echo Ann | predict --output out >&-", 0, "records: 1"),
        ("echo Ann | predict > /dev/full", 1, "error: standard output: No space left on device; free some space"),
        ("predict --help > /dev/full", 1, "error: standard output: No space left on device; free some space"),
        ("echo Ann | predict --output /dev/full", 1, "error: /dev/full: No space left on device; free some space"),
        ("predict --input .", 1, "the folder is empty"),
        ("predict --from lines --input /proc/self/mem", 1, "/proc/self/mem: the file cannot be read"),
    ],
)
def test_streams_and_files_that_cannot_be_used_are_one_message(exported_tiny, tmp_path, command, code, said):
    shown = shell(command, exported_tiny, tmp_path, code).stderr
    assert re.search(said, shown), shown
    assert shown.count("\n") == 1


def test_a_name_that_is_no_utf8_is_shown_and_read(exported_tiny, tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / os.fsdecode(b"texts/caf\xe9.txt")).write_text("Ann")
    done = shell("predict --input texts --from files", exported_tiny, tmp_path, 0)
    assert json.loads(done.stdout)["file"] == "texts/caf\\xe9.txt"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    made = subprocess.run(command, capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this process may not mount a file system, so there is no full disk to test")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_one_message_and_the_run_can_go_on(exported_tiny, tmp_path, small_disk):
    (tmp_path / "in.txt").write_text("".join(f"Ann {number} met nobody\n" for number in range(3000)))
    command = "predict --input in.txt --output small/out.jsonl"
    said = shell(command, exported_tiny, tmp_path, 1).stderr
    assert "small/out.jsonl: cannot be written (No space left on device); free some space" in said
    assert said.count("\n") == 1
    said = shell(f"{command} --resume", exported_tiny, tmp_path, 1).stderr
    assert "No space left on device" in said
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    assert "did not finish. Add --resume" in shell(command, exported_tiny, tmp_path, 1).stderr
    shell(f"{command} --resume", exported_tiny, tmp_path, 0)
    texts = [json.loads(line)["text"] for line in (small_disk / "out.jsonl").read_text().splitlines()]
    assert texts == (tmp_path / "in.txt").read_text().splitlines()
    assert names_in(small_disk) == {"out.jsonl"}


def test_nothing_is_kept_or_sent_about_the_use_of_the_program(exported_tiny, tmp_path):
    """ONNX Runtime writes an id into these folders when it sends usage data, also without a network."""
    (tmp_path / "home").mkdir()
    shell("export HOME=$PWD/home; echo Ann | predict", exported_tiny, tmp_path, 0)
    assert not (tmp_path / "cache/Microsoft").exists()
    assert list((tmp_path / "home").iterdir()) == []
    assert names_in(tmp_path) == {"home"}


@pytest.mark.skipif(
    os.name != "posix" or (os.geteuid() == 0 and not shutil.which("setpriv")),
    reason="root may read every file, and without setpriv (util-linux) it cannot give up this right",
)
def test_a_missing_right_is_one_message(exported_tiny, tmp_path):
    limits = "setpriv --bounding-set -dac_override,-dac_read_search " if os.geteuid() == 0 else ""
    model = shutil.copytree(exported_tiny, tmp_path / "model")
    (tmp_path / "in.txt").write_text("Ann\n")
    (tmp_path / "secret.txt").write_text("Ann\n")
    (tmp_path / "secret.txt").chmod(0)
    (tmp_path / "closed").mkdir(mode=0o555)
    said = shell(f"{limits}predict --input secret.txt", model, tmp_path, 1).stderr
    assert "secret.txt: the file cannot be read (Permission denied)" in said
    said = shell(f"{limits}predict --input in.txt --output closed/out.jsonl", model, tmp_path, 1).stderr
    assert "nothing may be written in" in said
    (model / "decoding.json").chmod(0)
    said = shell(f"{limits}predict --input in.txt", model, tmp_path, 1).stderr
    assert "decoding.json: cannot be read (Permission denied)" in said
