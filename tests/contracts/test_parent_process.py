"""A stage ends with what started it, also through the shell that DVC puts in between."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from places import ROOT

CHILD = """
import time
from nerpipe.contracts.parent_process import end_with_parent
end_with_parent()
print("up", flush=True)
time.sleep(60)
"""
STAGE = """
import time
from stages import run
def main():
    print("up", flush=True)
    time.sleep(60)
run(main)
"""


@pytest.mark.parametrize("through_a_shell", [True, False])
@pytest.mark.parametrize("code", [CHILD, STAGE], ids=["child", "stage"])
def test_a_child_ends_when_its_parent_is_killed(tmp_path, code, through_a_shell):
    script = tmp_path / "child.py"
    script.write_text(code)
    command = (
        f"'{sys.executable} {script}; true', shell=True" if through_a_shell else f"['{sys.executable}', '{script}']"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess; subprocess.run({command})"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout.readline() == b"up\n"
    family = psutil.Process(parent.pid).children(recursive=True)
    assert len(family) == 1 + through_a_shell
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []


def test_every_stage_begins_at_the_door_that_watches():
    scripts = [path for path in (ROOT / "stages").glob("*.py") if path.name != "__init__.py"]
    assert len(scripts) == 6
    for path in scripts:
        assert path.read_text().endswith('if __name__ == "__main__":\n    run(main)\n'), path


def test_a_child_whose_parent_lives_goes_on(tmp_path):
    script = tmp_path / "child.py"
    script.write_text(CHILD.replace("60", "1.5"))
    done = subprocess.run(
        [sys.executable, str(script)], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, check=False
    )
    assert done.returncode == 0
