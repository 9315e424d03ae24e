"""Scores a model that was trained on the shipped corpus alone on WNUT-17.

    python benchmarks/sample_transfer.py [--seeds 1 2 3] [--test]

The model is trained with `dvc exp run -S dataset=sample` in a fresh clone. The exported model is scored on WNUT-17 dev.
With --test it is also scored on the test split, which is meant to be done once, at the end. WNUT-17 is needed (from the
network, or from NERPIPE_MIRROR).
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import datasets

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.ledger import tally
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.evaluation.split_predictions import predict_split
from nerpipe.inference.word_predictions import load_trained
from nerpipe.params import Params, load_params
from nerpipe.scoring.scores import score as score_tags
from nerpipe.tokenizing.window_dataset import tokenize_split
from pipeline_runs import clone_in, run_experiment
from report import ROOT, bar, print_table, write_result

BAR = 0.30


def score(model_folder: Path, gold: Path, params: Params) -> dict[str, float]:
    """Score an exported model on a canonical CoNLL file."""
    model, tokenizer, labels = load_trained(model_folder)
    sentences = list(read_conll(gold))
    counts = tally(sentence.tags for sentence in sentences)
    data = datasets.Dataset.from_dict(
        {
            "tokens": [sentence.tokens for sentence in sentences],
            "ner_tags": [[labels.index(tag) for tag in sentence.tags] for sentence in sentences],
        },
        split=gold.stem,
    )
    options = {"max_length": params.max_length, "stride": params.stride, "continuation": None}
    windows, _ = tokenize_split(tokenizer, data, labels, expected=counts, **options)
    split = predict_split(model, windows, gold, labels=labels, expected=counts, pad_id=tokenizer.pad_token_id)
    micro = score_tags(split.gold, split.predicted).readings["conlleval"]
    return {"precision": micro.precision, "recall": micro.recall, "f1": micro.f1}


def main() -> None:
    """Train with each seed, score, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds (default: 1 2 3)")
    parser.add_argument("--test", action="store_true", help="also score the test split")
    flags = parser.parse_args()
    datasets.disable_progress_bars()
    params = load_params(ROOT / "params.yaml")
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(ROOT)  # A relative NERPIPE_MIRROR is relative to the root of the repository.
        clean_corpus(resolve_corpus(ROOT / "data/raw/wnut17"), folder / "wnut17", max_rejected=0.0)
        clone = clone_in(folder / "clone")
        for seed in flags.seeds:
            command, _ = run_experiment(clone, ("dataset=sample", f"seed={seed}"))
            row: dict[str, Any] = {"seed": seed, "command": command}
            for split in ("dev", "test") if flags.test else ("dev",):
                row[split] = score(clone / "models/exported", folder / "wnut17" / f"{split}.conll", params)
            runs.append(row)
    splits = [split for split in ("dev", "test") if split in runs[0]]
    means = {split: statistics.mean(row[split]["f1"] for row in runs) for split in splits}
    print_table(
        ("seed", *(f"WNUT-17 {split} F1" for split in splits)),
        [
            *((str(row["seed"]), *(f"{100 * row[split]['f1']:.2f}" for split in splits)) for row in runs),
            ("mean", *(f"{100 * mean:.2f}" for mean in means.values())),
        ],
    )
    result = {
        "figures": {f"wnut17_{split}_mean_f1": mean for split, mean in means.items()},
        "bars": {"wnut17_dev_mean_f1": bar(means["dev"], at_least=BAR)},
        "runs": runs,
    }
    write_result("sample_transfer", result, "torch", "transformers", "tokenizers", "datasets")


if __name__ == "__main__":
    main()
