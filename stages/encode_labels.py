"""encode_labels: the label set from train, and the three splits as a DatasetDict with ClassLabel tags."""

import argparse
from pathlib import Path

from nerpipe.contracts.files import read_json, replacing, write_json
from nerpipe.contracts.ledger import tallies
from nerpipe.corpus.encoding import encode_corpus
from nerpipe.params import load_params
from stages import run


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", type=Path, required=True, help="folder with the canonical splits")
    parser.add_argument("--ledger", type=Path, required=True, help="what clean_conll counted")
    parser.add_argument("--out", type=Path, required=True, help="folder for labels.json and the dataset")
    parser.add_argument("--report", type=Path, required=True, help="JSON for the counts")
    flags = parser.parse_args()
    params = load_params("params.yaml")
    encoded = encode_corpus(flags.clean, tallies(read_json(flags.ledger)), unknown_labels=params.unknown_labels)
    with replacing(flags.out) as folder:
        encoded.data.save_to_disk(str(folder / "dataset"))
        write_json(folder / "labels.json", encoded.labels)
    write_json(flags.report, encoded.report)


if __name__ == "__main__":
    run(main)
