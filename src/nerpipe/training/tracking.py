"""Reports a training run to Weights & Biases or TensorBoard, and measures its speed and memory."""

import netrc
import os
import platform
import threading
import time
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from nerpipe.training.fine_tuning import TrainResult

PERIOD_OF_MEMORY = 0.5  # Seconds between two measurements of the memory.
# The packages whose versions are written into the log.
PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "numpy")


def check_tracker(report_to: str) -> None:
    """Check that the package that `report_to` of params.yaml names is installed.

    Raises:
        NerpipeError: If it is not installed.
    """
    if report_to != "none" and find_spec(report_to) is None:
        raise NerpipeError(
            f"[params.yaml -> report_to] {report_to} is not installed: `pip install -r requirements/watch.txt`, or set "
            "report_to to none"
        )


def start_tracker(report_to: str, logs: Path) -> list[str]:
    """Prepare the Trainer's integration so that it writes into the folder `logs` and never asks for a login.

    Without a login or a connection, Weights & Biases keeps the run in files, which `wandb sync` can upload.

    Args:
        report_to: The value in params.yaml: none, tensorboard or wandb.
        logs: A folder that is not an output of a stage.

    Returns:
        The value for `report_to` of the Trainer.
    """
    if report_to == "none":
        return []
    logs.mkdir(parents=True, exist_ok=True)
    if report_to == "tensorboard":
        os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(logs / "tensorboard" / time.strftime("%Y%m%d-%H%M%S")))
    else:
        _start_wandb(logs)
    return [report_to]


def _start_wandb(logs: Path) -> None:
    """Start a run of Weights & Biases, which the Trainer's integration then uses."""
    import wandb

    os.environ.setdefault("WANDB_SILENT", "true")
    os.environ.setdefault("WANDB_PROJECT", "nerpipe")
    if "WANDB_MODE" not in os.environ and not _wandb_login():
        os.environ["WANDB_MODE"] = "offline"
        kept = logs / "wandb"
        say(f"no login for Weights & Biases: the run is kept in {kept}; `wandb sync` can upload it")
    try:
        wandb.init(dir=str(logs))
    except wandb.Error as error:
        say(f"Weights & Biases cannot be reached ({error}): the run is kept in {logs / 'wandb'}")
        os.environ["WANDB_MODE"] = "offline"
        wandb.init(mode="offline", dir=str(logs))


def _wandb_login() -> bool:
    with suppress(OSError, netrc.NetrcParseError):
        if netrc.netrc().authenticators("api.wandb.ai"):
            return True
    return bool(os.environ.get("WANDB_API_KEY"))


class PeakMemory:
    """Measures the peak memory of this process while a block runs. The memory is read twice a second."""

    def __init__(self) -> None:
        """Prepare the measurement, which starts when the block starts."""
        self._process = psutil.Process()
        self._most = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._look()

    @property
    def peak_mb(self) -> float:
        """The peak memory so far, in megabytes (1,000,000 bytes)."""
        return self._most / 1e6

    def _look(self) -> None:
        self._most = max(self._most, self._process.memory_info().rss)

    def _look_on(self) -> None:
        while not self._done.wait(PERIOD_OF_MEMORY):
            self._look()


def describe_run(result: "TrainResult", subwords: float, peak_mb: float) -> dict[str, Any]:
    """Describe the speed, the memory and the environment of a run.

    The values differ from run to run, so no stage writes them into an output.

    Args:
        result: The result of the run.
        subwords: The number of sub-words that were trained on since the run was started or resumed, without padding.
        peak_mb: The peak memory of this process, in megabytes.

    Returns:
        The values for the log, by name.
    """
    import torch

    return {
        "seconds": round(result.seconds, 2),
        "resumed_at_step": result.resumed_at,
        "subwords_per_second": round(subwords / max(result.seconds, 1e-9), 1),
        "peak_memory_mb": round(peak_mb, 1),
        "threads": torch.get_num_threads(),
        "device": str(result.model.device),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
