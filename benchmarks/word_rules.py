"""Measures what the choice of a word rule is worth, on excerpts of ten public corpora.

    python benchmarks/word_rules.py [--corpora FOLDER] [NAME ...]

Each excerpt is read by a small reader of this file. Its last fifth is kept for scoring. The rule is chosen on the rest,
and a model of random weights, with a vocabulary from the same sentences, is trained on it through the pipeline's own
functions. Two figures are measured on the last fifth: the share of entities that begin and end where words of the rule
do, and entity F1 from plain text against entity F1 with the words given. The plain text is the one that the corpus
gives (`# text =`), or else the words joined as the pipeline joins them.
"""

import argparse
import dataclasses
import re
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import datasets
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
from transformers.utils import logging

from nerpipe.contracts.conll import Sentence
from nerpipe.contracts.files import sha256_of
from nerpipe.contracts.joining import join_words
from nerpipe.contracts.labels import continuations, make_labels
from nerpipe.contracts.ledger import tally
from nerpipe.contracts.schemes import spans_of, split_tag, to_iob2
from nerpipe.contracts.word_rules import CUT_SHARE, GENERAL, find_words, share_cut
from nerpipe.corpus.word_choice import choose_rule
from nerpipe.inference.word_predictions import run_torch
from nerpipe.params import Params
from nerpipe.prediction.exported_folder import Decoding
from nerpipe.prediction.predictor import Finder, Reading, entities_of
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training.dev_scores import DevSplit
from nerpipe.training.fine_tuning import train_model
from nerpipe.training.settings import TrainSettings
from report import ROOT, bar, print_table, write_result

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MAX_LENGTH, STRIDE = 256, 32
EPOCHS, BATCH = 12, 8  # An excerpt is small; three epochs of 16 would teach a model little.
LARGEST_DROP = 0.02  # The goal: F1 from plain text is at most 2 points below F1 with the words given.


class Layout(NamedTuple):
    """How a corpus writes a word: the separator, and the columns of token and tag."""

    separator: str
    token: int
    tag: int
    comment: str | None = None  # What a line that is no word matches.


HASH = r"#\s"
LAYOUTS = {
    "german_ler.conll": Layout(" ", 0, 1),
    "germeval14.tsv": Layout("\t", 1, 2, HASH),
    "hipe2022_ajmc_de.tsv": Layout("\t", 0, 1, r"# |TOKEN\t"),
    "klue_ner.tsv": Layout("\t", 0, 1, "## "),
    "masakhaner_amharic.txt": Layout(" ", 0, 1),
    "ncbi_disease.tsv": Layout("\t", 0, 1),
    "norne_bokmaal.conllu": Layout("\t", 1, 9, HASH),
    "skillspan.conll": Layout("\t", 0, 2),
    "uner_chinese.iob2": Layout("\t", 1, 2, HASH),
    "uner_danish.iob2": Layout("\t", 1, 2, HASH),
}


class Example(NamedTuple):
    """A sentence, and its text if the corpus gives it."""

    sentence: Sentence
    text: str | None


def read_excerpt(path: Path) -> Iterator[Example]:
    """Read an excerpt. A sentence ends at an empty line, or at HIPE's flag."""
    layout = LAYOUTS[path.name]
    rows: list[tuple[str, str]] = []
    text = None
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if layout.comment and re.match(layout.comment, line):
            text = line.removeprefix("# text = ") if line.startswith("# text = ") else text
            continue
        columns = line.split(layout.separator)
        if line:
            tag = re.search(r"name=([^|]+)", columns[layout.tag])
            rows.append((columns[layout.token], tag[1] if tag else columns[layout.tag]))
        if rows and (not line or "EndOfSentence" in columns[-1]):
            tokens, tags = zip(*rows, strict=True)
            yield Example(Sentence(tokens, tuple(to_iob2(tags)[0])), text)
            rows, text = [], None


def save_model(folder: Path, sentences: Sequence[Sentence]) -> str:
    """Save a small BERT of random weights whose vocabulary is that of the sentences, and return its spec."""
    counted: dict[str, int] = {}
    for word in (word for sentence in sentences for word in sentence.tokens):
        counted[word] = counted.get(word, 0) + 1
    characters = sorted({character for word in counted for character in word if not character.isspace()} | {"_"})
    words = sorted(word for word, count in counted.items() if count > 1 and len(word) > 1)
    pieces = [*SPECIAL, *characters, *(f"##{character}" for character in characters), *words]
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token=SPECIAL[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=MAX_LENGTH, **names).save_pretrained(folder)
    size = {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 192}
    config = BertConfig(**size, vocab_size=len(pieces), max_position_embeddings=MAX_LENGTH)
    BertModel(config).save_pretrained(folder)
    return f"{folder}@{sha256_of(folder / 'model.safetensors')}"


