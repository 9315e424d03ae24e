"""Compares the default recipe with the notebook's hyper-parameters on whole corpora other than WNUT-17, over seeds.

    python benchmarks/other_corpora.py FOLDER [FOLDER ...] [--seeds 1 2 3] [--runs FOLDER]

Each folder holds a raw corpus: train.conll, dev.conll and test.conll. The pipeline runs in a clone on one thread, as
`dvc exp run -S dataset=NAME`. No param was chosen by these scores. With --runs the finished runs are kept and not
repeated, so that two corpora can be measured side by side. Results of corpora that are not named stay as they are.
"""

import argparse
import json
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from pipeline_runs import clone_in, hash_of_predictions, run_experiment
from report import RESULTS, print_table, write_result
from wnut17_scores import NOTEBOOK, SETTINGS

RECIPES = {"the default recipe": [], NOTEBOOK: SETTINGS[NOTEBOOK]}
SPLITS = ("dev", "test")


def run(corpus: Path, recipe: str, seed: int, folder: Path) -> dict[str, Any]:
    """Run the pipeline on a corpus, unless that is done. Return the row of the run."""
    done = folder / f"{corpus.name}-{[*RECIPES].index(recipe)}-{seed}.json"
    if done.exists():
        found: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
        return found
    clone = clone_in(folder / f"clone-{corpus.name}")
    shutil.copytree(corpus, clone / "data/raw" / corpus.name, dirs_exist_ok=True)
    changes = [f"dataset={corpus.name}", "threads=1", f"seed={seed}", *RECIPES[recipe]]
    command, seconds = run_experiment(clone, changes)
    metrics, clean, encode = (
        json.loads((clone / f"metrics/{name}.json").read_text(encoding="utf-8"))
        for name in ("metrics", "clean", "encode")
    )
    row = {
        "seed": seed,
        "command": command,
        "seconds": round(seconds),
        "sentences": {line["split"]: line["sentences"] for line in clean},
        "entities": {line["split"]: line["entities"] for line in clean},
        "word_rule": next(line["word_rule"] for line in encode if line.get("chosen")),
        "predictions_md5": hash_of_predictions((clone / "dvc.lock").read_text(encoding="utf-8")),
        **{split: {name: metrics[split][name] for name in ("precision", "recall", "f1")} for split in SPLITS},
    }
    done.write_text(json.dumps(row), encoding="utf-8")
    return row


def main() -> None:
    """Make the runs that are missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="folder of a raw corpus")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds (default: 1 2 3)")
    parser.add_argument("--runs", type=Path, help="folder of the runs (default: a temporary folder)")
    flags = parser.parse_args()
    path = RESULTS / "other_corpora.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    rows = before.get("corpora", {})
    with tempfile.TemporaryDirectory() as made:
        folder = (flags.runs or Path(made)).resolve()
        folder.mkdir(exist_ok=True)
        for corpus in map(Path.resolve, flags.folders):
            runs = {recipe: [run(corpus, recipe, seed, folder) for seed in flags.seeds] for recipe in RECIPES}
            rows[corpus.name] = {recipe: {"summary": summary(each), "runs": each} for recipe, each in runs.items()}
    print_table(
        ("corpus", "recipe", "dev F1", "test F1"),
        [
            (
                name,
                recipe,
                *(f"{100 * score['f1']:.1f} ± {100 * score['sd_f1']:.1f}" for score in row["summary"].values()),
            )
            for name, recipes in rows.items()
            for recipe, row in recipes.items()
        ],
    )
    write_result("other_corpora", {"corpora": rows}, "torch", "transformers", "tokenizers", "datasets")


def summary(runs: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Give the mean F1 of each split, and its standard deviation over seeds."""
    f1 = {split: [row[split]["f1"] for row in runs] for split in SPLITS}
    return {
        split: {"f1": statistics.mean(each), "sd_f1": statistics.stdev(each) if len(each) > 1 else 0.0}
        for split, each in f1.items()
    }


if __name__ == "__main__":
    main()
