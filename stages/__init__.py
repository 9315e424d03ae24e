"""One small script for each stage, run as `python -m stages.NAME`. It reads flags and params and calls the library."""

import argparse
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

# Under `dvc exp run --temp` this is the src folder of the copy. An editable install would import the original folder.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

# No progress bars for short work. In a log file each step of a bar is a line, so steps are ten seconds apart there.
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("TQDM_MININTERVAL", "0.1" if sys.stderr.isatty() else "10")

NEEDED = ("yaml", "pooch", "psutil", "datasets", "torch", "transformers", "accelerate", "evaluate", "seqeval")
missing = [name for name in NEEDED if find_spec(name) is None]
if missing:
    activate = r".venv\Scripts\activate" if sys.platform == "win32" else "source .venv/bin/activate"
    sys.exit(
        f"error: the Python that runs this stage ({sys.executable}) lacks {', '.join(missing)}.\n"
        f"`make run` installs these packages into .venv. Before you type dvc commands yourself, run: {activate}"
    )


def path_flags(description: str | None, **helps: str) -> argparse.Namespace:
    """Parse the command line of a stage. Every flag is required and takes a path; `helps` holds their help texts."""
    parser = argparse.ArgumentParser(description=description)
    for name, text in helps.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, required=True, help=text)
    return parser.parse_args()


def run(main: Callable[[], None]) -> None:
    """Run a stage, which ends when the process that started it ends.

    An error that the user can correct is printed without a traceback, and the exit code is 1.
    """
    from nerpipe.contracts.parent_process import end_with_parent
    from nerpipe.contracts.program_end import run_program

    def stage() -> None:
        end_with_parent()
        main()

    run_program(stage)
