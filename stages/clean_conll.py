"""clean_conll: any CoNLL dialect to canonical IOB2; what cannot be repaired is quarantined, nothing is lost."""

import argparse
from pathlib import Path

from nerpipe.contracts.files import write_json
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.params import load_params
from stages import run


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--out", type=Path, required=True, help="folder for {train,dev,test}.conll and rejected.jsonl")
    parser.add_argument("--report", type=Path, required=True, help="JSON for the counts")
    flags = parser.parse_args()
    params = load_params("params.yaml")
    report = clean_corpus(
        resolve_corpus(flags.raw),
        flags.out,
        multi_tag=params.multi_tag,
        scheme=params.scheme,
        max_rejected=params.max_rejected,
    )
    write_json(flags.report, report)
    for row in report:
        repairs = ", ".join(f"{count} {rule}" for rule, count in row["repairs"].items()) or "none"
        print(
            f"{row['split']}: {row['sentences']} sentences, {row['tokens']} tokens, {row['entities']} entities "
            f"({row['scheme']}); repairs: {repairs}; quarantined: {row['rejected_sentences']} sentences"
        )


if __name__ == "__main__":
    run(main)
