"""evaluate: predict a label for each word of dev and test, and score all gold words and entities of the clean files."""

from nerpipe.evaluation.evaluate import evaluate
from nerpipe.params import load_params
from stages import path_flags, run


def main() -> None:
    """Run the stage."""
    flags = path_flags(
        __doc__,
        clean="folder with the canonical CoNLL files of the splits, which hold the gold tags",
        ledger="JSON file with the counts of clean_conll",
        tokenized="folder with the windows of sub-words",
        model="folder with the trained model",
        train_report="JSON file with the dev scores of each epoch, from train",
        predictions="folder to write: {dev,test}.conll",
        metrics="JSON file to write: the main scores",
        counts="JSON file to write: the counts",
        tables="folder to write: one JSON file for each table",
        reports="folder to write: errors.html, one CSV file for each table, and least confidences",
    )
    params = load_params("params.yaml")
    evaluate(
        **vars(flags),
        params=params,
    )


if __name__ == "__main__":
    run(main)
