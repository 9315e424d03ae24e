"""The sentences and windows that benchmarks/screening.py trains on, and what a model says of them."""

import io
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import datasets
import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from nerpipe.contracts.conll import Sentence, read_conll
from nerpipe.contracts.labels import IGNORED, continuations, make_labels
from nerpipe.contracts.ledger import tally
from nerpipe.contracts.word_rules import RULES
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.inference.decoding import DecodingWeights
from nerpipe.inference.word_predictions import predict_words
from nerpipe.params import Params, load_params
from nerpipe.scoring.scores import score
from nerpipe.tokenizing.window_dataset import tokenize_split
from report import ROOT

if TYPE_CHECKING:
    from numpy.typing import NDArray

CORPORA = ("wnut17", "sample")
LABELS = make_labels(["corporation", "creative-work", "group", "location", "person", "product"])
PARAMS = load_params(ROOT / "params.yaml")


class Split(NamedTuple):
    """Sentences, and their windows for a model."""

    sentences: Sequence[Sentence]
    windows: datasets.Dataset


class Batch(NamedTuple):
    """The windows of one step. Shape of each: (windows, sub-words)."""

    inputs: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor
    words: torch.Tensor  # The number of the word in all of the split, where there is a label.


def make_split(tokenizer: PreTrainedTokenizerFast, sentences: Sequence[Sentence], *, everywhere: bool = False) -> Split:
    """Tokenize sentences. With `everywhere`, each sub-word of a word has its label, otherwise the first one alone."""
    rows = {
        "tokens": [list(each.tokens) for each in sentences],
        "ner_tags": [[LABELS.index(tag) for tag in each.tags] for each in sentences],
    }
    windows, _ = tokenize_split(
        tokenizer,
        datasets.Dataset.from_dict(rows, split="train"),
        LABELS,
        expected=tally(each.tags for each in sentences),
        max_length=PARAMS.max_length,
        stride=PARAMS.stride,
        continuation=continuations(LABELS) if everywhere else None,
    )
    return Split(sentences, windows)


def with_capital_words(split: Split, rows: int) -> Split:
    """Give the sub-words of words in capitals, of two letters or more, ids of their own: the number of rows more."""

    def renumber(row: dict[str, list[int]]) -> dict[str, list[int]]:
        tokens = split.sentences[row["sentence"]].tokens  # type: ignore[call-overload]
        return {
            "input_ids": [
                piece + rows * (word is not None and len(tokens[word]) > 1 and tokens[word].isupper())
                for piece, word in zip(row["input_ids"], row["word_ids"], strict=True)
            ]
        }

    return Split(split.sentences, split.windows.map(renumber))


class CapitalWords(torch.nn.Module):
    """An embedding table with a learnt vector that is added for ids of `with_capital_words`."""

    def __init__(self, table: torch.nn.Embedding) -> None:
        super().__init__()
        self.table = table
        self.shift = torch.nn.Parameter(torch.zeros(table.embedding_dim))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Look up the embeddings of sub-words."""
        capital = ids >= self.table.num_embeddings
        found: torch.Tensor = self.table(ids - capital * self.table.num_embeddings)
        return found + capital.unsqueeze(-1) * self.shift


def clean(folder: Path) -> dict[str, dict[str, list[Sentence]]]:
    """Read the sentences of each split of both corpora."""
    found = {}
    for name in CORPORA:
        (folder / name).mkdir()
        rows = clean_corpus(resolve_corpus(ROOT / "data/raw" / name), folder / name, max_rejected=0.0)
        found[name] = {row["split"]: list(read_conll(folder / name / f"{row['split']}.conll")) for row in rows}
    return found


def unlabelled(source: Path) -> list[Sentence]:
    """Read the texts of `vader_texts`, with their words by the rule `general`. Every tag is O, and says nothing."""
    found = [tuple(text[start:end] for start, end in RULES["general"].find(text)) for text in vader_texts(source)]
    return [Sentence(words, ("O",) * len(words)) for words in found if words]


def vader_texts(source: Path) -> list[str]:
    """Read the texts of vaderSentiment: tweets, reviews of films and products, and editorials (Hutto, Gilbert 2014).

    Args:
        source: The file that `pip download --no-deps --no-binary :all: vaderSentiment==3.3.2` gives (MIT licence).

    Returns:
        The texts, each once.
    """
    folder = source.name.removesuffix(".tar.gz")
    with tarfile.open(source) as archive:
        inner = archive.extractfile(f"{folder}/additional_resources/hutto_ICWSM_2014.tar.gz").read()  # type: ignore[union-attr]
    texts: dict[str, None] = {}  # Keeps the order.
    with tarfile.open(fileobj=io.BytesIO(inner)) as archive:
        for name in ("tweets", "movieReviewSnippets", "amazonReviewSnippets", "nytEditorialSnippets"):
            file = archive.extractfile(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")
            lines = file.read().decode("utf-8").splitlines()  # type: ignore[union-attr]
            texts |= dict.fromkeys(line.split("\t")[2] for line in lines)
    return [*texts]


def pieces(sentence: Sentence) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the words outside (one at a time) and the entities of a sentence, each with its type (`O` outside)."""
    words: list[str] = []
    for number, (token, tag) in enumerate(zip(sentence.tokens, sentence.tags, strict=True)):
        words.append(token)
        following = sentence.tags[number + 1] if number + 1 < len(sentence.tags) else "O"
        if tag == "O" or not following.startswith("I-"):
            yield tag.partition("-")[2] or "O", tuple(words)
            words = []


