"""Texts to predict that are given on the command line."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from nerpipe.batch.records import LONGEST, Record, Rejected, decoded
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError


def take_texts(arguments: argparse.Namespace, left: Sequence[str]) -> None:
    """Take the texts that stand behind an option, which argparse leaves over before Python 3.13.

    Args:
        arguments: Arguments of `nerpipe predict`. The texts are added to them.
        left: What argparse left over. The first `--` in it only says that no option follows.
    """
    end = left.index("--") if "--" in left else len(left)
    arguments.texts += [*left[:end], *left[end + 1 :]]


def check_texts(arguments: argparse.Namespace) -> None:
    """Check that no option contradicts the texts. A text that is the name of a file is pointed out on stderr.

    Raises:
        NerpipeError: If an option is about files.
    """
    for name, value in (("input", arguments.input), ("from", arguments.kind), ("text-field", arguments.text_field)):
        if value is not None:
            raise NerpipeError(
                f"--{name} is about files to read, but texts are given as arguments too; leave out one of them"
            )
    if arguments.engine == "ray":
        raise NerpipeError("--engine ray needs --input; leave --engine out to predict texts that are arguments")
    for text in arguments.texts:
        if _names_file(text):
            say(f"{text}: predicted as a text; to predict what this file holds, use --input {text}", stream=sys.stderr)


def _names_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # A text can be too long for a name, or hold what no name may hold.
        return False


def text_records(texts: Sequence[str]) -> Iterator[Record | Rejected]:
    """Yield a record for each text of the command line."""
    for number, text in enumerate(texts, start=1):
        content = os.fsencode(text)  # As the shell gave it, which need not be UTF-8.
        good = decoded(f"text {number}", content, too_long=len(content) > LONGEST)
        yield Record(f"text {number}", good, None, {}) if isinstance(good, str) else good
