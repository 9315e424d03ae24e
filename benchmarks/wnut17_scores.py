"""Measures WNUT-17 scores over several seeds: of the default recipe, of it with one change, and of the notebook's.

    python benchmarks/wnut17_scores.py [--seeds 1 2 3 4 5] [--others 1 2 3] [--jobs 2] [--clone FOLDER]

In a clone, `dvc exp run --queue` queues the runs, `dvc exp run --run-all` runs them, and `dvc exp show` reads them.
With --clone the clone is kept, and runs that have finished there are not repeated. WNUT-17 is needed (from the network,
or from NERPIPE_MIRROR).
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline_runs import clone_in, environment, hash_of_predictions
from report import bar, print_table, write_result

# Two jobs at a time with one torch thread each are a third faster in total than one job at a time with two threads.
DATASET = "wnut17"
COMMON = [f"dataset={DATASET}", "threads=1"]
DEFAULTS = "defaults"
NOTEBOOK = "the notebook's hyper-parameters"
SETTINGS: dict[str, list[str]] = {
    DEFAULTS: [],
    "twice the bias against O": ["outside_bias=0.6"],
    "no bias against O": ["outside_bias=0.0"],
    "capitals lost": ["capitals=lost"],
    "no layer frozen": ["frozen_layers=0"],
    "one learning rate for all layers": ["layer_decay=1.0"],
    NOTEBOOK: [
        "lr=2e-5",
        "warmup=0.0",
        "layer_decay=1.0",
        "word_embeddings=trained",
        "frozen_layers=0",
        "attention_dropout=0.1",
        "outside_bias=0.0",
        "capitals=lost",
        "precision=float32",
        "adjoining_penalty=0.0",
        "averaging=none",
    ],
}
SCORES = ("precision", "recall", "f1", "word_by_word_f1")
LEAST_F1, LEAST_GAIN = 0.45, -0.5


def main() -> None:
    """Run all settings, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[1, 2, 3, 4, 5],
        help="seeds of the defaults and of the notebook's hyper-parameters",
    )
    parser.add_argument("--others", type=int, nargs="+", default=[1, 2, 3], help="seeds of the other settings")
    parser.add_argument("--jobs", type=int, default=2, help="number of runs at a time")
    parser.add_argument("--clone", type=Path, help="folder of the clone (default: a temporary folder)")
    flags = parser.parse_args()
    wanted = [
        (name, seed, [*COMMON, *overrides, f"seed={seed}"])
        for name, overrides in SETTINGS.items()
        for seed in (flags.seeds if name in (DEFAULTS, NOTEBOOK) else flags.others)
    ]
    with tempfile.TemporaryDirectory() as folder:
        clone = clone_in(flags.clone or Path(folder) / "clone")
        finished = experiments(clone)
        missing = [(name, seed, sets) for name, seed, sets in wanted if label(name, seed) not in finished]
        for name, seed, overrides in missing:
            sets = [part for override in overrides for part in ("-S", override)]
            dvc(clone, "exp", "run", "--queue", "--name", label(name, seed), *sets)
        if missing:
            dvc(clone, "exp", "run", "--run-all", "--jobs", str(flags.jobs))
            finished = experiments(clone)
    failed = [label(name, seed) for name, seed, _ in wanted if label(name, seed) not in finished]
    if failed:
        sys.exit(f"these runs did not finish: {', '.join(failed)}; start the benchmark again with the same --clone")
    settings = [
        summary(name, [(seed, o, finished[label(n, seed)]) for n, seed, o in wanted if n == name]) for name in SETTINGS
    ]
    print_rows(settings)
    print(*map(markdown, settings), sep="\n")
    by_name = {setting["setting"]: setting for setting in settings}
    ours, theirs = ({run["seed"]: run["dev"]["f1"] for run in by_name[name]["runs"]} for name in (DEFAULTS, NOTEBOOK))
    gain = statistics.mean(100 * (ours[seed] - theirs[seed]) for seed in ours if seed in theirs)
    bars = {
        "mean_test_f1": bar(by_name[DEFAULTS]["summary"]["test"]["mean_f1"], at_least=LEAST_F1),
        # The gain is the mean over pairs of runs with the same seed.
        "dev_f1_points_gained": bar(gain, at_least=LEAST_GAIN),
    }
    result = {"settings": settings, "bars": bars}
    write_result("wnut17_scores", result, "torch", "transformers", "tokenizers", "datasets")


