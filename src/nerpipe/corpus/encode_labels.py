"""The stage encode_labels. It reads and writes files."""

from collections.abc import Iterator
from pathlib import Path

from nerpipe.contracts.conll import read_training
from nerpipe.contracts.files import replacing, write_json
from nerpipe.contracts.ledger import read_counts
from nerpipe.contracts.reports import CorpusRow
from nerpipe.contracts.terminal import number_of, say
from nerpipe.contracts.word_rules import WORDS
from nerpipe.corpus.encoding import Encoded, encode_corpus
from nerpipe.corpus.word_choice import choose_rule

PRINTED_TYPES = 20  # Entity types that are printed.


def encode_labels(*, clean: Path, ledger: Path, out: Path, report: Path, unknown_labels: str) -> None:
    """Make the label set from the training split, and write it with the three splits as a DatasetDict.

    The rule that finds the words of plain text is chosen by train too, and words.json names it.

    Args:
        clean: The folder with the canonical splits.
        ledger: The JSON file with the counts of clean_conll.
        out: The folder for labels.json, words.json and the dataset.
        report: The JSON file for the counts.
        unknown_labels: The param of this name in params.yaml.

    Raises:
        NerpipeError: As `encoding.encode_corpus` raises it.
    """
    encoded = encode_corpus(clean, read_counts(ledger, CorpusRow), unknown_labels=unknown_labels)
    words = choose_rule(read_training(clean), encoded.data["train"].num_rows)
    with replacing(out) as folder:
        encoded.data.save_to_disk(str(folder / "dataset"))
        write_json(folder / "labels.json", encoded.labels)
        write_json(folder / WORDS, words.content())
    write_json(report, [*encoded.report, *words.rows()])
    for line in (*_in_words(encoded), words.in_words()):
        say(line)


def _in_words(encoded: Encoded) -> Iterator[str]:
    """Say which labels there are, and what each split holds."""
    kinds = [label[2:] for label in encoded.labels if label.startswith("B-")]
    more = f" and {len(kinds) - PRINTED_TYPES:,} more" if len(kinds) > PRINTED_TYPES else ""
    yield (
        f"labels: {len(encoded.labels):,}, which are O, and B- and I- of each entity type of train: "
        f"{', '.join(kinds[:PRINTED_TYPES])}{more}"
    )
    for row in encoded.report:
        parts = ", ".join(f"{count:,} from {corpus}" for corpus, count in row["sentences_by_corpus"].items())
        outside = ", ".join(f"{count:,} {kind}" for kind, count in row["outside"].items())
        yield (
            f"{row['split']}: {number_of(row['sentences'], 'sentence')}"
            + (f" ({parts})" if len(row["sentences_by_corpus"]) > 1 else "")
            + f", {number_of(row['tokens'], 'token')}, {number_of(row['entities'], 'entity')}"
            + (f"; entities of types that train lacks are tagged O: {outside}" if outside else "")
        )
