"""Measures how many falsified labels `nerpipe suspects` finds in the first tenth of the sentences.

    python benchmarks/suspects.py [--seeds 1 2 3] [--folds 3] [--scores FOLDER]

In 5% of the entities of the sample's train, the label is falsified: a third each is dropped, gets another type, or has
a boundary moved by a word. Then the stages up to tokenize_align run on this corpus, and models are trained for the
folds by the functions of the command, with the params of params.yaml on one thread. The bar is that 60% of the
falsified entities lie in the first tenth of the sentences.

Several ways to give a sentence a score are compared on the same probabilities: that of the command, those of Wang and
Mueller (2022; self-confidence or normalized margin of the words, the lowest or the softmin of a sentence), and others.
With --scores the probabilities are kept, and models whose probabilities are
there are not trained again. Results of seeds that are not named stay as they are.
"""

import argparse
import dataclasses
import json
import os
import random
import statistics
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import datasets
import numpy as np

from nerpipe.contracts.conll import format_sentence, read_conll
from nerpipe.contracts.labels import read_labels
from nerpipe.contracts.schemes import OUTSIDE, Span, spans_of
from nerpipe.contracts.splits import load_splits
from nerpipe.corpus.clean_conll import clean_conll
from nerpipe.corpus.encode_labels import encode_labels
from nerpipe.corpus.tag_rewriting import iob2_tags_of
from nerpipe.inference.decoding import DecodingWeights, decode, iob2_transitions
from nerpipe.inference.word_scores import WordScores, by_sentence, decode_words
from nerpipe.inspection.folds import assign_folds
from nerpipe.inspection.label_surprise import gold_confidences, missed_words, sentence_surprise, with_learnt_bias
from nerpipe.inspection.out_of_sample import TrainingData, score_out_of_sample
from nerpipe.params import Params, load_params
from nerpipe.tokenizing.tokenize_align import tokenize_align
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.training.dev_scores import DevSplit
from nerpipe.training.settings import TrainSettings
from report import RESULTS, ROOT, bar, print_table, write_result

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARE = 0.05  # Of the entities that are falsified.
FIRST = 0.1  # Of the sentences that somebody looks at.
BAR = 0.6
KINDS = ("dropped", "type changed", "boundary moved")
TEMPERATURE = 0.05  # Of the softmin, as in Wang and Mueller (2022).


class Falsified(NamedTuple):
    """An entity whose label was falsified."""

    sentence: int
    kind: str


class Judged(NamedTuple):
    """What is known of a falsified train: its labels, the probabilities of the models, and what was falsified."""

    falsified: list[Falsified]
    lengths: list[int]
    gold: "NDArray[np.int64]"  # Shape: (words,).
    log_probabilities: "NDArray[np.float64]"  # Shape: (words, labels).
    labels: list[str]
    weights: DecodingWeights


def falsify(rows: Sequence[Sequence[str]], seed: int) -> tuple[list[list[str]], list[Falsified]]:
    """Falsify the labels of some entities.

    The boundary that is moved is drawn among those that can be moved by one word without touching another entity. An
    entity without any gets another type.

    Args:
        rows: The IOB2 tags of each sentence.
        seed: The seed of the choice.
    """
    generator = random.Random(seed)  # noqa: S311 - a choice that can be repeated
    types = sorted({span.type for row in rows for span in spans_of(row)})
    entities = [(number, span) for number, row in enumerate(rows) for span in spans_of(row)]
    new, done = [list(row) for row in rows], []
    for place, (number, (kind, start, end)) in enumerate(generator.sample(entities, round(SHARE * len(entities)))):
        tags, change = new[number], KINDS[place % len(KINDS)]
        moves = [(start - 1, end)] * (start > 0 and tags[start - 1] == OUTSIDE)
        moves += [(start, end + 1)] * (end < len(tags) and tags[end] == OUTSIDE)
        moves += [(start + 1, end), (start, end - 1)] * (end - start > 1)
        if change == "boundary moved" and not moves:
            change = "type changed"
        tags[start:end] = [OUTSIDE] * (end - start)
        first, last = generator.choice(moves) if change == "boundary moved" else (start, end)
        others = [other for other in types if other != kind]
        written = generator.choice(others) if change == "type changed" else kind
        if change != "dropped":
            tags[first:last] = iob2_tags_of([Span(written, 0, last - first)], last - first)
        done.append(Falsified(number, change))
    return new, done