def label(name: str, seed: int) -> str:
    """Return a name of an experiment that git allows."""
    return f"{name.replace(' ', '-').replace(chr(39), '')}-{seed}"


def dvc(clone: Path, *arguments: str) -> str:
    """Run dvc in the clone, and return its standard output."""
    print("$", shlex.join(["dvc", *arguments]), flush=True)
    command = ["dvc", *arguments]
    return subprocess.run(command, cwd=clone, env=environment(), check=True, stdout=subprocess.PIPE, text=True).stdout


def experiments(clone: Path) -> dict[str, dict[str, Any]]:
    """Read the metrics of each finished experiment, and the hash of its predictions, by name."""
    found = {}
    for baseline in json.loads(dvc(clone, "exp", "show", "--json")):
        for experiment in baseline.get("experiments") or []:
            for row in experiment["revs"][:1]:
                metrics = (row.get("data") or {}).get("metrics", {}).get("metrics/metrics.json", {}).get("data")
                # A running experiment shows the metrics of its baseline.
                if metrics and metrics["dataset"] == DATASET and row["name"]:
                    metrics["predictions_md5"] = hash_of_predictions(git_show(clone, row["rev"], "dvc.lock"))
                    for line in json.loads(git_show(clone, row["rev"], "metrics/decoding.json")):
                        if line["decoding"] == "word by word":
                            metrics[line["split"]]["word_by_word_f1"] = line["conlleval_f1"]
                    found[row["name"]] = metrics
    return found


def git_show(clone: Path, revision: str, path: str) -> str:
    """Return the text of a file in a commit."""
    command = ["git", "show", f"{revision}:{path}"]
    return subprocess.run(command, cwd=clone, check=True, stdout=subprocess.PIPE, text=True).stdout


def summary(name: str, rows: Sequence[tuple[int, list[str], dict[str, Any]]]) -> dict[str, Any]:
    """Combine the runs of one setting."""
    runs = [
        {
            "seed": seed,
            "command": shlex.join(["dvc", "exp", "run", *(p for o in overrides for p in ("-S", o))]),
            "predictions_md5": metrics["predictions_md5"],
            **{split: {score: metrics[split][score] for score in SCORES} for split in ("dev", "test")},
        }
        for seed, overrides, metrics in rows
    ]
    spread = {}
    for split in ("dev", "test"):
        scores = [run[split]["f1"] for run in runs]
        spread[split] = {
            "mean_f1": statistics.mean(scores),
            "sd_f1": statistics.stdev(scores) if len(runs) > 1 else 0.0,
            "mean_gain_of_decoding": statistics.mean(run[split]["f1"] - run[split]["word_by_word_f1"] for run in runs),
        }
    return {"setting": name, "summary": spread, "runs": runs}


def markdown(setting: dict[str, Any]) -> str:
    """Return the row of this setting in docs/experiments.md."""
    command = setting["runs"][0]["command"].rpartition(" -S seed=")[0]
    cells = [f"{100 * s['mean_f1']:.1f} ± {100 * s['sd_f1']:.1f}" for s in setting["summary"].values()]
    return f"| {setting['setting']} | `{command} -S seed=N` | {' | '.join(cells)} |"


def print_rows(settings: Sequence[dict[str, Any]]) -> None:
    """Print the mean and the standard deviation of F1 of each setting, in points."""
    rows = [
        (
            s["setting"],
            len(s["runs"]),
            *(f"{100 * x['mean_f1']:.2f} ± {100 * x['sd_f1']:.2f}" for x in s["summary"].values()),
        )
        for s in settings
    ]
    print_table(("setting", "seeds", "dev F1", "test F1"), rows)


if __name__ == "__main__":
    main()
