"""WNUT-17 scores of the default recipe and of the notebook's, each over several seeds.

    python benchmarks/wnut17_scores.py [--seeds 1 2 3]

Every row is `dvc exp run` in a fresh clone, with the command that is printed beside it. Needs WNUT-17 (the network, or
NERPIPE_MIRROR); takes about five minutes a run on two cores.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from nerpipe.files import sha256_of
from report import ROOT, print_table, write_result

SETTINGS = {
    "defaults": [],
    "the notebook's hyper-parameters": ["lr=2e-5", "warmup=0"],
}
SCORES = ("precision", "recall", "f1")


def run(clone: Path, overrides: list[str]) -> dict[str, Any]:
    """Run one experiment in a clone and read its scores."""
    command = ["dvc", "exp", "run", *(part for override in overrides for part in ("-S", override))]
    tools = Path(sys.executable).parent
    mirror = os.environ.get("NERPIPE_MIRROR")
    environment = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    if mirror:
        environment["NERPIPE_MIRROR"] = str((ROOT / mirror).resolve())
    print("$", shlex.join(command), flush=True)
    subprocess.run(command, cwd=clone, env=environment, check=True)
    metrics = json.loads((clone / "metrics/metrics.json").read_text())
    log = json.loads((clone / "logs/train.json").read_text())
    return {
        "command": shlex.join(command),
        **{split: {name: metrics[split][name] for name in SCORES} for split in ("dev", "test")},
        "predictions_sha256": {
            split: sha256_of(clone / f"data/predictions/{split}.conll") for split in ("dev", "test")
        },
        "train_seconds": log["seconds"],
        "subwords_per_second": log["subwords_per_second"],
    }


def main() -> None:
    """Run all settings and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    seeds = parser.parse_args().seeds
    settings = []
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        for name, overrides in SETTINGS.items():
            runs = [{"seed": seed, **run(clone, ["dataset=wnut17", *overrides, f"seed={seed}"])} for seed in seeds]
            subprocess.run(["git", "checkout", "-q", "."], cwd=clone, check=True)
            summary = {
                split: {
                    "mean_f1": statistics.mean(row[split]["f1"] for row in runs),
                    "sd_f1": statistics.stdev(row[split]["f1"] for row in runs) if len(runs) > 1 else 0.0,
                }
                for split in ("dev", "test")
            }
            settings.append({"setting": name, "summary": summary, "runs": runs})
    rows = [
        (
            setting["setting"],
            row["seed"],
            f"{100 * row['dev']['f1']:.2f}",
            f"{100 * row['test']['f1']:.2f}",
            f"{row['train_seconds']:.0f}",
        )
        for setting in settings
        for row in setting["runs"]
    ]
    for setting in settings:
        cells = [f"{100 * s['mean_f1']:.2f} ± {100 * s['sd_f1']:.2f}" for s in setting["summary"].values()]
        rows.append((setting["setting"], "mean ± sd", *cells, ""))
    print_table(("setting", "seed", "dev F1", "test F1", "training s"), rows)
    result = {"settings": settings, "bar": {"defaults, mean test F1, at least": 0.42}}
    write_result("wnut17_scores", result, "torch", "transformers", "tokenizers", "datasets")


if __name__ == "__main__":
    main()
