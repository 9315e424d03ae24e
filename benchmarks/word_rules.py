"""Measures what the choice of a word rule is worth, on excerpts of ten public corpora.

    python benchmarks/word_rules.py [--corpora FOLDER] [--seeds 1 2 3] [--labels]

Each excerpt is read as clean_conll reads it. Its last fifth is kept for scoring. The rule is chosen on the rest, and a
model of random weights, with a vocabulary from the same sentences, is trained on it through the pipeline's own
functions, once for each seed, on one thread. Two figures are measured on the last fifth: the share of entities that
begin and end where words of the rule do, and entity F1 from plain text against entity F1 with the words given. The
plain text is the one that the corpus gives (`# text =`), or else the words joined as the pipeline joins them. For
WNUT-17 the share of the words of train and dev that the rule chosen on train finds is measured.

With --labels, other figures are measured: what it is worth that tokenize_align labels every sub-word if the rule cuts
many words. Each fifth of an excerpt that this concerns is scored with models that were trained on the rest, with labels
on the first sub-word of a word or on all, and F1 is that of all fifths together.

The excerpts are needed (in the folder corpora of NERPIPE_MIRROR, or of the folder shared beside the repository), and
WNUT-17 (from the network, or from NERPIPE_MIRROR).
"""

import argparse
import dataclasses
import os
import shutil
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import datasets
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import DebertaV2Config, DebertaV2Model, PreTrainedTokenizerFast, set_seed
from transformers.utils import logging

from nerpipe.contracts.conll import Sentence, read_conll
from nerpipe.contracts.files import SPLITS, sha256_of
from nerpipe.contracts.joining import join_words
from nerpipe.contracts.labels import continuations, make_labels
from nerpipe.contracts.ledger import tally
from nerpipe.contracts.schemes import spans_of, split_tag
from nerpipe.contracts.word_rules import CUT_SHARE, GENERAL, find_words, share_cut, used_subword_labels
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.settings import SETTINGS_FILE
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.corpus.word_choice import RuleChoice, choose_rule
from nerpipe.inference.word_predictions import run_torch
from nerpipe.params import Params, load_params
from nerpipe.prediction.exported_folder import Decoding
from nerpipe.prediction.finder import Finder, Reading, entities_of
from nerpipe.tokenizing.subwords import BLANK
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training.dev_scores import DevSplit
from nerpipe.training.fine_tuning import train_model
from nerpipe.training.settings import TrainSettings
from report import ROOT, bar, print_table, write_result

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MAX_LENGTH, STRIDE = 256, 32
VOCABULARY = 1000  # Sub-words of the model; every character of the sentences is one.
# A model of random weights learns from so few sentences only if it knows how far two sub-words are apart (DeBERTa) and
# capitals, and if it is trained longer than a pretrained one, with more dropout and more recall.
SIZE = {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 192}
NETWORK = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False}
NETWORK |= {"position_buckets": 32, "max_relative_positions": 64}  # Farther ones do not matter, and cost time.
NETWORK |= {"hidden_dropout_prob": 0.3, "initializer_range": 0.05, "max_position_embeddings": MAX_LENGTH}
SCRATCH = {"epochs": 20, "batch_size": 8, "lr": 0.003, "layer_decay": 1.0, "outside_bias": 1.0, "threads": 1}
SCRATCH |= {"word_embeddings": "trained", "frozen_layers": 0, "precision": "float32"}
LARGEST_DROP = 0.02  # The goal: F1 from plain text is at most 2 points below F1 with the words given.
WAYS = ("first", "all")  # The values of subword_labels.
FOUND = 0.992  # The goal for the share of the words of WNUT-17 that the rule finds.

# The lines of corpus.yaml for the excerpts whose columns the program cannot tell.
COLUMNS = {
    "germeval14.tsv": "tag_column: 3\n",
    "hipe2022_ajmc_de.tsv": "tag_column: NE-COARSE-LIT\n",
    "skillspan.conll": "tag_column: 3\n",
}
TEXT = "# text = "  # What a comment line that gives the text of a sentence begins with.


