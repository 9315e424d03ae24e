"""Compares the seconds of tokenize_align on 100,000 sentences with those of Dataset.map and the tokenizer alone.

    python benchmarks/tokenize_speed.py [--sentences 100000] [--runs 3]

The peer only tokenizes. tokenize_align also aligns labels, cuts windows and checks the counts of words and labels. Both
write their output to disk. They take turns in one process.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.labels import make_labels
from nerpipe.contracts.ledger import tally
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.params import load_params
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.tokenizing.window_dataset import tokenize_split
from report import ROOT, bar, median, print_table, write_result

BAR = 1.3


def main() -> None:
    """Time both in turn, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=100_000, help="number of sentences (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="number of runs (default: %(default)s)")
    flags = parser.parse_args()
    datasets.disable_progress_bars()
    params = load_params(ROOT / "params.yaml")
    tokenizer = load_tokenizer(params.model, capitals=params.capitals)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = resolve_corpus(ROOT / "data/raw/sample")
        clean_corpus(raw, folder / "clean", max_rejected=0.0)
        sentences = [s for split in raw.sources for s in read_conll(folder / "clean" / f"{split}.conll")]
        labels = make_labels({tag[2:] for sentence in sentences for tag in sentence.tags} - {""})
        rows = list(itertools.islice(itertools.cycle(sentences), flags.sentences))
        ids = {label: index for index, label in enumerate(labels)}
        data = datasets.Dataset.from_dict(
            {"tokens": [row.tokens for row in rows], "ner_tags": [[ids[tag] for tag in row.tags] for row in rows]},
            split="train",
        )
        data.save_to_disk(str(folder / "data"))
        expected = tally(row.tags for row in rows)

        def ours() -> None:
            windows, _ = tokenize_split(
                tokenizer,
                datasets.load_from_disk(str(folder / "data")),
                labels,
                expected=expected,
                max_length=params.max_length,
                stride=params.stride,
                continuation=None,
            )
            windows.save_to_disk(str(folder / "ours"))

        def peer() -> None:
            def tokenize(batch: dict[str, Any]) -> Any:  # noqa: ANN401 - transformers' BatchEncoding
                return tokenizer(batch["tokens"], is_split_into_words=True)

            mapped = datasets.load_from_disk(str(folder / "data")).map(
                tokenize, batched=True, load_from_cache_file=False
            )
            mapped.save_to_disk(str(folder / "peer"))

        seconds: dict[str, list[float]] = {"ours": [], "peer": []}
        for _ in range(flags.runs):
            seconds["ours"].append(_timed(ours))
            seconds["peer"].append(_timed(peer))
    ratio = median([a / b for a, b in zip(seconds["ours"], seconds["peer"], strict=True)])
    figures = {"sentences": flags.sentences, "ours_s": median(seconds["ours"]), "peer_s": median(seconds["peer"])}
    print_table(
        ("", "median s", "sentences/s"),
        [
            ("tokenize_align", figures["ours_s"], flags.sentences / figures["ours_s"]),
            ("Dataset.map, tokenizer alone", figures["peer_s"], flags.sentences / figures["peer_s"]),
            ("ratio (goal: below 1.3)", ratio, ""),
        ],
    )
    result = {
        "figures": figures,
        "peer": "datasets.Dataset.map(batched=True) with tokenizer(tokens, is_split_into_words=True)",
        "ratio": ratio,
        "bars": {"ratio": bar(ratio, below=BAR)},
        "runs": flags.runs,
    }
    write_result("tokenize_speed", result, "datasets", "tokenizers", "transformers")


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
