"""The start of several training processes: the stage train starts torchrun, which starts the stage in each of them.

The launcher is not in the command of dvc.yaml, because DVC would pass the text in params.yaml to the shell before
anything has checked it.
"""

import os
import shutil
import sys

from nerpipe.errors import NerpipeError

ALONE = "python"
STARTED = "TORCHELASTIC_RUN_ID"  # torchrun sets this variable in each process that it starts.


def launch(launcher: str) -> None:
    """Replace this process by torchrun with the same stage, unless torchrun has started it or the launcher is python.

    The process keeps its number, so a signal from DVC reaches torchrun.

    Args:
        launcher: The param `launcher` of params.yaml.

    Raises:
        NerpipeError: If torchrun is not installed.
    """
    if launcher == ALONE or STARTED in os.environ:
        return
    name, *options = launcher.split(" ")
    program = shutil.which(name)
    if program is None:
        raise NerpipeError(
            f"[params.yaml -> launcher] {launcher!r}: {name} is not on the PATH; activate the environment in which "
            f"PyTorch is installed, or set launcher to {ALONE}"
        )
    sys.stdout.flush()
    os.execv(program, [program, *options, "-m", "stages.train", *sys.argv[1:]])  # noqa: S606 - there is no shell