class Example(NamedTuple):
    """A sentence, and its text if the corpus gives it."""

    sentence: Sentence
    text: str | None


def read_excerpt(path: Path) -> list[Example]:
    """Read an excerpt as the stage clean_conll reads it. No sentence may be quarantined."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for split in SPLITS:  # A split without a file would be cut from train.
            shutil.copy(path, folder / f"{split}{path.suffix}")
        if path.name in COLUMNS:
            (folder / SETTINGS_FILE).write_text(COLUMNS[path.name], encoding="utf-8")
        clean_corpus(resolve_corpus(folder), folder / "clean", max_rejected=0)
        sentences = list(read_conll(folder / "clean" / "train.conll"))
    lines = path.read_text(encoding="utf-8").splitlines()
    texts = [line.removeprefix(TEXT) for line in lines if line.startswith(TEXT)] or [None] * len(sentences)
    return [Example(sentence, text) for sentence, text in zip(sentences, texts, strict=True)]


def save_model(folder: Path, sentences: Sequence[Sentence]) -> str:
    """Save a small model of random weights whose vocabulary is learnt from the sentences, and return its spec."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=SPECIAL[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY, special_tokens=SPECIAL, initial_alphabet=[BLANK], show_progress=False
    )
    tokenizer.train_from_iterator((" ".join(sentence.tokens) for sentence in sentences), trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=MAX_LENGTH, **names).save_pretrained(folder)
    config = DebertaV2Config(**SIZE, **NETWORK, vocab_size=tokenizer.get_vocab_size())
    DebertaV2Model(config).save_pretrained(folder)
    return f"{folder}@{sha256_of(folder / 'model.safetensors')}"


def train(sentences: Sequence[Sentence], rule: str, params: Params) -> Finder:
    """Train a model of random weights, and return what finds entities with it."""
    set_seed(params.seed)
    labels = make_labels(split_tag(tag)[1] for sentence in sentences for tag in sentence.tags if tag != "O")
    ids = {label: index for index, label in enumerate(labels)}
    tokens = [sentence.tokens for sentence in sentences]
    tags = [[ids[tag] for tag in sentence.tags] for sentence in sentences]
    with tempfile.TemporaryDirectory() as folder:
        spec = save_model(Path(folder) / "model", sentences)
        tokenizer = load_tokenizer(spec, capitals=params.capitals)
        windows, _ = tokenize_split(
            tokenizer,
            datasets.Dataset.from_dict({"tokens": tokens, "ner_tags": tags}, split="train"),
            labels,
            expected=tally(sentence.tags for sentence in sentences),
            max_length=MAX_LENGTH,
            stride=STRIDE,
            continuation=continuations(labels) if params.subword_labels == "all" else None,
        )
        # The epoch is chosen on train too, because the last fifth is for scoring alone.
        dev = DevSplit(windows, [sentence.tags for sentence in sentences])
        result = train_model(
            spec,
            tokenizer,
            windows,
            dev,
            labels,
            settings=TrainSettings.from_params(params),
            scratch=Path(folder) / "scratch",
        )
    decoding = Decoding(labels, tokenizer.pad_token_id, MAX_LENGTH, STRIDE, rule)
    return Finder(decoding, tokenizer.backend_tokenizer, partial(run_torch, result.model.eval()))


def text_of(example: Example, joined: tuple[str, list[tuple[int, int]]]) -> tuple[str, list[tuple[int, int]]]:
    """Give the text of a sentence with the places of its words: the corpus's own text, or the joined words."""
    if example.text is None:
        return joined
    places, start = [], 0
    for word in example.sentence.tokens:
        start = example.text.index(word, start)
        places.append((start, start + len(word)))
        start += len(word)
    return example.text, places


Found = set[tuple[int, str, int, int]]  # The sentence, the type, and where the entity begins and ends.


