"""Measures the recipes for text like WNUT-17 over seeds: trained on WNUT-17 alone, with the sample, and on the sample.

    python benchmarks/recipes.py [--seeds 1 2 3 4 5] [--rows NAME ...] [--runs FOLDER]
    python benchmarks/recipes.py --rows "WNUT-17 + sample, with a teacher" --teacher FOLDER --texts FILE

Each run is `dvc exp run` in a clone, on one thread. The scores of WNUT-17 are those of evaluate, and those of the other
corpus are of `nerpipe score` with the exported model: the sample's dev, its test and its earlier test, or the dev and
test of WNUT-17 for a model of the sample alone. `unseen` is the F1 of the entities whose words are no entity of train.
With --runs the finished runs are kept and not repeated, so that two rows can be measured side by side. Results of rows
that are not named stay as they are. WNUT-17 is needed (from the network, or from NERPIPE_MIRROR, without which a model
of the sample alone is not scored on it). The base size needs `make base-model`, and 32 to 46 minutes for each seed.
A row with a teacher needs the exported model of the row with the base size and the same data, and the texts without
labels (`screened_data.vader_texts`); it is left out unless it is named.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from nerpipe.contracts.conll import read_rows, read_training
from nerpipe.contracts.files import sha256_of
from nerpipe.corpus.sources import UNLABELLED_FILE
from nerpipe.evaluation.breakdowns import breakdown, surfaces_in
from nerpipe.scoring.scores import surfaces_of
from nerpipe.scoring.spans import match_spans
from nerpipe.tokenizing.base_model import PACKAGE, SHA256
from pipeline_runs import clone_in, environment, hash_of_predictions, run_experiment
from report import RESULTS, print_table, write_result
from screened_data import vader_texts

BASE_MODEL = f"pkg:{PACKAGE}@{SHA256[:12]}"
TAUGHT = ("WNUT-17 alone, with a teacher", "WNUT-17 + sample, with a teacher")
ROWS = {
    "WNUT-17 alone": ["dataset=wnut17"],
    "WNUT-17 alone, with a teacher": ["dataset=wnut17"],
    # With the default lr and epochs it can collapse to O for every word.
    "WNUT-17 alone, base size": ["dataset=wnut17", f"model={BASE_MODEL}", "lr=1e-4", "epochs=5"],
    "WNUT-17 + sample": ["dataset=wnut17", "extra=sample"],
    "sample alone": ["dataset=sample"],
    "WNUT-17 + sample, with a teacher": ["dataset=wnut17", "extra=sample"],
    "WNUT-17 + sample, base size": ["dataset=wnut17", "extra=sample", f"model={BASE_MODEL}"],
}
SAMPLE = {"sample dev": "dev.conll", "sample test": "test.conll", "sample earlier test": "earlier/test.conll"}
WNUT17 = {"WNUT-17 dev": "emerging.dev.conll", "WNUT-17 test": "emerging.test.annotated"}
NUMBERS = ("precision", "recall", "f1")
SUMMED = (*NUMBERS, "unseen")


def main() -> None:
    """Make the runs that are missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5], help="seeds (default: 1 to 5)")
    parser.add_argument(
        "--rows",
        nargs="+",
        default=[row for row in ROWS if row not in TAUGHT],
        choices=[*ROWS],
        metavar="NAME",
        help=f"rows to measure: {'; '.join(ROWS)}",
    )
    parser.add_argument("--teacher", type=Path, metavar="FOLDER", help="exported model that is the teacher")
    parser.add_argument("--texts", type=Path, metavar="FILE", help="source distribution of vaderSentiment 3.3.2")
    parser.add_argument("--runs", type=Path, help="folder of the runs (default: a temporary folder)")
    flags = parser.parse_args()
    taught = [row for row in flags.rows if row in TAUGHT]
    if taught and not (flags.teacher and flags.texts):
        parser.error(f"the row {taught[0]!r} needs --teacher and --texts")
    if len(taught) > 1:
        parser.error("each row with a teacher has its own; make these rows one after the other")
    with tempfile.TemporaryDirectory() as made:
        folder = (flags.runs or Path(made)).resolve()
        measured = [
            {"row": row, "runs": [run(folder, row, seed, flags) for seed in flags.seeds]}
            for row in ROWS
            if row in flags.rows
        ]
    path = RESULTS / "recipes.json"
    before = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    rows = {row["row"]: row for row in [*before, *measured]}
    for row in measured:
        row["summary"] = {
            split: {
                **{name: statistics.mean(one["scores"][split][name] for one in row["runs"]) for name in SUMMED},
                "sd_f1": statistics.stdev(f1) if len(f1) > 1 else 0.0,
            }
            for split in row["runs"][0]["scores"]
            for f1 in [[one["scores"][split]["f1"] for one in row["runs"]]]
        }
        print(f"{row['row']}, {len(row['runs'])} seeds")
        print_table(
            ("split", *SUMMED, "sd of F1"),
            [(split, *(f"{100 * value:.1f}" for value in score.values())) for split, score in row["summary"].items()],
        )
    result = {"rows": [rows[name] for name in ROWS if name in rows]}
    print(write_result("recipes", result, "torch", "transformers", "tokenizers", "datasets"))


