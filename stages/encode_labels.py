"""encode_labels: derive the labels from train, and write the three splits as a DatasetDict with ClassLabel tags."""

from nerpipe.corpus.encode_labels import encode_labels
from nerpipe.params import load_params
from stages import path_flags, run


def main() -> None:
    """Run the stage."""
    flags = path_flags(
        __doc__,
        clean="folder with the canonical CoNLL files of the splits",
        ledger="JSON file with the counts of clean_conll",
        out="folder to write: labels.json, words.json and the dataset",
        report="JSON file to write: the counts",
    )
    params = load_params("params.yaml")
    encode_labels(
        clean=flags.clean,
        ledger=flags.ledger,
        out=flags.out,
        report=flags.report,
        unknown_labels=params.unknown_labels,
    )


if __name__ == "__main__":
    run(main)
