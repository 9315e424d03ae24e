"""tokenize_align: split sentences into windows of labelled sub-words, so that each word is predicted exactly once."""

from nerpipe.params import load_params
from nerpipe.tokenizing.tokenize_align import tokenize_align
from stages import path_flags, run


def main() -> None:
    """Run the stage."""
    flags = path_flags(
        __doc__,
        encoded="folder with labels.json and the dataset",
        ledger="JSON file with the counts of encode_labels",
        out="folder to write: the windows of sub-words",
        report="JSON file to write: the counts",
    )
    params = load_params("params.yaml")
    tokenize_align(
        encoded=flags.encoded,
        ledger=flags.ledger,
        out=flags.out,
        report=flags.report,
        model=params.model,
        max_length=params.max_length,
        stride=params.stride,
        subword_labels=params.subword_labels,
        capitals=params.capitals,
    )


if __name__ == "__main__":
    run(main)
