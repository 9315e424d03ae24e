"""Compares the throughput of `--engine ray` with that of one process, on WNUT-17 test sentences.

    python benchmarks/ray_scaling.py [--model models/exported] [--repeat 20] [--runs 3]

The commands are timed whole and take turns, from their start to the last line of output. The input is written several
times in one file, and in two files for the run that reads two. The start is the time of a command that predicts one
sentence. The throughput counts the sentences over the time of the command without its start. Ray's actors share the
cores of this machine, so the ratio shows what Ray costs, not what a second machine gives. WNUT-17 is needed (from the
network, or from NERPIPE_MIRROR), and Ray (`pip install -r requirements/ray.txt`).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nerpipe.prediction.backends import usable_cores
from predict_speed import sentences
from report import ROOT, median, print_table, write_result

SENTENCES = 1287  # All sentences of the test split.


def main() -> None:
    """Time all ways in turn, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "models/exported", help="exported folder")
    parser.add_argument(
        "--repeat", type=int, default=20, help="times that the input is repeated (default: %(default)s)"
    )
    parser.add_argument("--runs", type=int, default=3, help="number of runs (default: %(default)s)")
    flags = parser.parse_args()
    cores = usable_cores()
    ways = {
        "one process, 1 thread": ["--threads", "1"],
        f"one process, {cores} threads": ["--threads", str(cores)],
        f"Ray, {cores} cores": ["--engine", "ray"],
    }
    texts = [" ".join(text.split()) for text in sentences(SENTENCES)] * flags.repeat
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        one, many = folder / "one.txt", folder / "many.txt"
        one.write_text(texts[0] + "\n", encoding="utf-8")
        many.write_text("\n".join(texts) + "\n", encoding="utf-8")
        starts: dict[str, list[float]] = {name: [] for name in ways}
        wholes: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(flags.runs):
            for name, options in ways.items():
                starts[name].append(timed(flags.model, one, folder, options))
                wholes[name].append(timed(flags.model, many, folder, options))
                print(f"{name}: start {starts[name][-1]:.1f} s, whole {wholes[name][-1]:.1f} s", flush=True)
    figures = {
        name: {
            "start_seconds": median(starts[name]),
            "sentences_per_second": median(
                [len(texts) / (whole - start) for whole, start in zip(wholes[name], starts[name], strict=True)]
            ),
        }
        for name in ways
    }
    first = figures["one process, 1 thread"]["sentences_per_second"]
    rows = [(name, *row.values(), row["sentences_per_second"] / first) for name, row in figures.items()]
    print_table(("way", "start s", "sentences/s", "times one thread"), rows)
    result = {"figures": figures, "sentences": len(texts), "runs": flags.runs}
    print(write_result("ray_scaling", result, "ray", "onnxruntime", "tokenizers"))


def timed(model: Path, texts: Path, folder: Path, options: list[str]) -> float:
    """Return the seconds of one command."""
    output = folder / "out.jsonl"
    output.unlink(missing_ok=True)
    command = [str(Path(sys.executable).parent / "nerpipe"), "predict", str(model)]
    command += ["--input", str(texts), "--output", str(output)]
    began = time.perf_counter()
    subprocess.run([*command, *options], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
