"""Runs of the pipeline in a clone of the repository, which several benchmarks make."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from report import ROOT


def clone_in(folder: Path) -> Path:
    """Clone the repository into a folder, unless it is there (in whatever state it began with). Return the folder."""
    if not folder.exists():
        subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    return folder


def environment() -> dict[str, str]:
    """Give the environment in which a clone finds the programs of this Python, and the mirror of the data."""
    found = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    if mirror := os.environ.get("NERPIPE_MIRROR"):
        found["NERPIPE_MIRROR"] = str((ROOT / mirror).resolve())
    return found


def run_experiment(clone: Path, changes: Sequence[str]) -> tuple[str, float]:
    """Run the pipeline with changed params (`KEY=VALUE`). Return the command and its seconds.

    The params that an earlier run of this clone has changed are first set back.
    """
    command = ["dvc", "exp", "run", *(part for change in changes for part in ("-S", change))]
    print(f"$ {shlex.join(command)}", flush=True)
    (clone / "params.yaml").touch()  # So that git looks at it.
    subprocess.run(["git", "checkout", "-q", "HEAD", "--", "params.yaml"], cwd=clone, check=True)
    began = time.perf_counter()
    subprocess.run(command, cwd=clone, env=environment(), check=True, stdout=subprocess.DEVNULL)
    return shlex.join(command), time.perf_counter() - began


def hash_of_predictions(lock: str) -> str:
    """Find the MD5 of data/predictions in the text of a dvc.lock."""
    outs: list[dict[str, Any]] = yaml.safe_load(lock)["stages"]["evaluate"]["outs"]
    return next(out["md5"] for out in outs if out["path"] == "data/predictions")
