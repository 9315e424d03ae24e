"""Completion in shells: the scripts, and what bash completes with one."""

import os
import shutil
import subprocess
import sys

import pytest

from nerpipe.cli import make_parser
from nerpipe.command_line.completion_command import COMPLETED_SHELLS, completed_as
from nerpipe.errors import NerpipeError

WITHOUT = "shtab is not installed: pip install -r requirements/completion.txt"


def script(shell, capsys):
    pytest.importorskip("shtab", reason=WITHOUT)
    arguments = make_parser().parse_args(["completion", shell])
    arguments.run(arguments)
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", COMPLETED_SHELLS)
def test_the_script_of_every_shell_knows_all_commands(capsys, shell):
    text = script(shell, capsys)
    assert all(name in text for name in make_parser().commands.choices)
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=text, text=True, check=True)


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["pre"], {"predict"}),
        (["s"], {"score", "serve", "search", "summary", "suspects"}),
        (["predict", "m"], {"models"}),
        (["predict", "models", "--bac"], {"--backend"}),
        (["predict", "models", "--backend", "o"], {"onnx", "openvino"}),
        (["predict", "models", "--input", "m"], {"models", "mine.txt"}),
        (["score", "m"], {"models", "mine.txt"}),
        (["score", "mine.txt", "models", "--report", "m"], {"models"}),
        (["completion", ""], {*COMPLETED_SHELLS}),
    ],
)
def test_bash_completes_commands_options_choices_files_and_folders(capsys, tmp_path, words, completed):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed here, so its completion cannot be tried")
    (tmp_path / "models").mkdir()
    (tmp_path / "mine.txt").touch()
    (tmp_path / "completion.bash").write_text(script("bash", capsys))
    code = (
        'source completion.bash; COMP_WORDS=(nerpipe "$@"); COMP_CWORD=$#; '
        '_shtab_nerpipe nerpipe "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [bash, "--norc", "-c", code, "bash", *words],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {word.rstrip("/ ") for word in done.stdout.split()} == completed


def test_what_names_files_and_folders_is_completed_as_such():
    found = {"file": set(), "directory": set(), None: set()}
    for parser in make_parser().commands.choices.values():
        for action in parser._actions:
            found[completed_as(action)].add(action.option_strings[0] if action.option_strings else action.dest)
    assert found["directory"] == {"model", "--report"}
    assert found["file"] == {
        *("files", "gold", "predicted", "other", "side"),
        *("--input", "--output", "--rejects", "--ranges", "--min-confidence"),
        *("--out", "--page", "--tasks"),
    }


def test_without_shtab_one_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    arguments = make_parser().parse_args(["completion", "bash"])
    with pytest.raises(NerpipeError, match=r"needs the package shtab.*pip install -r requirements/completion\.txt"):
        arguments.run(arguments)
