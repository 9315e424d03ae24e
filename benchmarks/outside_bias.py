"""Compares two ways against a model's preference for O, and the confidences of entities, on WNUT-17.

    python benchmarks/outside_bias.py [--seeds 1 2 3 4 5] [--scores FOLDER]

One way is the param `outside_bias` of the default recipe, which changes the loss of training. The other way trains
without it, and takes a bias from the logit of O after the best epoch: the one with the highest F1 on dev. That F1 is
flattered, because dev is scored with the bias that was chosen on it. So the bias is also chosen on a random half of dev
and scored on the other half, 50 times both ways. No choice was made by the scores on test.

Then the confidences of the predicted entities of dev are compared: the lowest probability of a word's tag, the product
of these probabilities, and the probability of the entity as a whole (nerpipe.inference.marginals).

Models are trained through the pipeline's own functions, with the params of params.yaml on one thread. With --scores the
word scores of each model are kept, and a model whose scores are there is not trained again. WNUT-17 is needed (from the
network, or from NERPIPE_MIRROR).
"""

import argparse
import dataclasses
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import datasets
import numpy as np
from scipy.stats import rankdata

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.files import read_json
from nerpipe.contracts.schemes import OUTSIDE, spans_of
from nerpipe.evaluation.calibration import calibration_error, reliability
from nerpipe.inference.decoding import decode, iob2_transitions
from nerpipe.inference.marginals import word_confidences
from nerpipe.inference.word_predictions import BATCH_SUBWORDS, run_torch, window_items
from nerpipe.inference.word_scores import score_words
from nerpipe.params import load_params
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.training.dev_scores import DevSplit
from nerpipe.training.fine_tuning import train_model
from nerpipe.training.settings import TrainSettings
from pipeline_runs import clone_in, environment
from report import ROOT, print_table, write_result

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLITS = ("dev", "test")
BIASES = [number / 10 for number in range(21)]  # Nats.
HALVES = 50
CONFIDENCES = ("lowest of the words", "product of the words", "of the entity", "of the entity, with the bias")


class Corpus(NamedTuple):
    """The labels and the gold tags of WNUT-17."""

    labels: list[str]
    gold: dict[str, list[tuple[str, ...]]]

    def lengths(self, split: str) -> list[int]:
        """Give the number of words of each sentence."""
        return [len(tags) for tags in self.gold[split]]


def prepare(clone: Path) -> Corpus:
    """Run the stages before train in a clone of the repository."""
    clone_in(clone)
    command = ["dvc", "exp", "run", "-S", "dataset=wnut17", "tokenize_align"]
    subprocess.run(command, cwd=clone, env=environment(), check=True, stdout=subprocess.DEVNULL)
    gold = {split: [row.tags for row in read_conll(clone / f"data/clean/{split}.conll")] for split in SPLITS}
    return Corpus(read_json(clone / "data/encoded/labels.json"), gold)


def train_and_score(clone: Path, corpus: Corpus, bias: float, seed: int) -> "dict[str, NDArray[np.float64]]":
    """Train a model, and give the log probabilities of the words of dev and test. Shape: (words, labels)."""
    params = load_params(ROOT / "params.yaml")
    settings = TrainSettings.from_params(dataclasses.replace(params, outside_bias=bias, seed=seed, threads=1))
    tokenizer = load_tokenizer(params.model, capitals=params.capitals)
    windows = datasets.load_from_disk(str(clone / "data/tokenized"))
    dev = DevSplit(windows["dev"], corpus.gold["dev"])
    with tempfile.TemporaryDirectory() as scratch:
        options: dict[str, Any] = {"settings": settings, "scratch": scratch}
        model = train_model(params.model, tokenizer, windows["train"], dev, corpus.labels, **options).model.eval()
    scores = {}
    for split in SPLITS:
        lengths = corpus.lengths(split)
        items, _ = window_items(windows[split], np.cumsum([0, *lengths]))
        scores[split] = score_words(
            items,
            partial(run_torch, model),
            words=sum(lengths),
            labels=len(corpus.labels),
            outside=corpus.labels.index(OUTSIDE),
            pad_id=tokenizer.pad_token_id,
            budget=BATCH_SUBWORDS,
        ).log_probabilities
    return scores


def labels_of(scores: "NDArray[np.float64]", corpus: Corpus, split: str, bias: float) -> "NDArray[np.int64]":
    """Decode with a bias taken from the log probability of O."""
    taken = scores.copy()
    taken[:, corpus.labels.index(OUTSIDE)] -= bias
    return decode(taken, corpus.lengths(split), iob2_transitions(corpus.labels))


def counts_of(scores: "NDArray[np.float64]", corpus: Corpus, split: str, bias: float) -> "NDArray[np.int64]":
    """Count the right, predicted and gold entities of each sentence. Shape: (sentences, 3)."""
    tags = np.array(corpus.labels)[labels_of(scores, corpus, split, bias)]
    rows = []
    for gold, found in zip(corpus.gold[split], np.split(tags, np.cumsum(corpus.lengths(split))[:-1]), strict=True):
        right, predicted = {*spans_of(gold)}, {*spans_of(found.tolist())}
        rows.append((len(right & predicted), len(predicted), len(right)))
    return np.array(rows)


def f1(counts: "NDArray[np.int64]") -> float:
    """Compute the micro F1 from the counts of sentences."""
    right, predicted, gold = counts.sum(axis=0)
    return float(2 * right / (predicted + gold))


