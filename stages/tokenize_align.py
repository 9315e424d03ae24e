"""tokenize_align: split sentences into windows of labelled sub-words, so that each word is predicted exactly once."""

from functools import partial

from nerpipe.params import NO_EXTRA, NO_TEACHER, load_params
from nerpipe.teaching.teacher import view_texts
from nerpipe.tokenizing.tokenize_align import tokenize_align
from stages import path_flags, run


def main() -> None:
    """Run the stage."""
    flags = path_flags(
        __doc__,
        raw="folder of the raw data set, with unlabelled.txt for a teacher",
        encoded="folder with labels.json and the dataset",
        ledger="JSON file with the counts of encode_labels",
        exported="folder of the export stage, which is no teacher because each run replaces it",
        out="folder to write: the windows of sub-words",
        report="JSON file to write: the counts",
    )
    params = load_params("params.yaml")
    corpora = [flags.raw, *([flags.raw.parent / params.extra] if params.extra != NO_EXTRA else [])]
    teach = partial(view_texts, params.teacher, corpora, flags.encoded, flags.exported)
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
        teach=teach if params.teacher != NO_TEACHER else None,
    )


if __name__ == "__main__":
    run(main)
