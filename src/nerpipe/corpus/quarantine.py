"""Sentences that no rule repairs: rejected.jsonl, and the message if there are too many of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from nerpipe.contracts.escapes import json_text
from nerpipe.contracts.schemes import is_tag, read_tag
from nerpipe.contracts.terminal import number_of
from nerpipe.corpus.charset import encoding_advice
from nerpipe.corpus.lines import show_line
from nerpipe.corpus.reading import SHOWN_LENGTH, RawSentence
from nerpipe.corpus.rows import PROBLEMS
from nerpipe.corpus.sources import Corpus
from nerpipe.corpus.tag_columns import NOTATIONS
from nerpipe.errors import NerpipeError

SHOWN_REJECTS = 10
SEPARATORS = ",;|"
OUTSIDES = ("_", "-", "0", "o", "NA", "None")  # What some files have instead of `O`.
KEPT_LINES = 500  # Number of lines with bytes that are not UTF-8 that are kept to guess the encoding.


class Quarantine:
    """Writes quarantined sentences, a JSON object on each line, and keeps what the message needs."""

    def __init__(self, file: TextIO) -> None:
        """Write to this file."""
        self._file = file
        self.examples: dict[str, list[str]] = {}  # The first quarantined sentences of each split.
        self.invalid: list[str] = []  # Lines that are not UTF-8.
        self.tags: Counter[str] = Counter()  # What the tag column holds instead of tags.
        self.single: list[str] = []  # Lines with one column.

    def add(self, sentence: RawSentence, problems: tuple[str, ...], *, split: str, name: str, source: Path) -> str:
        """Write a sentence with every line it had, and return the reason: the first problem."""
        index = next(index for index, problem in enumerate(problems) if problem)
        reason = problems[index]
        lines = []
        for number, word in zip(sentence.line_numbers(), sentence.words, strict=True):
            text, escaped = show_line(word.line)
            lines.append({"line": number, "text": text, **({"escaped": True} if escaped else {})})
            if word.problem == "invalid_utf8" and len(self.invalid) < KEPT_LINES:
                self.invalid.append(word.line)
            elif word.problem == "one_column" and len(self.single) < KEPT_LINES:
                self.single.append(word.line)
            elif word.problem == "tag_not_iob" and word.tag and len(self.tags) < KEPT_LINES:
                self.tags[word.tag] += 1
        at = lines[index]
        record = {
            "split": split,
            "file": name,
            "line": at["line"],
            "reason": reason,
            "text": at["text"],
            "lines": lines,
        }
        self._file.write(json_text(record) + "\n")
        examples = self.examples.setdefault(split, [])
        if len(examples) < SHOWN_REJECTS:
            text = str(at["text"])
            shown = repr(text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "...")
            examples.append(f"  {source}:{at['line']}: {PROBLEMS[reason]} ({reason}): {shown}")
        return reason


def check_rejected(
    rows: Mapping[str, Mapping[str, Any]], quarantine: Quarantine, corpus: Corpus, out: Path, max_rejected: float
) -> None:
    """Check that no more than this fraction of a split is quarantined.

    Args:
        rows: The row of clean.json of each split.
        quarantine: Where the sentences went.
        corpus: The corpus.
        out: The folder with rejected.jsonl.
        max_rejected: As in params.yaml.

    Raises:
        NerpipeError: If it is more. The message shows the first sentences, and ends with the lines for corpus.yaml that
            would help, if there are any.
    """
    over, examples = [], []
    reasons: Counter[str] = Counter()
    for split, row in rows.items():
        bad, kept = row["rejected_sentences"], row["sentences"]
        if not kept or bad / (bad + kept) > max_rejected:
            over.append(f"{bad:,} of {number_of(bad + kept, 'sentence')} of {split} ({corpus.sources[split]})")
            examples += quarantine.examples.get(split, [])
            reasons.update(row["rejects"])
    if over:
        shown = "\n".join(examples[:SHOWN_REJECTS])
        allowed = f"max_rejected allows a fraction of {max_rejected:g} of each split, and " if max_rejected < 1 else ""
        # A key of corpus.yaml holds for all files, so it helps only if train has the same fault.
        first = str(next(iter(corpus.sources.values())))
        whole = any(first in text for text in over)
        advice = _advice(reasons, quarantine, corpus, whole=whole)
        raise_it = ", or raise max_rejected in params.yaml" if max_rejected < 1 else ""
        raise NerpipeError(
            f"quarantined: {'; '.join(over)}; {allowed}"
            "every split needs at least one sentence that is kept. The first quarantined sentences are:\n"
            f"{shown}\n"
            f"{out / 'rejected.jsonl'} holds all quarantined sentences with their line numbers. Correct the lines "
            f"(docs/data.md explains each reason){raise_it}{advice}"
        )


def _advice(reasons: Counter[str], quarantine: Quarantine, corpus: Corpus, *, whole: bool) -> str:
    """Say which key of corpus.yaml would help against the most frequent reason, if train has it too (`whole`)."""
    reason = reasons.most_common(1)[0][0]
    settings, place = corpus.settings, corpus.place
    if reason == "invalid_utf8" and settings.encoding == "utf-8":
        return ". The file may be written in another encoding: " + encoding_advice(quarantine.invalid, place)
    if reason == "several_tags":
        return f". To take the first of several tags, put this line into {place}:\n    multi_tag: first"
    if reason == "prefix_not_in_scheme":
        return f". To find out the scheme by looking, put this line into {place}:\n    scheme: auto"
    if conversion := _conversion(reason, quarantine):
        return f". {conversion}"
    tags = [tag for tag in quarantine.tags if tag.isidentifier() or "-" in tag]
    if reason == "tag_not_iob" and tags and settings.scheme == "auto" and whole:
        scheme = next(name for name in (*NOTATIONS, "plain") if all(read_tag(tag, name) for tag in tags))
        return (
            f". If tags such as {', '.join(tags[:3])} are meant and right, put this line into {place}:\n"
            f"    scheme: {scheme}"
        )
    return ""


def _conversion(reason: str, quarantine: Quarantine) -> str | None:
    """Say how to convert a file that no key of corpus.yaml makes readable."""
    if reason == "one_column" and (separator := _separator(quarantine.single)):
        return (
            f"The columns seem to be separated by {separator!r}; a tab or spaces are needed. Convert the file, for "
            f"example: sed 's/{separator} *\\([^{separator}]*\\)$/\\t\\1/' OLD > NEW"
        )
    if reason == "tag_not_iob" and (outside := _outside(quarantine.tags)):
        return (
            f"{outside!r} seems to stand where a word is in no entity. It must be O. Convert the file, for example: "
            f"sed 's/\\(\\s\\){outside}\\s*$/\\1O/' OLD > NEW"
        )
    return None


def _separator(lines: Sequence[str]) -> str | None:
    """Find what stands before a tag at the end of most lines, if it is no white space."""
    for separator in SEPARATORS:
        ends = [line.rstrip().rpartition(separator)[2].strip() for line in lines if separator in line]
        if ends and 2 * sum(map(is_tag, ends)) > len(lines):
            return separator
    return None


def _outside(tags: Counter[str]) -> str | None:
    """Find what stands for `O`: the value of most words whose tag is none."""
    value, count = tags.most_common(1)[0] if tags else ("", 0)
    return value if value in OUTSIDES and 2 * count > tags.total() else None
