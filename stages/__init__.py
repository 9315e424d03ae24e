"""One small script a stage, run as `python -m stages.NAME`: parse flags, load params, read, one library call, write."""

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Under `dvc exp run --temp` this is the copy's src: an editable install would import the original tree.
sys.path.insert(0, str(ROOT / "src"))

# No bars for work of a second; and in a log file, where each step of a bar is a line, one every ten seconds.
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
if not sys.stderr.isatty():
    os.environ.setdefault("TQDM_MININTERVAL", "10")

NEEDED = ("yaml", "pooch", "datasets", "torch", "transformers", "accelerate", "evaluate", "seqeval")
missing = [name for name in NEEDED if find_spec(name) is None]
if missing:
    activate = r".venv\Scripts\activate" if sys.platform == "win32" else "source .venv/bin/activate"
    sys.exit(
        f"error: the Python that runs this stage ({sys.executable}) lacks {', '.join(missing)}.\n"
        f"`make run` installs what the pipeline needs into .venv; to type dvc commands by hand, first run: {activate}"
    )


def run(main: Callable[[], None]) -> None:
    """Run a stage; an error that the user can mend is printed without a traceback, and the exit code is 1."""
    from nerpipe.errors import NerpipeError

    try:
        main()
    except NerpipeError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
