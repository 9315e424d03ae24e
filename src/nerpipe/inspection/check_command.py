"""The command `nerpipe check`: it looks at a data set before a model is trained."""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nerpipe.command_line.help_text import add_examples
from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.escapes import json_text
from nerpipe.contracts.files import RAW_FOLDER
from nerpipe.contracts.terminal import say
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.corpus.word_choice import choose_rule
from nerpipe.errors import NerpipeError
from nerpipe.inspection.findings import Notice, SplitSentences, layout, plain_text, shared, splits, surfaces, types
from nerpipe.params import Params, load_params
from nerpipe.tokenizing.model_source import resolve_model

CHECK = """Look at a data set before training: what is in it, what will go wrong, and what to do about it. Nothing is
trained or changed. The params, such as the model, are those of params.yaml. The exit code is 0 whatever is found, and 1
if the data set cannot be read."""


def add_check(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="NAME", help="name of a folder in data/raw")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    add_examples(
        parser,
        {
            "look at the sample corpus of this repository": "nerpipe check sample",
            "keep the findings as JSON": "nerpipe check sample --json > findings.json",
        },
    )
    parser.set_defaults(run=check)


def check(arguments: argparse.Namespace) -> None:
    """Run the command."""
    params = load_params("params.yaml")
    folder = RAW_FOLDER / arguments.name
    if folder.exists() and not folder.is_dir():
        raise NerpipeError(
            f"{arguments.name}: this is no folder, but a data set is one; put the file into a folder of its own in "
            "data/raw as train.conll (data/raw/mine/train.conll), and give the name of the folder (mine)"
        )
    found = list(inspect_corpus(folder, params))
    if arguments.json:
        rows = [finding._asdict() for finding in found]
        say(json_text({"dataset": arguments.name, "findings": rows}, indent=2))
        return
    for finding in found:
        say(f"{'! ' if finding.warning else '  '}{finding.subject}: {finding.text}")
    warnings = sum(finding.warning for finding in found)
    say(f"{len(found)} findings, {warnings} of them, marked !, to look at before training")


def inspect_corpus(folder: Path, params: Params) -> Iterator[Notice]:
    """Yield what is found in a data set.

    Args:
        folder: The folder of the data set, data/raw/NAME.
        params: The params of params.yaml.

    Raises:
        NerpipeError: If the data set cannot be cleaned, or the model cannot be found.
    """
    with tempfile.TemporaryDirectory() as temporary:
        rows, corpus = _clean(folder, Path(temporary))
    words = choose_rule(corpus["train"], len(corpus["train"]))
    yield from (layout(rows), splits(rows), types(rows), shared(rows), surfaces(corpus, words.joining))
    resolve_model(params.model)

    from nerpipe.inspection.model_findings import model_findings
    from nerpipe.tokenizing.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(params.model, capitals=params.capitals)
    yield from model_findings(corpus, tokenizer, model=params.model, max_length=params.max_length)
    yield plain_text(words)


def _clean(folder: Path, out: Path) -> tuple[list[dict[str, Any]], SplitSentences]:
    """Clean a data set into a temporary folder, and return the report and the sentences of each split.

    Quarantined sentences are a finding here, so any number of them is allowed.
    """
    rows = clean_corpus(resolve_corpus(folder, "NAME"), out, max_rejected=1.0)
    return rows, {row["split"]: list(read_conll(out / f"{row['split']}.conll")) for row in rows}
