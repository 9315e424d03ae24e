"""Trains on the sample with several learning rates, and scores dev and test.

    python benchmarks/learning_rates.py [--rates 3e-5 1e-4 1e-3] [--seeds 1]

All else is the recipe of params.yaml on one thread, by the function of data_size.py, which has the default rate. The
results show below which sum of the learning rates of all steps `train` should warn: `training/rate_warning.py`.
"""

import argparse
import dataclasses

import datasets

from data_size import SCORED, run
from nerpipe.params import load_params
from report import ROOT, print_table, write_result

CORPUS, SENTENCES = ROOT / "data/raw/sample", 6641


def main() -> None:
    """Train with each rate, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=float, nargs="+", default=[3e-5, 1e-4, 1e-3], help="learning rates")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="seeds (default: 1)")
    flags = parser.parse_args()
    datasets.disable_progress_bars()
    params = dataclasses.replace(load_params(ROOT / "params.yaml"), threads=1)
    rows = []
    for lr in flags.rates:
        for seed in flags.seeds:
            row = run(CORPUS, SENTENCES, dataclasses.replace(params, seed=seed, lr=lr))
            steps = -(-SENTENCES // params.batch_size) * params.epochs
            rows.append({"lr": lr, "sum_of_rates": lr * steps / 2, **row})
            print(rows[-1], flush=True)
    print_table(
        ("lr", "sum of rates", "dev F1", "test F1"),
        [
            (f"{row['lr']:.0e}", f"{row['sum_of_rates']:.3f}", *(f"{100 * row[split]['f1']:.1f}" for split in SCORED))
            for row in rows
        ],
    )
    write_result("learning_rates", {"runs": rows}, "torch", "transformers", "tokenizers", "datasets")


if __name__ == "__main__":
    main()
