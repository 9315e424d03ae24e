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
if not sys.stderr.isatty():
    os.environ.setdefault("TQDM_MININTERVAL", "10")

NEEDED = ("yaml", "pooch", "datasets", "torch", "transformers", "accelerate", "evaluate", "seqeval")
if missing := [name for name in NEEDED if find_spec(name) is None]:
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
    """Run a stage. An error that the user can correct is printed without a traceback, and the exit code is 1."""
    from nerpipe.contracts.terminal import printable
    from nerpipe.errors import NerpipeError

    try:
        main()
    except NerpipeError as error:
        sys.exit(printable(f"error: {error}"))
    except KeyboardInterrupt:
        sys.exit("The stage was interrupted.")
