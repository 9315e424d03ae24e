"""The stage clean_conll. It reads and writes files."""

from pathlib import Path

from nerpipe.contracts.files import write_json
from nerpipe.corpus.clean_report import shared_sentences
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus


def clean_conll(*, raw: Path, out: Path, report: Path, multi_tag: str, scheme: str, max_rejected: float) -> None:
    """Clean the three splits of a data set, write a report, and print one line for each split.

    Args:
        raw: The folder of the data set.
        out: The folder for train.conll, dev.conll, test.conll and rejected.jsonl.
        report: The JSON file for the counts.
        multi_tag: The param of this name in params.yaml.
        scheme: The param of this name in params.yaml.
        max_rejected: The param of this name in params.yaml.

    Raises:
        NerpipeError: As `sources.resolve_corpus` and `cleaning.clean_corpus` raise it.
    """
    sources = resolve_corpus(raw)
    rows = clean_corpus(sources, out, multi_tag=multi_tag, scheme=scheme, max_rejected=max_rejected)
    write_json(report, rows)
    for row in rows:
        repairs = ", ".join(f"{count} {rule}" for rule, count in row["repairs"].items()) or "none"
        print(
            f"{row['split']}: {row['sentences']} sentences, {row['tokens']} tokens, {row['entities']} entities "
            f"({row['scheme']}); repairs: {repairs}; quarantined: {row['rejected_sentences']} sentences"
        )
    for sentence in shared_sentences(rows):
        print(f"warning: {sentence}")
