"""Compares the seconds of `dvc repro` with nothing to do with those of six trivial stages, and times a mistyped param.

    python benchmarks/noop_speed.py [--runs 10]

The pipeline of this repository has to be up to date (`dvc repro`). Each of the six trivial stages has one dependency,
one param, one output and one metric; they show what DVC itself takes. The two are run in turn, on the same disk.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from report import ROOT, bar, median, print_table, write_result

BAR_RATIO = 1.25  # the highest ratio of the pipeline's median to that of the trivial stages
BAR_TYPO = 1.0  # the most seconds until a stage says that a key of params.yaml is mistyped
STAGES = ("clean_conll", "encode_labels", "tokenize_align", "train", "evaluate", "export")


def main() -> None:
    """Time both in turn, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10, help="number of runs (default: %(default)s)")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trivial = Path(folder) / "trivial"
        make_trivial(trivial)
        seconds: dict[str, list[float]] = {"trivial": [], "pipeline": []}
        for _ in range(flags.runs):
            seconds["trivial"].append(noop(trivial))
            seconds["pipeline"].append(noop(ROOT))
        typo = median([time_typo(Path(folder)) for _ in range(flags.runs)])
    ours, theirs = median(seconds["pipeline"]), median(seconds["trivial"])
    ratio = float(f"{ours / theirs:.4g}")
    print_table(
        ("", "median s"),
        [("the pipeline", ours), ("six trivial stages", theirs), ("ratio", ratio), ("a mistyped param", typo)],
    )
    write_result(
        "noop_speed",
        {
            "figures": {"runs": flags.runs, "pipeline_s": ours, "trivial_s": theirs, "ratio": ratio, "typo_s": typo},
            "bars": {
                "ratio": bar(ratio, below=BAR_RATIO),
                "typo_s": bar(typo, below=BAR_TYPO),
            },
        },
        "dvc",
    )


def make_trivial(folder: Path) -> None:
    """Make a DVC repository with six stages in a chain, run once."""
    folder.mkdir()
    (folder / "0.txt").write_text("0", encoding="utf-8")
    (folder / "params.yaml").write_text("seed: 1\n", encoding="utf-8")
    stages = [
        f"  stage{number}:\n    cmd: cp {number}.txt {number + 1}.txt && echo 1 > {number}.json\n"
        f"    deps: [{number}.txt]\n    params: [seed]\n    outs: [{number + 1}.txt]\n"
        f"    metrics:\n      - {number}.json: {{cache: false}}\n"
        for number in range(len(STAGES))
    ]
    (folder / "dvc.yaml").write_text("stages:\n" + "".join(stages), encoding="utf-8")
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"]):
        subprocess.run(command, cwd=folder, check=True)
    shutil.copy(ROOT / ".dvc/config", folder / ".dvc/config")
    subprocess.run(["dvc", "repro", "-q"], cwd=folder, check=True)


def noop(folder: Path) -> float:
    """Time one `dvc repro` in which no stage runs."""
    seconds, out = timed(["dvc", "repro"], folder)
    if "Data and pipelines are up to date." not in out:
        sys.exit(f"error: {folder} is not up to date; run `dvc repro` first")
    return seconds


def time_typo(folder: Path) -> float:
    """Time the stage `train`, whose modules are the heaviest, until it refuses a mistyped key."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    (folder / "params.yaml").write_text(text.replace("\nlr:", "\nlrr:"), encoding="utf-8")
    flags = ("--clean-dev", "--encoded", "--tokenized", "--out", "--report", "--curve", "--pins")
    code = f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_module('stages.train', {{}}, '__main__')"
    command = [sys.executable, "-c", code, *(part for flag in flags for part in (flag, "x"))]
    seconds, out = timed(command, folder)
    if "did you mean 'lr'" not in out:
        sys.exit(f"error: the stage said something else:\n{out}")
    return seconds


def timed(command: Sequence[str], folder: Path) -> tuple[float, str]:
    """Run a command; return its seconds and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return time.perf_counter() - began, done.stdout + done.stderr


if __name__ == "__main__":
    main()
