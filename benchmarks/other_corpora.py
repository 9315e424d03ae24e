"""Trains the default model with the default recipe on whole corpora other than WNUT-17, and keeps its scores.

    python benchmarks/other_corpora.py FOLDER [FOLDER ...] [--seed 1]

Each folder holds a raw corpus: train.conll, dev.conll and test.conll. The pipeline runs in a fresh clone, as
`dvc exp run -S dataset=NAME`. No param was chosen by these scores.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from report import ROOT, print_table, write_result


def run(folder: Path, clone: Path, seed: int) -> dict[str, Any]:
    """Run the pipeline on one corpus, and return its row."""
    shutil.copytree(folder, clone / "data/raw" / folder.name, dirs_exist_ok=True)
    tools = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    command = ["dvc", "exp", "run", "-S", f"dataset={folder.name}", "-S", f"seed={seed}"]
    started = time.perf_counter()
    subprocess.run(command, cwd=clone, env=environment, check=True)
    seconds = time.perf_counter() - started
    metrics, clean, encode = (
        json.loads((clone / f"metrics/{name}.json").read_text(encoding="utf-8"))
        for name in ("metrics", "clean", "encode")
    )
    return {
        "corpus": folder.name,
        "command": " ".join(command),
        "seconds": round(seconds),
        "sentences": {row["split"]: row["sentences"] for row in clean},
        "entities": {row["split"]: row["entities"] for row in clean},
        "word_rule": next(row["word_rule"] for row in encode if row.get("chosen")),
        **{split: {name: metrics[split][name] for name in ("precision", "recall", "f1")} for split in ("dev", "test")},
    }


def main() -> None:
    """Run each corpus once, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="folder of a raw corpus")
    parser.add_argument("--seed", type=int, default=1, help="seed of the training (default: 1)")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "clone"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        runs = [run(folder.resolve(), clone, flags.seed) for folder in flags.folders]
    print_table(
        ("corpus", "sentences of train", "dev F1", "test F1", "seconds"),
        [
            (
                row["corpus"],
                row["sentences"]["train"],
                *(f"{100 * row[split]['f1']:.1f}" for split in ("dev", "test")),
                row["seconds"],
            )
            for row in runs
        ],
    )
    figures = {f"{row['corpus']}_{split}_f1": row[split]["f1"] for row in runs for split in ("dev", "test")}
    write_result("other_corpora", {"figures": figures, "runs": runs}, "torch", "transformers", "tokenizers", "datasets")


if __name__ == "__main__":
    main()
