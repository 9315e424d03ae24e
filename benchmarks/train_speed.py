"""Compares the training recipe of this project with that of the notebook on WNUT-17: speed, memory and dev F1.

    python benchmarks/train_speed.py [--seeds 1 2 3] [--epochs 1] [--long]

The notebook's recipe is the Hugging Face Trainer with its defaults: random batches of 16, dynamic padding, default
optimiser and dropout. Both recipes train the same model on the same windows for the same number of epochs with the same
batch size. They take turns, and each run is a separate process. (wnut17_scores.py measures the scores after three
epochs over five seeds.) The seconds are those of the steps of the epochs, without scoring dev. The ceiling is the speed
of torch.mm in float32 at the shapes of this model's layers, measured in the same process. The fraction of the ceiling
counts six operations for each parameter and sub-word, without the embeddings and as if nothing were frozen. With --long
the sentences are joined to texts of 200 to 500 sub-words, and nothing is scored. WNUT-17 is needed (from the network,
or from NERPIPE_MIRROR).
"""

import argparse
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers import trainer as trainer_module

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.ledger import tally
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.inference.word_predictions import predict_words
from nerpipe.params import Params, load_params
from nerpipe.scoring.scores import score
from nerpipe.tokenizing.model_source import resolve_model
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training.batch_order import LengthGroupedSampler
from nerpipe.training.dev_scores import DevSplit
from nerpipe.training.fine_tuning import train_model
from nerpipe.training.settings import TrainSettings
from report import ROOT, bar, median, print_table, write_result

RECIPES = ("notebook", "nerpipe")
BAR_RATIO, BAR_CEILING, BAR_F1, BAR_START = 2.5, 0.5, -0.5, 12.0
LONG = (200, 500)  # Smallest and largest number of sub-words in a text of --long.


