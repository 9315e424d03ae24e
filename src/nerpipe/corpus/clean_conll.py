"""The stage clean_conll. It reads and writes files."""

from pathlib import Path

from nerpipe.contracts.files import write_json
from nerpipe.contracts.terminal import say
from nerpipe.corpus.clean_report import describe_row
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.duplicates import shared_sentences
from nerpipe.corpus.entity_types import doubtful_types
from nerpipe.corpus.settings import source_hint
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.errors import NerpipeError


def clean_conll(
    *, raw: str | Path, extra: str | Path | None, out: str | Path, report: str | Path, max_rejected: float
) -> None:
    """Clean the splits of a data set, write a report, and print what was found in each split.

    Args:
        raw: The folder of the data set, with or without a corpus.yaml.
        extra: The folder of a second data set, whose training sentences are added. None if there is none.
        out: The folder for train.conll, dev.conll, test.conll, extra.conll and rejected.jsonl.
        report: The JSON file for the counts.
        max_rejected: The param of this name in params.yaml.

    Raises:
        NerpipeError: If `extra` is the data set itself, or if `sources.resolve_corpus` or `cleaning.clean_corpus`
            raises it.
    """
    raw, extra, out, report = Path(raw), Path(extra) if extra else None, Path(out), Path(report)
    corpus = resolve_corpus(raw)
    if raw == extra:
        raise NerpipeError(f"extra: {raw.name} is the data set itself; name another one, or set `extra: none`")
    added = resolve_corpus(extra, "params.yaml -> extra") if extra else None
    for folder in (raw, extra) if extra else (raw,):
        if hint := source_hint(folder):
            say(f"hint: {hint}")
    rows = clean_corpus(corpus, out, max_rejected=max_rejected, extra=added)
    write_json(report, rows)
    for row in rows:
        say(describe_row(row))
    for sentence in shared_sentences(rows):
        say(f"warning: {sentence}")
    for doubt in doubtful_types({row["split"]: row["entities_by_type"] for row in rows}, corpus.place):
        say(f"hint: {doubt}")
