"""Which build of PyTorch `make run` installs. System, driver and pip are stand-ins, or the real pip asks an index."""

import os
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from places import ROOT

SCRIPT = ROOT / "requirements/torch_index.sh"
OPTION = "--extra-index-url=https://download.pytorch.org/whl/cpu"
(TORCH,) = (line for line in (ROOT / "requirements/model.txt").read_text().splitlines() if line.startswith("torch=="))
VERSION = TORCH.removeprefix("torch==")
OFFERED = f"torch (9.0+cpu)\nAvailable versions: 9.0+cpu, {VERSION}+cpu, 1.0+cpu"
# A Python that has pip alone. It writes each call of pip down, and its virtual environment holds a copy of itself.
PYTHON = """#!/usr/bin/env bash
case "$*" in
    "-m pip config list") printf '%s\\n' "$CONFIG";;
    "-m pip index versions"*) printf '%s\\n' "$OFFERED"; [ -n "$OFFERED" ];;
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python";;
    "-m pip "*) echo "$*" >>"$CALLS";;
esac
"""


class Machine:
    """A computer with stand-ins for the system, the driver and pip."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "bin").mkdir()
        self.env = {"PATH": f"{folder / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin", "CALLS": str(folder / "calls")}
        self.env |= {"CONFIG": "global.timeout='60'", "OFFERED": OFFERED}
        self.add("uname", "#!/bin/sh\necho Linux\n")
        self.add("python3", PYTHON)
        self.script = folder / "torch_index.sh"
        # No test may depend on the driver of the computer that it runs on.
        text = SCRIPT.read_text().replace("driver=/proc/driver/nvidia", f"driver={folder}/driver")
        self.script.write_text(text)

    def add(self, name, text):
        path = self.folder / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def run(self):
        return subprocess.run(
            ["bash", self.script, "python3", TORCH], env=self.env, capture_output=True, text=True, check=True
        )


@pytest.fixture
def machine(tmp_path):
    if shutil.which("nvidia-smi", path="/usr/bin:/bin"):
        pytest.skip("this computer has a driver of NVIDIA, which the test cannot hide")
    return Machine(tmp_path)


def test_linux_without_a_driver_and_without_an_index_takes_the_build_for_processors(machine):
    done = machine.run()
    assert (done.stdout, done.stderr) == (f"{OPTION}\n", "")


def test_a_driver_means_the_build_of_pypi(machine):
    (machine.folder / "driver").mkdir()
    done = machine.run()
    assert (done.stdout, done.stderr) == ("", "")


def test_so_does_its_command(machine):
    machine.add("nvidia-smi", "#!/bin/sh\n")
    done = machine.run()
    assert (done.stdout, done.stderr) == ("", "")


def test_macos_stays_as_it_is(machine):
    machine.add("uname", "#!/bin/sh\necho Darwin\n")
    done = machine.run()
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize(
    "line",
    [
        "global.index-url='https://example.org/simple'",
        "user.extra-index-url='https://example.org/simple'",
        "install.index-url='https://example.org/simple'",
        ":env:.index-url='https://example.org/simple'",
        ":env:.no-index='1'",
        "global.find-links='/wheels'",
    ],
)
def test_where_pip_is_told_of_a_place_that_place_decides(machine, line):
    machine.env["CONFIG"] = f"global.timeout='60'\n{line}"
    done = machine.run()
    assert (done.stdout, done.stderr) == ("", "")


def test_an_empty_variable_names_no_index(machine):
    machine.env["CONFIG"] = ":env:.index-url=''"
    assert machine.run().stdout == f"{OPTION}\n"


@pytest.mark.parametrize(
    "offered",
    [
        "",
        "torch (9.0+cpu)\nAvailable versions: 9.0+cpu",
        f"torch (1{VERSION})\nAvailable versions: 1{VERSION}, {VERSION}1",
    ],
)
def test_an_index_that_does_not_answer_or_lacks_the_version_is_named_with_what_comes_instead(machine, offered):
    machine.env["OFFERED"] = offered
    done = machine.run()
    assert done.stdout == ""
    for part in ("https://download.pytorch.org/whl/cpu", TORCH, "about 2.7 GB", "Ctrl-C", "`make run`"):
        assert part in done.stderr


def test_a_version_without_a_local_part_is_the_version_too(machine):
    machine.env["OFFERED"] = f"torch ({VERSION})\nAvailable versions: {VERSION}"
    assert machine.run().stdout == f"{OPTION}\n"


@pytest.mark.parametrize("answers", [True, False])
def test_make_gives_the_option_to_the_command_that_installs_pytorch_alone(machine, answers):
    if not answers:
        machine.env["OFFERED"] = ""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, machine.folder)
    shutil.copytree(ROOT / "requirements", machine.folder / "requirements")
    shutil.copy(machine.script, machine.folder / "requirements")
    done = subprocess.run(
        ["make", ".venv/bin/.run-installed"],
        cwd=machine.folder,
        env=machine.env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("2.7 GB" in done.stderr) is not answers
    calls = (machine.folder / "calls").read_text().splitlines()
    (torch,) = (call for call in calls if TORCH in call)
    assert torch.split() == [*"-m pip install --progress-bar=off".split(), *([OPTION] if answers else []), TORCH]  # noqa: SIM905
    assert len(calls) == 4
    assert sum(OPTION in call for call in calls) == answers


@pytest.fixture
def index(tmp_path):
    """The address of an index that offers a build for processors."""
    page = tmp_path / "index/torch"
    page.mkdir(parents=True)
    wheel = f"torch-{VERSION}+cpu-py3-none-any.whl"
    (page / "index.html").write_text(f'<!DOCTYPE html><html><body><a href="{wheel}">{wheel}</a></body></html>')

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: Quiet(*given, directory=str(tmp_path / "index")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("told", ["nothing", "a variable", "a file", "an index that is away"])
def test_the_real_pip_says_what_it_is_told_and_what_the_index_offers(machine, index, told):
    address = "http://127.0.0.1:9" if told == "an index that is away" else index
    script = machine.script.read_text().replace("https://download.pytorch.org/whl/cpu", address)
    machine.script.write_text(script.replace("--timeout 10 --retries 1", "--timeout 2 --retries 0"))
    machine.add("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    config = machine.folder / "pip.conf"
    config.write_text("[global]\nextra-index-url = https://example.org/simple\n")
    machine.env |= {"PIP_CONFIG_FILE": str(config) if told == "a file" else os.devnull, "HOME": str(machine.folder)}
    if told == "a variable":
        machine.env["PIP_INDEX_URL"] = "https://example.org/simple"
    done = machine.run()
    assert done.stdout == (f"--extra-index-url={index}\n" if told == "nothing" else "")
    assert ("2.7 GB" in done.stderr) is (told == "an index that is away")
