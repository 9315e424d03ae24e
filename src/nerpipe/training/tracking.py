"""Watching a training run: in Weights & Biases or TensorBoard while it goes on, and how fast it was."""

import netrc
import os
import platform
import resource
import sys
import time
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from nerpipe.training.trainer import TrainResult

PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "numpy")


def check_watcher(report_to: str) -> None:
    """Check that what `report_to` of params.yaml names is installed.

    Raises:
        NerpipeError: if not.
    """
    if report_to != "none" and find_spec(report_to) is None:
        raise NerpipeError(
            f"[params.yaml -> report_to] {report_to} is not installed: `pip install -r requirements/watch.txt`, or set "
            "report_to to none"
        )


def start_watcher(report_to: str, logs: Path) -> list[str]:
    """Prepare the Trainer's own integration so that it writes below `logs` and never asks for a login.

    Without a login, or a connection, Weights & Biases keeps the run in files, for `wandb sync`.

    Args:
        report_to: none, tensorboard or wandb.
        logs: a folder that is no output of a stage.

    Returns:
        What the Trainer takes as `report_to`.
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
    """Begin a run, which the Trainer's integration then takes over."""
    import wandb

    os.environ.setdefault("WANDB_SILENT", "true")
    os.environ.setdefault("WANDB_PROJECT", "nerpipe")
    if "WANDB_MODE" not in os.environ and not _wandb_login():
        os.environ["WANDB_MODE"] = "offline"
        print(f"no login for Weights & Biases: the run is kept in {logs / 'wandb'}, for `wandb sync`", flush=True)
    try:
        wandb.init(dir=str(logs))
    except wandb.Error as error:
        print(f"Weights & Biases cannot be reached ({error}): the run is kept in {logs / 'wandb'}", flush=True)
        os.environ["WANDB_MODE"] = "offline"
        wandb.init(mode="offline", dir=str(logs))


def _wandb_login() -> bool:
    with suppress(OSError, netrc.NetrcParseError):
        if netrc.netrc().authenticators("api.wandb.ai"):
            return True
    return bool(os.environ.get("WANDB_API_KEY"))


def describe_run(result: "TrainResult", subwords: float) -> dict[str, Any]:
    """Describe how a run went on this machine: nothing here is the same twice, so no stage puts it into an output.

    Args:
        result: of the run.
        subwords: seen by this process, padding not counted.
    """
    import torch

    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts bytes on macOS, KiB elsewhere
    return {
        "seconds": round(result.seconds, 2),
        "resumed_at_step": result.resumed_at,
        "subwords_per_second": round(subwords / max(result.seconds, 1e-9), 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1),
        "threads": torch.get_num_threads(),
        "device": str(result.model.device),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