class Fold(NamedTuple):
    """A fifth of an excerpt as words and as text, its entities, and the other sentences, which train a model."""

    train: list[Sentence]
    choice: RuleChoice
    first: int  # The number of the first sentence of the fifth in the excerpt.
    words: list[tuple[str, ...]]
    texts: list[str]
    places: list[list[tuple[int, int]]]  # Start and end of each word in the text, in characters.
    gold: Found


def make_fold(examples: Sequence[Example], fifth: int) -> Fold:
    """Keep a fifth (0 to 4) for scoring, choose the rule on the rest, and find the words and entities in the texts."""
    first, end = (len(examples) * at // 5 for at in (fifth, fifth + 1))
    sentences = [example.sentence for example in (*examples[:first], *examples[end:])]
    choice = choose_rule(sentences, len(sentences))
    test = examples[first:end]
    texts, places = zip(*(text_of(one, join_words(one.sentence.tokens, choice.joining)) for one in test), strict=True)
    gold = {
        (first + at, span.type, places[at][span.start][0], places[at][span.end - 1][1])
        for at, example in enumerate(test)
        for span in spans_of(example.sentence.tags)
    }
    return Fold(
        sentences, choice, first, [example.sentence.tokens for example in test], list(texts), list(places), gold
    )


def reached(fold: Fold, rule: str) -> float:
    """Give the share of the entities that begin and end where words of the rule do."""
    ends = [tuple(map(set, zip(*find_words(text, rule), strict=True))) for text in fold.texts]
    right = sum(
        start in ends[at - fold.first][0] and end in ends[at - fold.first][1] for at, _, start, end in fold.gold
    )
    return right / len(fold.gold)


def find(finder: Finder, fold: Fold) -> tuple[Found, Found]:
    """Find the entities of a fifth with the words given, and from plain text."""
    readings = [Reading(places, *tags) for places, tags in zip(fold.places, finder.tag(fold.words), strict=True)]
    given = [entities_of(text, reading) for text, reading in zip(fold.texts, readings, strict=True)]
    both = (
        {(at, entity.type, entity.start, entity.end) for at, row in enumerate(found, fold.first) for entity in row}
        for found in (given, finder(fold.texts))
    )
    return next(both), next(both)


def f1(gold: Found, found: Found) -> float:
    """Give the F1 of two sets of entities."""
    return 2 * len(gold & found) / max(len(gold) + len(found), 1)


def measure(folds: Sequence[Fold], params: Params, seeds: Sequence[int]) -> dict[str, Any]:
    """Train a model for each seed and fifth, and give the mean F1 over the seeds, of all fifths together."""
    gold: Found = set().union(*(fold.gold for fold in folds))
    runs = []
    for seed in seeds:
        settings = dataclasses.replace(params, **SCRATCH, seed=seed)
        found = [find(train(fold.train, fold.choice.rule, settings), fold) for fold in folds]
        runs.append([f1(gold, set().union(*way)) for way in zip(*found, strict=True)])
    given, plain = (statistics.mean(values) for values in zip(*runs, strict=True))
    return {
        "entities": len(gold),
        "f1_words_given": given,
        "f1_plain_text": plain,
        "drop": given - plain,
        "f1_of_seeds": [dict(zip(("words_given", "plain_text"), run, strict=True)) for run in runs],
    }


def measure_rules(excerpts: Mapping[str, list[Example]], params: Params, seeds: Sequence[int]) -> None:
    """Measure the last fifth of each excerpt, as the pipeline labels it, and WNUT-17, and write the table."""
    figures: dict[str, dict[str, Any]] = {}
    for name, examples in excerpts.items():
        fold = make_fold(examples, 4)
        cut = share_cut(fold.choice.content())
        labels = used_subword_labels(params.subword_labels, fold.choice.content())
        used = dataclasses.replace(params, subword_labels=labels)
        reach = {"in_reach_general": reached(fold, GENERAL), "in_reach": reached(fold, fold.choice.rule)}
        row = {"rule": fold.choice.rule, "words_cut": cut, "subword_labels": labels, **reach}
        figures[name] = row | measure([fold], used, seeds)
    shares = ("words_cut", "in_reach_general", "in_reach", "f1_words_given", "f1_plain_text", "drop")
    print_table(
        ("excerpt", "rule", "entities", "cut", "in reach of general", "in reach", "words given", "plain text", "drop"),
        [
            (name, row["rule"], row["entities"], *(f"{100 * row[share]:.1f}" for share in shares))
            for name, row in figures.items()
        ],
    )
    wnut17 = words_found()
    print(f"WNUT-17: the rule {wnut17['rule']} finds {wnut17['words_found']:.2%} of the words of train and dev")
    bars = {f"drop_of_f1_{Path(name).stem}": bar(row["drop"], below=LARGEST_DROP) for name, row in figures.items()}
    bars["words_found_of_wnut17"] = bar(wnut17["words_found"], at_least=FOUND)
    result = {"figures": figures, "wnut17": wnut17, "bars": bars, "runs": len(seeds)}
    write_result("word_rules", result, "torch", "transformers", "tokenizers", "datasets")


def measure_labels(excerpts: Mapping[str, list[Example]], params: Params, seeds: Sequence[int]) -> None:
    """Measure both ways of labelling on all fifths of the excerpts whose words are cut, and write the table."""
    figures: dict[str, dict[str, Any]] = {}
    for name, examples in excerpts.items():
        folds = [make_fold(examples, fifth) for fifth in range(5)]
        cut = share_cut(folds[-1].choice.content())
        if cut > CUT_SHARE:
            ways = {way: dataclasses.replace(params, subword_labels=way) for way in WAYS}
            figures[name] = {"words_cut": cut, **{way: measure(folds, used, seeds) for way, used in ways.items()}}
    print_table(
        ("excerpt", "cut", "first: words given", "plain text", "all: words given", "plain text"),
        [
            (
                name,
                f"{100 * row['words_cut']:.1f}",
                *(f"{100 * row[way][text]:.1f}" for way in WAYS for text in ("f1_words_given", "f1_plain_text")),
            )
            for name, row in figures.items()
        ],
    )
    result = {"figures": figures, "runs": len(seeds)}
    write_result("word_rules_labels", result, "torch", "transformers", "tokenizers", "datasets")


def words_found() -> dict[str, Any]:
    """Choose the rule on the training split of WNUT-17, and give the shares of the words that it finds."""
    with tempfile.TemporaryDirectory() as name:
        clean_corpus(resolve_corpus(ROOT / "data" / "raw" / "wnut17"), Path(name), max_rejected=0)
        train_split, dev = (list(read_conll(Path(name) / f"{split}.conll")) for split in ("train", "dev"))
    choice = choose_rule(train_split, len(train_split))
    found, total = [], []
    for sentences in (train_split, dev):
        joined = [join_words(sentence.tokens, choice.joining) for sentence in sentences]
        found.append(sum(len({*find_words(text, choice.rule)}.intersection(places)) for text, places in joined))
        total.append(sum(len(places) for _, places in joined))
    shares = {split: right / words for split, right, words in zip(("train", "dev"), found, total, strict=True)}
    return {"rule": choice.rule, "words": sum(total), "words_found": sum(found) / sum(total), **shares}


def main() -> None:
    """Measure the excerpts."""
    mirror = ROOT / os.environ.get("NERPIPE_MIRROR", "../shared")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, default=mirror / "corpora", help="folder of the excerpts")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds (default: 1 2 3)")
    parser.add_argument("--labels", action="store_true", help="compare labels on the first sub-word and on all")
    flags = parser.parse_args()
    datasets.disable_progress_bars()
    logging.disable_progress_bar()
    paths = sorted(path for path in flags.corpora.iterdir() if path.is_file() and path.name != "README.md")
    excerpts = {path.name: read_excerpt(path) for path in paths}
    (measure_labels if flags.labels else measure_rules)(excerpts, load_params(ROOT / "params.yaml"), flags.seeds)


if __name__ == "__main__":
    main()