def main() -> None:
    """Run both recipes in turn for each seed, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds (default: 1 2 3)")
    parser.add_argument("--epochs", type=int, default=1, help="number of epochs (default: %(default)s)")
    parser.add_argument("--long", action="store_true", help="train on texts of 200 to 500 sub-words")
    parser.add_argument("--child", help=argparse.SUPPRESS)  # The job of this process, as JSON.
    flags = parser.parse_args()
    if flags.child:
        print(json.dumps(measure(**json.loads(flags.child))))
        return
    runs: dict[str, list[dict[str, Any]]] = {recipe: [] for recipe in RECIPES}
    for seed in flags.seeds:
        for recipe in RECIPES:
            job = {"recipe": recipe, "seed": seed, "epochs": flags.epochs, "long": flags.long, "begun": time.time()}
            command = [sys.executable, __file__, "--child", json.dumps(job)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            runs[recipe].append(json.loads(done.stdout.splitlines()[-1]))
            print(recipe, runs[recipe][-1], flush=True)
    names = list(runs["notebook"][0])
    figures = {recipe: {name: median([run[name] for run in rows]) for name in names} for recipe, rows in runs.items()}
    print_table(("", *RECIPES), [(name, *(figures[recipe][name] for recipe in RECIPES)) for name in names])
    ours, theirs = figures["nerpipe"], figures["notebook"]
    ratio = ours["subwords_per_second"] / theirs["subwords_per_second"]
    bars = {"ratio": bar(ratio, at_least=1.0 if flags.long else BAR_RATIO)}
    if not flags.long:
        gains = [100 * (a["dev_f1"] - b["dev_f1"]) for a, b in zip(runs["nerpipe"], runs["notebook"], strict=True)]
        bars |= {
            "fraction_of_ceiling": bar(ours["fraction_of_ceiling"], at_least=BAR_CEILING),
            "dev_f1_points_gained": bar(sum(gains) / len(gains), at_least=BAR_F1),
            "seconds_to_first_step": bar(ours["seconds_to_first_step"], below=BAR_START),
        }
    for name, state in bars.items():
        print(name, state)
    result = {"figures": figures, "peer": "notebook", "ratio": ratio, "bars": bars, "runs": runs}
    write_result("train_speed_long" if flags.long else "train_speed", result, "torch", "transformers", "numpy")


def measure(recipe: str, *, seed: int, epochs: int, long: bool, begun: float) -> dict[str, float]:
    """Train once in this process, and return the figures."""

    class Clock(TrainerCallback):
        """Measures the time from the first to the last step of each epoch."""

        first_step = 0.0
        seconds = 0.0

        def on_epoch_begin(self, *_: object, **__: object) -> None:
            self.epoch_began = time.perf_counter()
            type(self).first_step = type(self).first_step or time.time()

        def on_epoch_end(self, *_: object, **__: object) -> None:
            type(self).seconds += time.perf_counter() - self.epoch_began

    trainer_module.DEFAULT_CALLBACKS.append(Clock)
    params = load_params(ROOT / "params.yaml")
    if recipe == "notebook":
        params = replace(params, capitals="lost")
    tokenizer, windows, dev, labels = corpus(params, long=long)
    lengths = [len(ids) for ids in windows["input_ids"]]
    with tempfile.TemporaryDirectory() as scratch:
        if recipe == "notebook":
            model, batches = train_notebook(params, tokenizer, windows, dev, labels, seed, epochs, Path(scratch))
        else:
            model, batches = train_nerpipe(params, tokenizer, windows, dev, labels, seed, epochs, Path(scratch))
    padded = sum(max(lengths[i] for i in batch) * len(batch) for batch in batches)
    tables = sum(module.weight.numel() for module in model.modules() if isinstance(module, torch.nn.Embedding))
    parameters = sum(parameter.numel() for parameter in model.parameters()) - tables
    speed = epochs * sum(lengths) / Clock.seconds
    shapes = (padded // len(batches), model.config.hidden_size, model.config.intermediate_size)
    ceiling, ceiling_bfloat16 = (matmul_gflops(*shapes, dtype) for dtype in (torch.float32, torch.bfloat16))
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "samples_per_second": epochs * len(lengths) / Clock.seconds,
        "subwords_per_second": speed,
        "seconds_per_epoch": Clock.seconds / epochs,
        "share_of_padding": 1 - sum(lengths) / padded,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6,
        "seconds_to_first_step": Clock.first_step - begun,
        "matmul_gflops": ceiling,
        "matmul_gflops_bfloat16": ceiling_bfloat16,
        "fraction_of_ceiling": 6 * parameters * speed / 1e9 / ceiling,
        "fraction_of_bfloat16_ceiling": 6 * parameters * speed / 1e9 / ceiling_bfloat16,
        "dev_f1": 0.0 if long else dev_f1(model, tokenizer, dev, labels),
    }


def corpus(params: Params, *, long: bool) -> tuple[PreTrainedTokenizerFast, Dataset, DevSplit, list[str]]:
    """Clean and tokenize WNUT-17 as the stages do."""
    tokenizer = load_tokenizer(params.model, capitals=params.capitals)
    with tempfile.TemporaryDirectory() as folder:
        raw = resolve_corpus(ROOT / "data/raw/wnut17")
        clean_corpus(raw, Path(folder), max_rejected=0.0)
        splits = {
            name: [(s.tokens, s.tags) for s in read_conll(Path(folder) / f"{name}.conll")] for name in raw.sources
        }
    labels = make_labels({tag[2:] for rows in splits.values() for _, tags in rows for tag in tags} - {""})
    if long:
        splits = {name: joined(rows, tokenizer) for name, rows in splits.items()}
    windows = {}
    for name in ("train", "dev"):
        rows = splits[name]
        ids = [[labels.index(tag) for tag in tags] for _, tags in rows]
        data = Dataset.from_dict({"tokens": [words for words, _ in rows], "ner_tags": ids}, split=name)
        room = {"max_length": 512 if long else params.max_length, "stride": params.stride, "continuation": None}
        windows[name], _ = tokenize_split(tokenizer, data, labels, expected=tally(tags for _, tags in rows), **room)
    return tokenizer, windows["train"], DevSplit(windows["dev"], [tags for _, tags in splits["dev"]]), labels


def joined(
    rows: list[tuple[list[str], list[str]]], tokenizer: PreTrainedTokenizerFast
) -> list[tuple[list[str], list[str]]]:
    """Join sentences to texts. The number of sub-words of each text is drawn from LONG."""
    generator = random.Random(0)  # noqa: S311 - this is not a secret
    texts: list[tuple[list[str], list[str]]] = []
    length, wanted = math.inf, 0
    for words, tags in rows:
        size = len(tokenizer(words, is_split_into_words=True, add_special_tokens=False)["input_ids"])
        if length + size > wanted:
            texts.append(([], []))
            length, wanted = 0, generator.randint(*LONG)
        texts[-1][0].extend(words)
        texts[-1][1].extend(tags)
        length += size
    return texts


def train_notebook(
    params: Params,
    tokenizer: PreTrainedTokenizerFast,
    windows: Dataset,
    dev: DevSplit,
    labels: list[str],
    seed: int,
    epochs: int,
    scratch: Path,
) -> tuple[PreTrainedModel, list[list[int]]]:
    """Train as the notebook did. Only the model, the labels and the data are those of this project."""
    torch.set_num_threads(params.threads)
    set_seed(seed)
    columns = ["input_ids", "attention_mask", "labels"]
    model = AutoModelForTokenClassification.from_pretrained(
        resolve_model(params.model).location, num_labels=len(labels), dtype=torch.float32
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(scratch),
            learning_rate=2e-5,
            per_device_train_batch_size=params.batch_size,
            num_train_epochs=epochs,
            weight_decay=0.01,
            eval_strategy="epoch",
            save_strategy="no",
            report_to=[],
            seed=seed,
            disable_tqdm=True,
        ),
        train_dataset=windows.select_columns(columns),
        eval_dataset=dev.windows.select_columns(columns),
        data_collator=DataCollatorForTokenClassification(tokenizer),
        processing_class=tokenizer,
    )
    trainer.train()
    # The Trainer draws a new random order for each epoch. The padding is computed for one such order.
    order = list(range(len(windows)))
    random.Random(seed).shuffle(order)  # noqa: S311
    return model, [order[i : i + params.batch_size] for i in range(0, len(order), params.batch_size)]


def train_nerpipe(
    params: Params,
    tokenizer: PreTrainedTokenizerFast,
    windows: Dataset,
    dev: DevSplit,
    labels: list[str],
    seed: int,
    epochs: int,
    scratch: Path,
) -> tuple[PreTrainedModel, list[list[int]]]:
    """Train as the train stage does."""
    settings = replace(TrainSettings.from_params(params), seed=seed, epochs=epochs)
    result = train_model(params.model, tokenizer, windows, dev, labels, settings=settings, scratch=scratch)
    order = list(LengthGroupedSampler([len(ids) for ids in windows["input_ids"]], params.batch_size, seed))
    return result.model, [order[i : i + params.batch_size] for i in range(0, len(order), params.batch_size)]


def dev_f1(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, dev: DevSplit, labels: list[str]) -> float:
    """Return the F1 on dev as the pipeline computes it."""
    words = [len(tags) for tags in dev.gold]
    tags = predict_words(model, dev.windows, words, labels=labels, pad_id=tokenizer.pad_token_id).tags
    return score(dev.gold, tags).readings["conlleval"].f1


def matmul_gflops(rows: int, hidden: int, inner: int, dtype: torch.dtype) -> float:
    """Return the GFLOP/s of torch.mm over the matrices of one layer: four of hidden x hidden, two of hidden x inner."""
    shapes = [(hidden, hidden)] * 4 + [(hidden, inner), (inner, hidden)]
    pairs = [(torch.randn(rows, wide).to(dtype), torch.randn(wide, out).to(dtype)) for wide, out in shapes]
    operations = sum(2 * rows * wide * out for wide, out in shapes)

    def layer() -> None:
        for left, right in pairs:
            torch.mm(left, right)

    for _ in range(20):
        layer()
    repeats = 200
    start = time.perf_counter()
    for _ in range(repeats):
        layer()
    return repeats * operations / (time.perf_counter() - start) / 1e9


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