def train(
    sentences: Sequence[Sentence], rule: str, folder: Path, params: Params, *, tiny: bool, all_subwords: bool
) -> Finder:
    """Train a model, and return what finds entities with it."""
    if tiny:
        spec = save_model(folder / "model", sentences)
        scratch = {"lr": 0.003, "layer_decay": 1.0, "word_embeddings": "trained", "frozen_layers": 0}
        params = dataclasses.replace(params, **scratch)
    else:
        spec = params.model
    settings = dataclasses.replace(TrainSettings.from_params(params), epochs=EPOCHS, batch_size=BATCH)
    tokenizer = load_tokenizer(spec, capitals=params.capitals)
    labels = make_labels(split_tag(tag)[1] for sentence in sentences for tag in sentence.tags if tag != "O")
    ids = {label: index for index, label in enumerate(labels)}
    data = datasets.Dataset.from_dict(
        {
            "tokens": [sentence.tokens for sentence in sentences],
            "ner_tags": [[ids[tag] for tag in sentence.tags] for sentence in sentences],
        },
        split="train",
    )
    windows, _ = tokenize_split(
        tokenizer,
        data,
        labels,
        expected=tally(sentence.tags for sentence in sentences),
        max_length=MAX_LENGTH,
        stride=STRIDE,
        continuation=continuations(labels) if all_subwords else None,
    )
    dev = DevSplit(windows, [sentence.tags for sentence in sentences])
    result = train_model(spec, tokenizer, windows, dev, labels, settings=settings, scratch=folder / "scratch")
    decoding = Decoding(labels, tokenizer.pad_token_id, MAX_LENGTH, STRIDE, rule)
    return Finder(decoding, tokenizer.backend_tokenizer, partial(run_torch, result.model))


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


def f1(gold: Found, found: Found) -> float:
    """Give the F1 of two sets of entities."""
    return 2 * len(gold & found) / max(len(gold) + len(found), 1)


def measure(path: Path, params: Params, *, tiny: bool, labels: str = "auto") -> dict[str, Any]:
    """Measure one excerpt with one model."""
    examples = list(read_excerpt(path))
    cut = len(examples) - len(examples) // 5
    sentences = [example.sentence for example in examples[:cut]]
    choice = choose_rule(sentences, len(sentences))
    all_subwords = labels == "all" or (labels == "auto" and share_cut(choice.content()) > CUT_SHARE)
    test = [text_of(one, join_words(one.sentence.tokens, choice.joining)) for one in examples[cut:]]
    gold = {
        (number, span.type, places[span.start][0], places[span.end - 1][1])
        for number, (example, (_, places)) in enumerate(zip(examples[cut:], test, strict=True))
        for span in spans_of(example.sentence.tags)
    }
    row: dict[str, Any] = {"corpus": path.name, "rule": choice.rule, "f1_of_words": choice.best.f1}
    row |= {"entities": len(gold), "all_subwords_labelled": all_subwords}
    for name, rule in (("in_reach", choice.rule), ("in_reach_general", GENERAL)):
        starts_ends = [tuple(map(set, zip(*find_words(text, rule), strict=True))) for text, _ in test]
        reached = sum(begin in starts_ends[at][0] and end in starts_ends[at][1] for at, _, begin, end in gold)
        row[name] = reached / len(gold)
    with tempfile.TemporaryDirectory() as folder:
        finder = train(sentences, choice.rule, Path(folder), params, tiny=tiny, all_subwords=all_subwords)
    plain = {
        (number, entity.type, entity.start, entity.end)
        for number, entities in enumerate(finder([text for text, _ in test]))
        for entity in entities
    }
    tagged = finder.tag([example.sentence.tokens for example in examples[cut:]])
    given = {
        (number, entity.type, entity.start, entity.end)
        for number, ((text, places), tags) in enumerate(zip(test, tagged, strict=True))
        for entity in entities_of(text, Reading(places, *tags))
    }
    return row | {"f1_words_given": f1(gold, given), "f1_plain_text": f1(gold, plain)}


def main() -> None:
    """Measure the excerpts, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=sorted(LAYOUTS), metavar="NAME", help="excerpts (default: all)")
    parser.add_argument("--corpora", type=Path, default=ROOT / "../shared/corpora", help="folder of the excerpts")
    flags = parser.parse_args()
    datasets.disable_progress_bars()
    logging.disable_progress_bar()
    rows = [measure(flags.corpora / name) for name in flags.names]
    shares = ("in_reach_general", "in_reach", "f1_words_given", "f1_plain_text")
    print_table(
        ("corpus", "rule", "entities", "in reach by general", "in reach", "F1, words given", "F1, plain text"),
        [(row["corpus"], row["rule"], row["entities"], *(f"{100 * row[name]:.1f}" for name in shares)) for row in rows],
    )
    drop = max(row["f1_words_given"] - row["f1_plain_text"] for row in rows)
    result = {
        "figures": {row["corpus"]: row for row in rows},
        "bars": {"largest_drop_of_f1": bar(drop, below=LARGEST_DROP)},
    }
    write_result("word_rules", result, "torch", "transformers", "tokenizers", "datasets")


if __name__ == "__main__":
    main()