def prepare(folder: Path, params: Params, seed: int) -> list[Falsified]:
    """Write the corpus with falsified labels, and run the stages up to tokenize_align on it."""
    raw, data = folder / "raw", folder / "data"
    clean_conll(
        raw=ROOT / "data/raw/sample", extra=None, out=folder / "clean", report=folder / "clean.json", max_rejected=0.0
    )
    raw.mkdir()
    (raw / "corpus.yaml").write_text("token_column: 1\ntag_column: 2\nscheme: IOB2\n", encoding="utf-8")
    for split in ("dev", "test"):
        (raw / f"{split}.conll").write_bytes((folder / f"clean/{split}.conll").read_bytes())
    sentences = [*read_conll(folder / "clean/train.conll")]
    tags, falsified = falsify([sentence.tags for sentence in sentences], seed)
    text = "".join(
        format_sentence(zip(sentence.tokens, new, strict=True)) for sentence, new in zip(sentences, tags, strict=True)
    )
    (raw / "train.conll").write_text(text, encoding="utf-8")
    clean_conll(raw=raw, extra=None, out=data / "clean", report=data / "clean.json", max_rejected=0.0)
    encode_labels(
        clean=data / "clean",
        ledger=data / "clean.json",
        out=data / "encoded",
        report=data / "encode.json",
        unknown_labels=params.unknown_labels,
    )
    tokenize_align(
        encoded=data / "encoded",
        ledger=data / "encode.json",
        out=data / "tokenized",
        report=data / "tokenize.json",
        model=params.model,
        max_length=params.max_length,
        stride=params.stride,
        subword_labels=params.subword_labels,
        capitals=params.capitals,
    )
    return falsified


def judge(folder: Path, params: Params, folds: int, seed: int, kept: Path) -> Judged:
    """Falsify labels, and get the probabilities of models that were not trained on what they judge."""
    falsified = prepare(folder, params, seed)
    data = folder / "data"
    labels = read_labels(data / "encoded/labels.json")
    train = load_splits(data / "encoded/dataset")["train"]
    words, tags = train["tokens"][:], train["ner_tags"][:]
    lengths = [*map(len, words)]
    if not kept.exists():
        windows = load_splits(data / "tokenized")
        dev = DevSplit(windows["dev"], [sentence.tags for sentence in read_conll(data / "clean/dev.conll")])
        scratch = folder / "folds"
        scratch.mkdir()
        scores = score_out_of_sample(
            TrainingData(windows["train"], dev, labels, lengths),
            assign_folds(words, [None] * len(words), folds),
            model=params.model,
            tokenizer=load_tokenizer(params.model, capitals=params.capitals),
            settings=TrainSettings.from_params(params),
            folder=scratch,
        )
        np.save(kept, scores)
    gold = np.array([tag for row in tags for tag in row], dtype=np.int64)
    weights = DecodingWeights(params.outside_bias, params.adjoining_penalty)
    return Judged(falsified, lengths, gold, np.load(kept).astype(np.float64), labels, weights)


def probabilities(judged: Judged) -> "NDArray[np.float64]":
    """Give the probabilities of the labels of each word by itself. Shape: (words, labels)."""
    found: NDArray[np.float64] = np.exp(learnt(judged))
    return found


def learnt(judged: Judged) -> "NDArray[np.float64]":
    """Give the log probabilities as training knew them. Shape: (words, labels)."""
    return with_learnt_bias(judged.log_probabilities, judged.labels, judged.weights.outside_bias)


def surprise(judged: Judged) -> "NDArray[np.float64]":
    """Give the score of the command, with its sign turned. Shape: (sentences,)."""
    seen, names = np.ones(len(judged.gold), dtype=bool), np.array(judged.labels)
    tags, _ = decode_words(WordScores(judged.log_probabilities, seen), judged.lengths, judged.labels, judged.weights)
    return -_sentence_surprise(judged, missed_words(by_sentence(names[judged.gold], judged.lengths), tags))


def surprise_of_all(judged: Judged) -> "NDArray[np.float64]":
    """Give the same, without the rule for entities of which the model sees nothing. Shape: (sentences,)."""
    return -_sentence_surprise(judged, np.zeros(len(judged.gold), dtype=bool))


def _sentence_surprise(judged: Judged, missed: "NDArray[np.bool_]") -> "NDArray[np.float64]":
    seen, outside = np.ones(len(judged.gold), dtype=bool), judged.labels.index(OUTSIDE)
    return sentence_surprise(learnt(judged), seen, judged.gold, missed, judged.lengths, outside)


def self_confidence(judged: Judged) -> "NDArray[np.float64]":
    """Give the probability of the gold label of each word. Shape: (words,)."""
    return probabilities(judged)[np.arange(len(judged.gold)), judged.gold]


def normalized_margin(judged: Judged) -> "NDArray[np.float64]":
    """Give how far the probability of each gold label is above that of the best other one, from 0 to 1."""
    found, rows = probabilities(judged), np.arange(len(judged.gold))
    own = found[rows, judged.gold]
    found[rows, judged.gold] = -1
    return (own - found.max(axis=1) + 1) / 2


def over_mean(judged: Judged) -> "NDArray[np.float64]":
    """Give the self-confidence of each word, divided by the mean self-confidence of its label. Shape: (words,)."""
    own = self_confidence(judged)
    size = len(judged.labels)
    means = np.bincount(judged.gold, weights=own, minlength=size) / np.bincount(judged.gold, minlength=size)
    return own / means[judged.gold]


