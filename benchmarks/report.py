"""Functions that all benchmarks use: they describe the machine, print a table and write results/NAME.json."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def machine() -> dict[str, Any]:
    """Describe the processor, the cores that this process may use, the memory and the system, but not the host."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError):
        return None  # This is not a POSIX system.


def versions(*packages: str) -> dict[str, str]:
    """Give the versions of Python and of the named packages."""
    return {"python": platform.python_version(), **{package: version(package) for package in packages}}


def median(runs: Sequence[float]) -> float:
    """Give the median to four significant digits. More digits would be noise in a file that git tracks."""
    return float(f"{statistics.median(runs):.4g}")


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table. The first column is aligned left and the others right. Small floats have three digits."""
    cells = [[_cell(value) for value in row] for row in [headers, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for index, row in enumerate(cells):
        line = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        print("  ".join(line).rstrip(), flush=True)
        if index == 0:
            print("  ".join("-" * width for width in widths))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def write_result(name: str, result: Mapping[str, Any], *packages: str) -> Path:
    """Write results/NAME.json, which holds the result, the machine and the versions, and return its path.

    By convention a result holds `figures` (the measured values, with the unit in the key), `peer`, `ratio`, `runs` and
    `bars` (the goals that `bar` returns, by name).
    """
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {**result, "machine": machine(), "versions": versions(*packages)}
    path.write_text(json.dumps(whole, indent=2, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")
    print(f"\nwritten: {path.relative_to(ROOT)}")
    return path


def bar(value: float, *, at_least: float | None = None, below: float | None = None) -> dict[str, Any]:
    """Give a value, its goal and whether the value meets the goal.

    Raises:
        ValueError: If the goal has no limit.
    """
    if at_least is not None:
        return {"value": value, "at_least": at_least, "met": value >= at_least}
    if below is not None:
        return {"value": value, "below": below, "met": value < below}
    raise ValueError("a goal needs a limit; give at_least or below")
