"""A short training run, started by the tests of several processes: `python -m torch.distributed.run ... THIS SPEC OUT`.

Each process writes what it has at the end: the weights, the rows of the epochs, and how often it scored dev.
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch
import training_settings
from datasets import Dataset

from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.ledger import tally
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training.dev_scores import DevScorer, DevSplit
from nerpipe.training.fine_tuning import train_model
from nerpipe.training.processes import rank

LABELS = make_labels(["person", "place"])
# Windows of a length are in one batch, but the words that have labels are not the same number in its two halves. The
# last batch is not full.
ROWS = [["a" * (1 + index % 3)] * (2 + index % 7) + ["X"] for index in range(21)]
TAGS = [["O"] * (len(row) - 1) + ["B-person"] for row in ROWS]
SETTINGS = replace(training_settings.SETTINGS, epochs=2)


def main() -> None:
    spec, out = sys.argv[1], Path(sys.argv[2])
    tokenizer = load_tokenizer(spec, capitals="kept")
    ids = [[LABELS.index(tag) for tag in row] for row in TAGS]
    data = Dataset.from_dict({"tokens": ROWS, "ner_tags": ids}, split="train")
    windows, _ = tokenize_split(
        tokenizer, data, LABELS, expected=tally(TAGS), max_length=32, stride=4, continuation=None
    )
    assert len(windows) % SETTINGS.batch_size == 5
    scored = []
    on_dev = DevScorer.on_dev
    DevScorer.on_dev = lambda self, model: scored.append(1) or on_dev(self, model)
    result = train_model(
        spec, tokenizer, windows, DevSplit(windows, TAGS), LABELS, settings=SETTINGS, scratch=out / "scratch"
    )
    found = {"weights": result.model.state_dict(), "epochs": result.epochs, "scored": len(scored)}
    torch.save(found, out / f"process-{rank()}.pt")


if __name__ == "__main__":
    main()