def choose(counts: "dict[float, NDArray[np.int64]]", rows: "NDArray[np.bool_]") -> float:
    """Choose the bias with the highest F1 on some sentences, and of equal ones the lowest."""
    return max(BIASES, key=lambda bias: (f1(counts[bias][rows]), -bias))


def compare_biases(scores: "dict[str, NDArray[np.float64]]", corpus: Corpus) -> dict[str, float]:
    """Score a model as it is, and with the bias that is chosen on dev."""
    dev = {bias: counts_of(scores["dev"], corpus, "dev", bias) for bias in BIASES}
    everywhere = np.ones(len(corpus.gold["dev"]), dtype=bool)
    chosen = choose(dev, everywhere)
    generator = np.random.default_rng(0)
    halves = [generator.random(len(everywhere)) < 0.5 for _ in range(HALVES)]
    other = [f1(dev[choose(dev, rows)][~rows]) for half in halves for rows in (half, ~half)]
    return {
        "dev_f1": f1(dev[0.0]),
        "test_f1": f1(counts_of(scores["test"], corpus, "test", 0.0)),
        "chosen_bias": chosen,
        "chosen_dev_f1": f1(dev[chosen]),
        "chosen_on_other_half_dev_f1": statistics.mean(other),
        "chosen_test_f1": f1(counts_of(scores["test"], corpus, "test", chosen)),
    }


def compare_confidences(scores: "NDArray[np.float64]", corpus: Corpus, bias: float) -> dict[str, dict[str, float]]:
    """Measure how well each confidence of the entities that are predicted in dev agrees with their precision."""
    lengths, transitions = corpus.lengths("dev"), iob2_transitions(corpus.labels)
    chosen = labels_of(scores, corpus, "dev", 0.0)
    word = np.exp(scores[np.arange(len(chosen)), chosen])
    learnt = scores.copy()
    learnt[:, corpus.labels.index(OUTSIDE)] += bias
    entity, unbent = (word_confidences(each, lengths, transitions, chosen) for each in (scores, learnt))
    rows, start = [], 0
    for gold, length in zip(corpus.gold["dev"], lengths, strict=True):
        right = {*spans_of(gold)}
        for span in spans_of([corpus.labels[label] for label in chosen[start : start + length]]):
            first, words = start + span.start, word[start + span.start : start + span.end]
            rows.append((words.min(), words.prod(), entity[first], unbent[first], span in right))
        start += length
    table = np.array(rows)
    return {name: agreement(table[:, at], table[:, -1] == 1) for at, name in enumerate(CONFIDENCES)}


def agreement(confidence: "NDArray[np.float64]", right: "NDArray[np.bool_]") -> dict[str, float]:
    """Give the calibration error, the mean squared error (Brier 1950), and how well right ones are ranked first."""
    ranks, hits = rankdata(confidence), right.sum()
    area = (ranks[right].sum() - hits * (hits + 1) / 2) / (hits * (len(right) - hits))
    return {
        "calibration_error": calibration_error(reliability(confidence, right)),
        "squared_error": float(((confidence - right) ** 2).mean()),
        "area_under_curve": float(area),
    }


def mean_of(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Give the mean of each figure over the seeds."""
    return {name: statistics.mean(row[name] for row in rows) for name in rows[0]}


def main() -> None:
    """Train with and without the bias, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5], help="seeds (default: 1 to 5)")
    parser.add_argument("--scores", type=Path, help="folder to keep the word scores in (default: a temporary folder)")
    flags = parser.parse_args()
    datasets.disable_progress_bars()
    trained = load_params(ROOT / "params.yaml").outside_bias
    runs: dict[float, list[dict[str, Any]]] = {trained: [], 0.0: []}
    confidences: dict[str, list[dict[str, float]]] = {name: [] for name in CONFIDENCES}
    with tempfile.TemporaryDirectory() as name:
        clone, kept = Path(name) / "clone", flags.scores or Path(name)
        corpus = prepare(clone)
        for seed in flags.seeds:
            for bias, rows in runs.items():
                file = kept / f"{bias}-{seed}.npz"
                if not file.exists():
                    np.savez(file, **train_and_score(clone, corpus, bias, seed))
                scores = dict(np.load(file))
                rows.append({"seed": seed, **compare_biases(scores, corpus)})
                if bias == trained:
                    for kind, figures in compare_confidences(scores["dev"], corpus, bias).items():
                        confidences[kind].append(figures)
    ways = {f"bias {bias} in training": mean_of(rows) for bias, rows in runs.items()}
    columns = [*next(iter(ways.values()))][1:]
    print_table(("way", *columns), [(way, *(f"{row[name]:.4f}" for name in columns)) for way, row in ways.items()])
    kinds = {kind: mean_of(rows) for kind, rows in confidences.items()}
    print_table(
        ("confidence", *kinds[CONFIDENCES[0]]),
        [(kind, *(f"{value:.4f}" for value in row.values())) for kind, row in kinds.items()],
    )
    result = {
        "ways": ways,
        "confidences": kinds,
        "seeds": [{"trained_bias": bias, **row} for bias, rows in runs.items() for row in rows],
        "runs": len(flags.seeds),
    }
    write_result("outside_bias", result, "torch", "transformers", "tokenizers", "datasets")


if __name__ == "__main__":
    main()
