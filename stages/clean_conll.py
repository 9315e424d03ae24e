"""clean_conll: convert raw CoNLL files to canonical IOB2. A sentence that no rule repairs is quarantined, not lost."""

from nerpipe.corpus.clean_conll import clean_conll
from nerpipe.params import NO_EXTRA, load_params
from stages import path_flags, run


def main() -> None:
    """Run the stage."""
    flags = path_flags(
        __doc__,
        raw="folder of the raw data set",
        out="folder to write: {train,dev,test}.conll, extra.conll for a second data set, and rejected.jsonl",
        report="JSON file to write: the counts",
    )
    params = load_params("params.yaml")
    clean_conll(
        raw=flags.raw,
        extra=flags.raw.parent / params.extra if params.extra != NO_EXTRA else None,
        out=flags.out,
        report=flags.report,
        max_rejected=params.max_rejected,
    )


if __name__ == "__main__":
    run(main)
