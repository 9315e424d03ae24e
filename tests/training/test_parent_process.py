"""A stage ends with what started it, also through the shell that DVC puts in between."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

CHILD = """
import time
from nerpipe.training.parent_process import end_with_parent
end_with_parent()
print("up", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("through_a_shell", [True, False])
def test_a_child_ends_when_its_parent_is_killed(tmp_path, through_a_shell):
    script = tmp_path / "child.py"
    script.write_text(CHILD)
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


def test_a_child_whose_parent_lives_goes_on(tmp_path):
    script = tmp_path / "child.py"
    script.write_text(CHILD.replace("60", "1.5"))
    done = subprocess.run(
        [sys.executable, str(script)], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, check=False
    )
    assert done.returncode == 0
