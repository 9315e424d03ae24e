"""The end of a program: one message whatever happens, and a file with the details of a bug."""

import os
import subprocess
import sys

import pytest

from places import ROOT

PROGRAM = """
import sys; sys.path.insert(0, "src")
from nerpipe.contracts.program_end import run_program
from nerpipe.errors import NerpipeError
def main():
{body}
run_program(main)
"""


def run(body, tmp_path, redirect="", code=0, **variables):
    program = PROGRAM.format(body="\n".join(f"    {line}" for line in body.splitlines()))
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")} | variables
    shell = ["sh", "-c", f'exec "$0" -c "$1" {redirect}', sys.executable, program]
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("return 4", 4, ""),
        ("pass", 0, ""),
        ("raise NerpipeError('so it is')", 1, "error: so it is\n"),
        ("raise KeyboardInterrupt", 130, "stopped\n"),
        ("sys.exit('a word')", 1, "a word\n"),
        ("sys.exit(3)", 3, ""),
        ("raise MemoryError", 1, "error: there is not enough memory; close other programs, or give less at once\n"),
        ("import no_such_package", 1, "error: this command needs the package no_such_package, which is not installed"),
        ("open('/no/such')", 1, "error: /no/such: No such file or directory; check the name\n"),
        ("open('src')", 1, "error: src: Is a directory; name a file, not a folder\n"),
        ("open('x' * 300)", 1, "File name too long; choose a shorter name\n"),
        ("open('README.md/x')", 1, "Not a directory; a file stands where a folder is needed"),
    ],
)
def test_every_end_is_one_message(tmp_path, body, code, said):
    shown = run(body, tmp_path, code=code).stderr
    assert said in shown
    assert shown.count("\n") == bool(said)
    assert not (tmp_path / "cache").exists()


def test_a_bug_is_one_line_that_names_a_file_with_the_details(tmp_path):
    said = run("x = {}\nx['the key']", tmp_path, code=1).stderr
    assert said.startswith("error: this is a bug in nerpipe (KeyError: 'the key'); please report it")
    assert said.count("\n") == 1
    (log,) = (tmp_path / "cache/nerpipe/errors").iterdir()
    assert str(log) in said
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0  # The command can hold what only its user may know.


def test_a_bug_is_told_even_where_nothing_can_be_written(tmp_path):
    (tmp_path / "cache").write_text("")
    program = "import tempfile; tempfile.tempdir = '/proc'\n1 / 0"
    shell = [sys.executable, "-c", PROGRAM.format(body="\n".join(f"    {line}" for line in program.splitlines()))]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "with the command and these details:" in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_a_folder_that_was_deleted_ends_no_report(tmp_path):
    (tmp_path / "gone").mkdir()
    gone = str(tmp_path / "gone")
    said = run(f"import os\nos.chdir({gone!r})\nos.rmdir({gone!r})\n1 / 0", tmp_path, code=1).stderr
    assert "this is a bug in nerpipe (ZeroDivisionError" in said


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("redirect", ["> /dev/full", ">&-"])
@pytest.mark.parametrize("body", ["print('x')", "print('x', flush=True)", "print('x')\nsys.exit(0)"])
def test_an_output_that_cannot_be_written_is_an_error(tmp_path, redirect, body):
    said = run(body, tmp_path, redirect, code=1).stderr
    assert "standard output: No space left on device; free some space" in said or "standard output is closed" in said
    assert said.count("\n") == 1


def test_a_closed_stream_that_is_not_needed_is_no_error(tmp_path):
    run("open('README.md').read()", tmp_path, "<&- >&- 2>&-")
    run("raise NerpipeError('nobody reads it')", tmp_path, "2>&-", code=1)
    run("raise NerpipeError('nobody reads it')", tmp_path, "2> /dev/full", code=1)


def test_a_closed_input_is_an_error_when_it_is_read(tmp_path):
    for read in ("sys.stdin.read()", "sys.stdin.buffer.readline(9)"):
        assert "standard input is closed" in run(read, tmp_path, "<&-", code=1).stderr


def test_a_reader_that_stops_reading_is_no_error():
    program = PROGRAM.format(body="    for _ in range(100000): print('line')")
    shell = ["bash", "-c", '"$0" -c "$1" | head -1; exit ${PIPESTATUS[0]}', sys.executable, program]
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "line\n", "")


def test_a_stage_ends_with_one_message_too(tmp_path):
    code = "from stages import run\nrun(lambda: {}['x'])"
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: this is a bug in nerpipe (KeyError: 'x')")
