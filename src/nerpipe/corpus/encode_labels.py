"""The stage encode_labels. It reads and writes files."""

from pathlib import Path

from nerpipe.contracts.conll import read_training
from nerpipe.contracts.files import replacing, write_json
from nerpipe.contracts.ledger import read_counts
from nerpipe.contracts.reports import CorpusRow
from nerpipe.contracts.terminal import say
from nerpipe.contracts.word_rules import WORDS
from nerpipe.corpus.encoding import encode_corpus
from nerpipe.corpus.word_choice import choose_rule


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
    best = words.best
    say(
        f"words of plain text: the rule {words.rule} is nearest to train (F1 of words {100 * best.f1:.1f}; entities "
        f"that begin and end where its words do: {best.entities_in_reach:,} of {best.entities:,})"
    )
