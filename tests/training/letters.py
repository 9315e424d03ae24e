"""A small corpus of single letters, for training runs of seconds: capital letters are persons, digits are places."""

import random

from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.ledger import tally
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training import checkpoints
from nerpipe.training.dev_scores import DevSplit

LABELS = make_labels(["person", "place"])


def sentences(size, seed):
    """Return the words and the tags of some sentences."""
    generator = random.Random(seed)
    rows = [[generator.choice("abcdXYZ789") for _ in range(generator.randint(2, 9))] for _ in range(size)]
    tags = [["B-person" if w.isupper() else "B-place" if w.isdigit() else "O" for w in row] for row in rows]
    return rows, tags


def windows_of(tokenizer, rows, tags):
    """Return the windows of sentences."""
    from datasets import Dataset

    ids = [[LABELS.index(tag) for tag in row] for row in tags]
    data = Dataset.from_dict({"tokens": rows, "ner_tags": ids}, split="train")
    return tokenize_split(tokenizer, data, LABELS, expected=tally(tags), max_length=32, stride=4, continuation=None)[0]


def setting_of(spec):
    """Return the spec of a model, its tokenizer, the windows of train, and dev."""
    tokenizer = load_tokenizer(spec, capitals="kept")
    dev_rows, dev_tags = sentences(30, 2)
    dev = DevSplit(windows_of(tokenizer, dev_rows, dev_tags), dev_tags)
    return spec, tokenizer, windows_of(tokenizer, *sentences(120, 1)), dev


def break_off(monkeypatch, after):
    """Let training break off after this number of saves."""
    saves = []
    mark = checkpoints.mark_complete

    def mark_and_break_off(checkpoint):
        mark(checkpoint)
        saves.append(checkpoint)
        if len(saves) == after:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "mark_complete", mark_and_break_off)