def run(folder: Path, row: str, seed: int, flags: argparse.Namespace) -> dict[str, Any]:
    """Train, export and score a model, unless that is done. Return the scores."""
    done = folder / f"{row.replace(' ', '-')}-{seed}.json"
    if done.exists():
        found: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
        return found
    clone = clone_in(folder / f"clone-{row.replace(' ', '-')}")
    changes = [*ROWS[row], "threads=1", f"seed={seed}"]
    if row in TAUGHT:
        texts = "".join(f"{text}\n" for text in vader_texts(flags.texts))
        (clone / "data/raw/wnut17" / UNLABELLED_FILE).write_text(texts, encoding="utf-8")
        shutil.copytree(flags.teacher, clone / "teacher", dirs_exist_ok=True)
        changes.append(f"teacher=teacher@{sha256_of(clone / 'teacher/model.safetensors')[:12]}")
    command, seconds = run_experiment(clone, changes)

    def read(path: str) -> Any:  # noqa: ANN401 - JSON can hold any type
        return json.loads((clone / path).read_text(encoding="utf-8"))

    own, metrics = ("WNUT-17" if "dataset=wnut17" in changes else "sample"), read("metrics/metrics.json")
    scores = {f"{own} {split}": {name: metrics[split][name] for name in NUMBERS} for split in ("dev", "test")}
    for line in read("metrics/breakdown.json"):
        if line["group"] == "unseen":
            scores[f"{own} {line['split']}"]["unseen"] = line["f1"]
    report = folder / f"{clone.name}-scored"
    others = {name: clone / "data/raw/sample" / file for name, file in SAMPLE.items()}
    if mirror := environment().get("NERPIPE_MIRROR"):
        others |= {name: Path(mirror) / "wnut17" / file for name, file in WNUT17.items()}
    for name, gold in others.items():
        if name not in scores:
            score = ["nerpipe", "score", str(gold), "models/exported", "--json", "--report", str(report)]
            printed = subprocess.run(score, cwd=clone, env=environment(), check=True, stdout=subprocess.PIPE).stdout
            scores[name] = {number: json.loads(printed)["conlleval"][number] for number in NUMBERS}
            scores[name]["unseen"] = unseen_f1(clone / "data/clean", report / "predictions.conll")
    row_of_run = {
        "seed": seed,
        "command": command,
        "seconds": round(seconds),
        "scores": scores,
        "per_type": [line for line in read("metrics/per_type.json") if line["split"] == "test"],
        "predictions_md5": hash_of_predictions((clone / "dvc.lock").read_text(encoding="utf-8")),
    }
    done.write_text(json.dumps(row_of_run), encoding="utf-8")
    return row_of_run


def unseen_f1(clean: Path, predictions: Path) -> float:
    """Score the entities of a file of predictions whose words are no entity of train."""
    sentences = list(read_rows(predictions, 4))
    words, gold, predicted = ([[row[column] for row in rows] for rows in sentences] for column in range(3))
    match = match_spans(gold, predicted)
    surfaces = surfaces_of(match, [word for sentence in words for word in sentence])
    table = breakdown(match, surfaces, surfaces_in(read_training(clean)))
    found: float = table.loc[table["group"] == "unseen", "f1"].item()
    return found


if __name__ == "__main__":
    main()
