"""Compares the entities of each runtime with those of ONNX Runtime in fp32, on WNUT-17 dev, over several seeds.

    python benchmarks/runtime_agreement.py [--seeds 1 2 3 4 5] [--models FOLDER]

For each seed, a clone trains and exports a model of WNUT-17 with the default recipe, on one thread. The agreement is
the F1 of the entities of a runtime with those of ONNX Runtime in fp32. The F1 drop is in points of F1 with the gold
entities. An int8 file that the export stage would leave out counts too. With --models the exported folders are kept,
and a model that is there is not trained again. WNUT-17 is needed (from the network, or from NERPIPE_MIRROR), and
OpenVINO (`pip install -r requirements/openvino.txt`).
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from nerpipe.comparison.labelled_file import read_labelled
from nerpipe.comparison.model_predictions import ModelChoice, predict_labelled
from nerpipe.prediction.exported_folder import ONNX
from nerpipe.scoring.scores import score
from pipeline_runs import clone_in, run_experiment
from report import bar, print_table, write_result

# The limits of the mean agreement, of the mean F1 drop in points, and of the size of the int8 file in MB.
LEAST_AGREEMENT = {"bfloat16": 0.99, "int8": 0.97}
MOST_DROP, MOST_MEGABYTES = 0.5, 40
RUNTIMES = (("openvino", "fp32"), ("openvino", "bfloat16"), ("onnx", "int8"), ("openvino", "int8"))
DEV = "data/clean/dev.conll"


def main() -> None:
    """Train and export the models, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5], help="seeds of training")
    parser.add_argument("--models", type=Path, help="folder of the models (default: a temporary folder)")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        models = (flags.models or Path(made)).resolve()
        rows = [row for seed in flags.seeds for row in agreements(trained(models, seed), seed)]
        megabytes = round((models / f"seed-{flags.seeds[0]}" / ONNX["int8"]).stat().st_size / 1e6, 1)
    means: list[dict[str, Any]] = []
    for backend, precision in RUNTIMES:
        own = [row for row in rows if (row["backend"], row["precision"]) == (backend, precision)]
        mean = {name: statistics.mean(row[name] for row in own) for name in ("agreement", "f1", "f1_drop")}
        lowest = min(row["agreement"] for row in own)
        means.append({"backend": backend, "precision": precision, "seeds": len(own), "lowest": lowest, **mean})
    print_table(
        ("runtime", "seeds", "agreement", "lowest", "F1 drop"),
        [
            (
                f"{mean['backend']} {mean['precision']}",
                mean["seeds"],
                f"{100 * mean['agreement']:.2f}",
                f"{100 * mean['lowest']:.2f}",
                f"{mean['f1_drop']:+.2f}",
            )
            for mean in means
        ],
    )
    bars = {"int8_megabytes": bar(megabytes, below=MOST_MEGABYTES)}
    for mean in means:
        name = f"{mean['backend']}_{mean['precision']}"
        if mean["precision"] in LEAST_AGREEMENT:
            bars[f"{name}_agreement"] = bar(mean["agreement"], at_least=LEAST_AGREEMENT[mean["precision"]])
            bars[f"{name}_f1_drop"] = bar(mean["f1_drop"], below=MOST_DROP)
    result = {"figures": rows, "means": means, "bars": bars}
    print(write_result("runtime_agreement", result, "torch", "onnxruntime", "openvino", "tokenizers"))


def trained(models: Path, seed: int) -> Path:
    """Train and export the model of a seed, unless it is there. Return its folder, which also holds the dev file."""
    folder = models / f"seed-{seed}"
    if folder.exists():
        return folder
    clone = clone_in(models / "clone")
    # No int8 file is left out, because a mean over those that passed would be flattered.
    run_experiment(clone, ("dataset=wnut17", "threads=1", f"seed={seed}", "int8_max_f1_drop=1.0"))
    whole = models / f"making-{seed}"
    shutil.rmtree(whole, ignore_errors=True)
    shutil.copytree(clone / "models/exported", whole)
    shutil.copy(clone / DEV, whole / "dev.conll")
    return whole.rename(folder)


def agreements(folder: Path, seed: int) -> list[dict[str, Any]]:
    """Compare the entities of each runtime with those of ONNX Runtime in fp32."""
    labelled = read_labelled(folder / "dev.conll")

    def tags(backend: str, precision: str) -> list[list[str]]:
        return predict_labelled(labelled, ModelChoice(folder, backend, precision, "cpu", 1)).tags

    ours = tags("onnx", "fp32")
    f1 = score(labelled.gold, ours).readings["conlleval"].f1
    rows: list[dict[str, Any]] = []
    for backend, precision in RUNTIMES:
        found = tags(backend, precision)
        own = score(labelled.gold, found).readings["conlleval"].f1
        agreement = score(ours, found).readings["conlleval"].f1
        rows.append(
            {
                "seed": seed,
                "backend": backend,
                "precision": precision,
                "agreement": agreement,
                "f1": own,
                "f1_drop": 100 * (f1 - own),
            }
        )
        print(
            f"seed {seed}, {backend} {precision}: agreement {agreement:.4f}, F1 {own:.4f} (fp32 {f1:.4f})", flush=True
        )
    return rows


if __name__ == "__main__":
    main()