class Exchange:
    """Replaces entities by others of their type, which come from the same sentences."""

    def __init__(self, sentences: Sequence[Sentence], probability: float) -> None:
        found = defaultdict(set)
        for sentence in sentences:
            for kind, words in pieces(sentence):
                found[kind].add(words)
        self.names = {kind: sorted(words) for kind, words in found.items() if kind != "O"}
        self.probability = probability

    def __call__(self, sentences: Sequence[Sentence], generator: np.random.Generator) -> list[Sentence]:
        """Replace each entity with the probability of this object."""
        return [self._one(sentence, generator) for sentence in sentences]

    def _one(self, sentence: Sentence, generator: np.random.Generator) -> Sentence:
        tokens: list[str] = []
        tags: list[str] = []
        for kind, given in pieces(sentence):
            words = given
            if kind != "O" and generator.random() < self.probability:
                words = self.names[kind][generator.integers(len(self.names[kind]))]
            tokens += words
            tags += ["O"] if kind == "O" else [f"B-{kind}", *[f"I-{kind}"] * (len(words) - 1)]
        return Sentence(tuple(tokens), tuple(tags))


def in_batches(split: Split, order: Sequence[int], size: int, pad_id: int) -> Iterator[Batch]:
    """Yield the windows of a split in an order."""
    ids, labels, word_ids = (split.windows[name][:] for name in ("input_ids", "labels", "word_ids"))
    starts = np.cumsum([0, *(len(each.tags) for each in split.sentences)])
    first = [int(starts[sentence]) for sentence in split.windows["sentence"][:]]
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        shape = len(chosen), max(len(ids[row]) for row in chosen)
        batch = Batch(
            torch.full(shape, pad_id),
            torch.zeros(shape, dtype=torch.long),
            torch.full(shape, IGNORED),
            torch.zeros(shape, dtype=torch.long),
        )
        for place, row in enumerate(chosen):
            width = len(ids[row])
            batch.inputs[place, :width] = torch.tensor(ids[row])
            batch.mask[place, :width] = 1
            batch.labels[place, :width] = torch.tensor(labels[row])
            words = [
                first[row] + word if label != IGNORED else 0
                for word, label in zip(word_ids[row], labels[row], strict=True)
            ]
            batch.words[place, :width] = torch.tensor(words)
        yield batch


def f1(model: PreTrainedModel, split: Split, pad_id: int, params: Params) -> float:
    """Give the entity F1 of a model, in points."""
    predicted = predict_words(
        model,
        split.windows,
        [len(each.tags) for each in split.sentences],
        labels=LABELS,
        pad_id=pad_id,
        weights=DecodingWeights(params.outside_bias, params.adjoining_penalty),
    )
    return 100 * score([each.tags for each in split.sentences], predicted.tags).readings["conlleval"].f1


def probabilities(model: PreTrainedModel, split: Split, pad_id: int) -> "NDArray[np.float32]":
    """Give what a model says of each word. Shape: (words, labels)."""
    counts = [len(each.tags) for each in split.sentences]
    found = predict_words(model, split.windows, counts, labels=LABELS, pad_id=pad_id).log_probabilities
    return np.exp(found).astype(np.float32)
