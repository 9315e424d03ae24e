"""Hostile words, types and names of files through whole commands: none reaches the terminal as it is."""

import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from contextlib import suppress
from dataclasses import replace

import pytest

from nerpipe.cli import main
from nerpipe.corpus.clean_conll import clean_conll
from nerpipe.corpus.settings import load_settings
from nerpipe.errors import NerpipeError
from nerpipe.inspection import check_command
from nerpipe.params import load_params
from places import ROOT
from tiny import spec_of

ESCAPE, CSI = "\x1b]0;owned\x07", "\x9b2J"  # The title of the window is set; the screen is cleared.
KINDS = ["[/]", "[red]", f"a{ESCAPE}", f"b{CSI}", "=1+1", "a|b", "(none)", ":smile:", "\u202egnp", "a:b", "#c", "{x}"]


def rows(kinds, word=f"Ada{ESCAPE}"):
    """A sentence for each type."""
    return "".join(f"{word}\tB-{kind}\nslept{number}\tO\n\n" for number, kind in enumerate(kinds))


def harmless(text):
    controls = {c for c in text if c not in "\n\t" and unicodedata.category(c) == "Cc"}
    return not controls | ({"\u202e"} & set(text))


@pytest.fixture
def hostile(tmp_path):
    """A corpus of hostile names, with a type that differs from another in case alone."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for split, kinds in (("train", KINDS), ("dev", [*KINDS, "A:B"]), ("test", KINDS)):
        (folder / f"{split}.conll").write_text(rows(kinds, f"{split}{ESCAPE}"), encoding="utf-8", newline="\n")
    return folder


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["nerpipe", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code
        captured = capsys.readouterr()
        said = f"{captured.out}{captured.err}{code if isinstance(code, str) else ''}"
        assert harmless(said), ascii(said)
        return code, captured.out

    return run


def test_clean_conll_and_the_lines_that_it_prints_to_paste(hostile, tmp_path, capsys):
    clean_conll(raw=hostile, extra=None, out=tmp_path / "out", report=tmp_path / "clean.json", max_rejected=0)
    out = capsys.readouterr().out
    assert harmless(out)
    assert harmless((tmp_path / "clean.json").read_text(encoding="utf-8"))
    assert set(json.loads((tmp_path / "clean.json").read_text())[0]["entities_by_type"]) == set(KINDS)
    line = re.search(r"put this line into .*:\n    (types: .*)\n", out)[1]
    (hostile / "corpus.yaml").write_text(line)
    assert load_settings(hostile).types == {"a:b": "A:B"}


def test_score(hostile, command):
    code, out = command("score", hostile / "test.conll", hostile / "test.conll")
    assert not code
    assert all(kind in out for kind in ("[/]", "[red]", "=1+1", "a|b", ":smile:", "a\\x1b]0;owned\\x07", "b\\x9b2J"))
    code, out = command("score", hostile / "test.conll", hostile / "test.conll", "--json")
    assert set(json.loads(out)["per_type"]) == set(KINDS)


def test_score_of_a_model(hostile, command, exported_tiny, tmp_path):
    with (hostile / "test.conll").open("a") as file:
        file.write("Ann\tB-person\n\n")
    code, out = command("score", hostile / "test.conll", exported_tiny, "--report", tmp_path / "report")
    assert not code
    assert "\\x1b]0;owned\\x07 (1)" in out
    page = (tmp_path / "report/errors.html").read_text(encoding="utf-8")
    assert "\x1b" not in page
    assert "'=1+1" in (tmp_path / "report/per_type.csv").read_text(encoding="utf-8")
    _, out = command("score", hostile / "test.conll", exported_tiny, "--json")
    assert set(KINDS) < set(json.loads(out)["per_type"])
    code, out = command("score", hostile / "test.conll", hostile / "test.conll", exported_tiny)
    assert not code
    (tmp_path / "none.conll").write_text(rows(KINDS), encoding="utf-8", newline="\n")
    assert command("score", tmp_path / "none.conll", exported_tiny)[0] == 1


def test_compare(tmp_path, command):
    for name, kinds in ((f"one{ESCAPE}", KINDS), ("[b]two", KINDS[::-1])):
        text = "".join(f"Ada{CSI}\tB-{gold}\tB-{kind}\t0.9\n\n" for gold, kind in zip(KINDS, kinds, strict=True))
        (tmp_path / name).write_text(text, encoding="utf-8", newline="\n")
    code, out = command("compare", tmp_path / f"one{ESCAPE}", tmp_path / "[b]two", "--resamples", "100")
    assert not code
    assert "[b]two" in out.replace("\n", "")
    assert "Ada\\x9b2J (a|b)" in out
    _, out = command("compare", tmp_path / f"one{ESCAPE}", tmp_path / "[b]two", "--resamples", "100", "--md")
    assert "`Ada\\x9b2J` (`a\\|b`)" in out
    _, out = command("compare", tmp_path / f"one{ESCAPE}", tmp_path / "[b]two", "--resamples", "100", "--json")
    assert set(json.loads(out)["per_type"]) == set(KINDS)


def test_check(hostile, command, monkeypatch, tiny_model):
    params = replace(load_params(ROOT / "params.yaml"), model=spec_of(tiny_model))
    monkeypatch.setattr(check_command, "RAW_FOLDER", hostile.parent)
    monkeypatch.setattr(check_command, "load_params", lambda _: params)
    assert "=1+1 1" in command("check", "mine")[1]
    assert json.loads(command("check", "mine", "--json")[1])["findings"]


def test_import(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/raw").mkdir(parents=True)
    records = [
        {"text": f"Ada{number} met{ESCAPE} Bo in {number}", "label": [[0, 3 + len(str(number)), kind]]}
        for number, kind in enumerate(KINDS * 20)
    ]
    file = tmp_path / f"in{CSI}.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in [*records, {"text": 1, ESCAPE: CSI}]))
    code, out = command("import", file, "--name", "mine")
    assert not code
    assert "in\\x9b2J.jsonl" in out
    command("import", tmp_path / f"missing{ESCAPE}.jsonl", "--name", "other")
    command("import", file, "--name", f"x{ESCAPE}")


@pytest.mark.parametrize("form", ["conll", "text", "jsonl"])
def test_predict_on_a_terminal(exported_tiny, tmp_path, form):
    """A pseudo-terminal for the output and the bar. Colours of our own are taken away before the look."""
    source = tmp_path / "in.txt"
    source.write_text(f"Ada{ESCAPE} saw{CSI} Bo\n", encoding="utf-8")
    main_end, other_end = pty.openpty()
    arguments = ["predict", str(exported_tiny), "--input", str(source), "--to", form]
    command = [sys.executable, "-c", "from nerpipe.cli import main; main()", *arguments]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=other_end, stderr=other_end) as process:
        os.close(other_end)
        shown = b""
        with suppress(OSError):  # Linux ends the stream of a pseudo-terminal with an error.
            while chunk := os.read(main_end, 1 << 16):
                shown += chunk
        assert process.wait() == 0, shown
    os.close(main_end)
    said = re.sub(r"\x1b\[[0-9;]*[mA]", "", shown.decode()).replace("\r", "")
    assert harmless(said), ascii(said)
    assert "records: 1" in said
    assert "x1b" in said or "u001b" in said


def test_predict_to_a_file_with_its_bar_on_a_terminal(exported_tiny, tmp_path):
    (tmp_path / "in.txt").write_text("Ada saw Bo\n")
    main_end, other_end = pty.openpty()
    arguments = ["predict", str(exported_tiny), "--input", "in.txt", "--output", "out.jsonl"]
    command = [sys.executable, "-c", "from nerpipe.cli import main; main()", *arguments]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=tmp_path, env=env, stderr=other_end, check=False)
    os.close(other_end)
    assert done.returncode == 0
    assert b"records: 1" in os.read(main_end, 1 << 16)
    os.close(main_end)


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", f"gone{ESCAPE}", "x"),
        ("compare", f"gone{CSI}"),
        ("check", f"gone{ESCAPE}"),
        ("predict", f"gone{ESCAPE}", "--input", f"x{CSI}"),
        ("predict", "README.md", f"--nope{ESCAPE}", f"a text{CSI}"),
        ("predict", "gone", "--input", "README.md", "--from", "jsonl", "--text-field", f"x{ESCAPE}", f"--to{CSI}"),
        ("serve", f"gone{ESCAPE}"),
        ("serve", "gone", "--min-confidence", f"x{ESCAPE}"),
        ("score", "a", "b", f"c{ESCAPE}"),  # argparse quotes what it does not know
        ("search", "--ranges", f"gone{ESCAPE}"),
    ],
)
def test_messages_of_errors(command, arguments, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert command(*arguments)[0] not in (0, None)


@pytest.mark.parametrize("value", [f'"a{ESCAPE}"'.replace("\x1b", "\\e").replace("\x07", "\\a"), '"\\x9b2J"', "a;b"])
def test_a_stage_shows_a_hostile_param_harmlessly(tmp_path, value):
    text = (ROOT / "params.yaml").read_text()
    changed = re.sub(r"(?m)^(dataset|launcher): .*$", lambda line: f"{line[1]}: {value}", text)
    (tmp_path / "params.yaml").write_text(changed)
    command = [sys.executable, "-m", "stages.clean_conll", "--raw", "x", "--out", "x", "--report", "x"]
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False)
    said = done.stderr.decode()
    assert done.returncode == 1
    assert harmless(said)
    assert "params.yaml -> dataset" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["</script><script>", "a,b", "a b"])
def test_a_new_name_of_a_type_is_held_to_the_rules_of_a_type(tmp_path, name):
    (tmp_path / "corpus.yaml").write_text(f'types: {{a: "{name}"}}')
    with pytest.raises(NerpipeError, match="without white space, `<`, `>` and comma"):
        load_settings(tmp_path)
