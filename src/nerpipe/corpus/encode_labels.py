"""The stage encode_labels. It reads and writes files."""

from pathlib import Path

from nerpipe.contracts.files import read_json, replacing, write_json
from nerpipe.contracts.ledger import tallies
from nerpipe.corpus.encoding import encode_corpus


def encode_labels(*, clean: Path, ledger: Path, out: Path, report: Path, unknown_labels: str) -> None:
    """Make the label set from the training split, and write it with the three splits as a DatasetDict.

    Args:
        clean: The folder with the canonical splits.
        ledger: The JSON file with the counts of clean_conll.
        out: The folder for labels.json and the dataset.
        report: The JSON file for the counts.
        unknown_labels: The param of this name in params.yaml.

    Raises:
        NerpipeError: As `encoding.encode_corpus` raises it.
    """
    encoded = encode_corpus(clean, tallies(read_json(ledger)), unknown_labels=unknown_labels)
    with replacing(out) as folder:
        encoded.data.save_to_disk(str(folder / "dataset"))
        write_json(folder / "labels.json", encoded.labels)
    write_json(report, encoded.report)