def entity_probability(judged: Judged) -> "NDArray[np.float64]":
    """Give the probability of the gold entity, or of O, at each word. Shape: (words,)."""
    seen = np.ones(len(judged.gold), dtype=bool)
    return gold_confidences(learnt(judged), seen, judged.gold, judged.lengths, judged.labels, judged.weights)


def lowest(quality: "NDArray[np.float64]", lengths: Sequence[int]) -> "NDArray[np.float64]":
    """Give each sentence the score of its worst word. Shape: (sentences,)."""
    worst: NDArray[np.float64] = np.minimum.reduceat(quality, np.cumsum(lengths) - lengths)
    return worst


def softmin(quality: "NDArray[np.float64]", lengths: Sequence[int]) -> "NDArray[np.float64]":
    """Give each sentence the mean of its words, in which low ones count much more. Shape: (sentences,)."""
    scores = []
    for start, end in pairwise(np.cumsum([0, *lengths])):
        weights = np.exp((1 - quality[start:end]) / TEMPERATURE)
        scores.append(float(quality[start:end] @ weights / weights.sum()))
    return np.array(scores)


def odds_of_labels(judged: Judged) -> "NDArray[np.float64]":
    """Give the log odds of all labels of a sentence against the best ones that IOB2 allows. Shape: (sentences,)."""
    transitions = iob2_transitions(judged.labels, judged.weights.adjoining_penalty)
    best = decode(judged.log_probabilities, judged.lengths, transitions)
    rows = np.arange(len(best))
    found = judged.log_probabilities[rows, judged.gold] - judged.log_probabilities[rows, best]
    odds: NDArray[np.float64] = np.add.reduceat(found, np.cumsum(judged.lengths) - judged.lengths)
    return odds


# Each way to score a sentence: low scores are suspicious.
WAYS: "dict[str, Callable[[Judged], NDArray[np.float64]]]" = {
    "surprise (the command)": surprise,
    "surprise, missed entities as others": surprise_of_all,
    "self-confidence over the mean of the label, lowest": lambda judged: lowest(over_mean(judged), judged.lengths),
    "self-confidence, lowest (Wang and Mueller)": lambda judged: lowest(self_confidence(judged), judged.lengths),
    "self-confidence, softmin": lambda judged: softmin(self_confidence(judged), judged.lengths),
    "normalized margin, lowest": lambda judged: lowest(normalized_margin(judged), judged.lengths),
    "probability of the entity or O, lowest": lambda judged: lowest(entity_probability(judged), judged.lengths),
    "odds of all labels against the best": odds_of_labels,
}
CHOSEN = next(iter(WAYS))


def found_shares(judged: Judged, quality: "NDArray[np.float64]") -> dict[str, float]:
    """Give the share of the falsified entities in the first tenth of the sentences: of all, and of each kind."""
    order = np.argsort(quality, kind="stable")
    first = {*order[: int(FIRST * len(order))].tolist()}
    hits = [(each.kind, each.sentence in first) for each in judged.falsified]
    shares = {kind: statistics.mean(hit for name, hit in hits if name == kind) for kind in KINDS}
    return {"all": statistics.mean(hit for _, hit in hits), **shares}


def main() -> None:
    """Falsify with each seed, judge, and write the shares that are found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds (default: 1 2 3)")
    parser.add_argument("--folds", type=int, default=3, help="number of folds (default: 3)")
    parser.add_argument("--scores", type=Path, help="folder to keep the probabilities in (default: a temporary folder)")
    flags = parser.parse_args()
    os.environ.setdefault("TQDM_MININTERVAL", "60")
    datasets.disable_progress_bars()
    params = dataclasses.replace(load_params(ROOT / "params.yaml"), threads=1)
    runs: list[dict[str, Any]] = []
    for seed in flags.seeds:
        with tempfile.TemporaryDirectory() as name:
            kept = (flags.scores or Path(name)) / f"{flags.folds}-folds-seed-{seed}.npy"
            judged = judge(Path(name), params, flags.folds, seed, kept)
        for way, score in WAYS.items():
            shares = found_shares(judged, score(judged))
            runs.append({"seed": seed, "way": way, "falsified": len(judged.falsified), **shares})
    path = RESULTS / "suspects.json"
    before: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if before.get("folds") == flags.folds:
        runs += [run for run in before["seeds"] if run["seed"] not in flags.seeds]
        runs.sort(key=lambda run: int(run["seed"]))
    means = {
        way: {name: statistics.mean(run[name] for run in runs if run["way"] == way) for name in ("all", *KINDS)}
        for way in WAYS
    }
    print_table(
        ("score of a sentence", "all", *KINDS),
        [(way, *(f"{100 * row[name]:.1f}" for name in ("all", *KINDS))) for way, row in means.items()],
    )
    result = {
        "figures": means,
        "seeds": runs,
        "folds": flags.folds,
        "runs": len({run["seed"] for run in runs}),
        "bars": {"found_in_the_first_tenth": bar(means[CHOSEN]["all"], at_least=BAR)},
    }
    write_result("suspects", result, "torch", "transformers", "tokenizers", "datasets")


if __name__ == "__main__":
    main()
