"""Trains on the first 500, on the first 2,000 and on all training sentences of the sample, and scores dev and test.

    python benchmarks/data_size.py [--seeds 1 2 3] [--sizes 500 2000 6641]

The sentences of the sample are in an order by chance, so the first ones are like the others. Dev and test are whole in
every run. The recipe is that of params.yaml on one thread, through the pipeline's own functions; the smallest size is
also trained with four times as many epochs. Nothing was chosen by these scores. The seconds are those of the processor
in training, with dev scored after each epoch, so that other programs on the machine count little.
"""

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import datasets

from nerpipe.contracts.conll import format_sentence, read_conll, writing_conll
from nerpipe.contracts.labels import continuations
from nerpipe.contracts.ledger import Tally, tally
from nerpipe.contracts.reports import CorpusRow
from nerpipe.contracts.word_rules import used_subword_labels
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.encoding import encode_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.corpus.word_choice import choose_rule
from nerpipe.evaluation.split_predictions import predict_split
from nerpipe.inference.decoding import DecodingWeights
from nerpipe.params import Params, load_params
from nerpipe.scoring.scores import score
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training.dev_scores import DevSplit
from nerpipe.training.fine_tuning import train_model
from nerpipe.training.settings import TrainSettings
from report import ROOT, print_table, write_result

SCORED = ("dev", "test")
MORE_EPOCHS = 4  # How many times as many epochs the smallest size is also trained for.


def clean(corpus: Path, out: Path, size: int) -> list[CorpusRow]:
    """Clean a corpus, keep the first sentences of train, and return the counts of the splits."""
    out.mkdir()
    rows = clean_corpus(resolve_corpus(corpus), out, max_rejected=0.0)
    kept = list(islice(read_conll(out / "train.conll"), size))
    if len(kept) < size:
        raise SystemExit(f"train has {len(kept):,} sentences, fewer than {size:,}")
    with writing_conll(out / "train.conll") as file:
        for sentence in kept:
            file.write(format_sentence(zip(sentence.tokens, sentence.tags, strict=True)))
    return [
        CorpusRow(split=row["split"], corpus=row["corpus"], **_counts(out / f"{row['split']}.conll")._asdict())
        for row in rows
    ]


def _counts(path: Path) -> Tally:
    return tally(sentence.tags for sentence in read_conll(path))


def run(corpus: Path, size: int, params: Params) -> dict[str, Any]:
    """Train once with a number of training sentences, and return the row of the run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = clean(corpus, folder / "clean", size)
        encoded = encode_corpus(folder / "clean", rows, unknown_labels=params.unknown_labels)
        labels = encoded.labels
        words = choose_rule(read_conll(folder / "clean/train.conll"), size).content()
        every = used_subword_labels(params.subword_labels, words) == "all"
        tokenizer = load_tokenizer(params.model, capitals=params.capitals)
        tallies = {row["split"]: Tally(row["sentences"], row["tokens"], row["entities"]) for row in rows}
        windows = {
            split: tokenize_split(
                tokenizer,
                encoded.data[split],
                labels,
                expected=tallies[split],
                max_length=params.max_length,
                stride=params.stride,
                continuation=continuations(labels) if every else None,
            )[0]
            for split in tallies
        }
        dev = DevSplit(windows["dev"], [sentence.tags for sentence in read_conll(folder / "clean/dev.conll")])
        started = time.process_time()
        trained = train_model(
            params.model,
            tokenizer,
            windows["train"],
            dev,
            labels,
            settings=TrainSettings.from_params(params),
            scratch=folder / "scratch",
        )
        seconds = time.process_time() - started
        scores = {}
        for split in SCORED:
            found = predict_split(
                trained.model,
                windows[split],
                folder / f"clean/{split}.conll",
                labels=labels,
                expected=tallies[split],
                pad_id=tokenizer.pad_token_id,
                weights=DecodingWeights(params.outside_bias, params.adjoining_penalty),
            )
            micro = score(found.gold, found.predicted).readings["conlleval"]
            scores[split] = {measure: getattr(micro, measure) for measure in ("precision", "recall", "f1")}
    best = next(row["epoch"] for row in trained.epochs if row["best"])
    return {
        "sentences": size,
        "entities": tallies["train"].entities,
        "epochs": params.epochs,
        "best_epoch": best,
        "seed": params.seed,
        "processor_seconds": round(seconds, 1),
        **scores,
    }


def summarise(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Give the means of the runs of one size and number of epochs, and the standard deviations if there are several."""
    row: dict[str, Any] = {name: runs[0][name] for name in ("sentences", "entities", "epochs")}
    row |= {"runs": len(runs), "processor_seconds": round(statistics.mean(run["processor_seconds"] for run in runs), 1)}
    for split in SCORED:
        found = [run[split]["f1"] for run in runs]
        row[f"{split}_f1"] = statistics.mean(found)
        row[f"{split}_sd_f1"] = statistics.stdev(found) if len(found) > 1 else None
    return row


def main() -> None:
    """Train with each seed and size, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds (default: 1 2 3)")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[500, 2000, 6641], help="training sentences (default: 500 2000 6641)"
    )
    parser.add_argument("--corpus", type=Path, default=ROOT / "data/raw/sample", help="folder of the raw corpus")
    flags = parser.parse_args()
    datasets.disable_progress_bars()
    params = dataclasses.replace(load_params(ROOT / "params.yaml"), threads=1)
    kinds = [(size, params.epochs) for size in flags.sizes]
    kinds.insert(1, (flags.sizes[0], MORE_EPOCHS * params.epochs))
    runs: list[dict[str, Any]] = []
    for seed in flags.seeds:
        for size, epochs in kinds:
            runs.append(run(flags.corpus, size, dataclasses.replace(params, seed=seed, epochs=epochs)))
            print(runs[-1], flush=True)
    figures = [summarise([row for row in runs if (row["sentences"], row["epochs"]) == kind]) for kind in kinds]
    print_table(
        ("sentences", "epochs", "dev F1", "test F1", "seconds"),
        [
            (
                f"{row['sentences']:,}",
                row["epochs"],
                *(f"{100 * row[f'{split}_f1']:.1f}" for split in SCORED),
                row["processor_seconds"],
            )
            for row in figures
        ],
    )
    write_result("data_size", {"rows": figures, "runs": runs}, "torch", "transformers", "tokenizers", "datasets")


if __name__ == "__main__":
    main()
