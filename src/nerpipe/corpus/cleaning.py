"""Cleaning of raw CoNLL files, whatever their dialect, to canonical CoNLL in IOB2.

Files are read and written as streams. A sentence that no rule repairs is quarantined (docs/data.md).
"""

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from nerpipe.contracts.conll import format_sentence
from nerpipe.contracts.files import replacing
from nerpipe.contracts.schemes import OUTSIDE, SCHEMES, to_iob2
from nerpipe.corpus.clean_report import SplitCounts, check_lines, split_row
from nerpipe.corpus.duplicates import SentenceHashes
from nerpipe.corpus.lines import PROBLEMS, LineParser, Word, open_raw, read_lines, show_line
from nerpipe.errors import NerpipeError

LONGEST_SENTENCE = 100_000  # Number of words.
SHOWN_REJECTS = 10  # Number of quarantined sentences that the error message shows.
SHOWN_LENGTH = 80  # Number of characters of a line that the error message shows.
# Line ends that JSON leaves as they are, and their escapes.
UNICODE_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class CleanedSplit(NamedTuple):
    """The result of cleaning one split."""

    row: dict[str, Any]  # The row of clean.json.
    examples: list[str]  # The first quarantined sentences, as lines of the error message.
    hashes: SentenceHashes


def clean_corpus(
    sources: Mapping[str, Path], out: Path, *, multi_tag: str, scheme: str, max_rejected: float
) -> list[dict[str, Any]]:
    """Clean the splits of a corpus.

    Args:
        sources: The raw file of each split.
        out: The folder for SPLIT.conll and rejected.jsonl. If too many sentences are quarantined, only
            rejected.jsonl is written.
        multi_tag: How a tag like `B-a,B-b` is read: "first" takes the first tag, "reject" quarantines the sentence.
        scheme: The tagging scheme of the files, a key of SCHEMES; "auto" allows all schemes.
        max_rejected: The largest fraction of the sentences of a split that may be quarantined.

    Returns:
        The rows of clean.json, one for each split.

    Raises:
        NerpipeError: If `clean_split` raises it, a fraction of more than `max_rejected` of a split is quarantined, or
            no sentence of a split is kept.
    """
    for source in sources.values():
        open_raw(source).close()  # A missing dev file is reported before a large train file is read.
    with ExitStack() as stack:
        targets = {split: stack.enter_context(replacing(out / f"{split}.conll")) for split in sources}
        with (
            replacing(out / "rejected.jsonl") as path,
            path.open("w", encoding="utf-8", newline="\n") as rejects,
        ):
            reports = {
                split: clean_split(source, targets[split], rejects, split=split, multi_tag=multi_tag, scheme=scheme)
                for split, source in sources.items()
            }
        _check_rejected(reports, sources, out / "rejected.jsonl", max_rejected)
    return [
        {
            "split": split,
            **report.row,
            "sentences_also_in": {
                other: report.hashes.found_in(reports[other].hashes) for other in reports if other != split
            },
        }
        for split, report in reports.items()
    ]


def clean_split(
    source: Path, target: Path, rejects: TextIO, *, split: str, multi_tag: str, scheme: str
) -> CleanedSplit:
    """Clean one file.

    Args:
        source: The raw file.
        target: The file for the canonical CoNLL.
        rejects: The open file for the quarantined sentences, one JSON object on each line.
        split: The name of the split.
        multi_tag: As for `clean_corpus`.
        scheme: As for `clean_corpus`.

    Raises:
        NerpipeError: If the file cannot be read, is UTF-16 or UTF-32, has a line of over 1 MiB or a sentence of over
            100,000 words, or has no sentence.
    """
    name = shown_name(source)
    digest = hashlib.sha256()
    counts = SplitCounts()
    examples: list[str] = []
    parser = LineParser(multi_tag=multi_tag, prefixes=SCHEMES[scheme])
    chunks = read_lines(source, digest, counts.repairs)
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for number, words in _sentences(source, chunks, parser, counts):
            _, tokens, tags, repairs, problems = zip(*words, strict=True)
            if any(problems):
                record = _quarantine(words, problems, number, counts)
                rejects.write(_json_line({"split": split, "file": name, **record}))
                if len(examples) < SHOWN_REJECTS:
                    examples.append(_example(source, record))
                continue
            if any(repairs):
                counts.repairs.update(itertools.chain.from_iterable(repairs))
            counts.sentences += 1
            counts.words += len(words)
            counts.hashes.add(tokens)
            out.write(_format(tokens, tags, counts))
    check_lines(source, counts)
    row = {"file": name, "sha256": digest.hexdigest(), **split_row(counts, scheme)}
    return CleanedSplit(row, examples, counts.hashes)


def shown_name(source: Path) -> str:
    """Return the name of a raw file for an output: its path if it is within the repository, else the file name alone.

    An output must not depend on the place of the mirror or of the download cache.
    """
    return source.name if source.is_absolute() or ".." in source.parts else source.as_posix()


def _sentences(
    source: Path, chunks: Iterator[list[str]], parser: LineParser, counts: SplitCounts
) -> Iterator[tuple[int, list[Word]]]:
    """Yield each sentence with the number of its first line, counted from 1. Count the lines and the separators.

    Most of the run time is spent in this loop, because it runs once for each line.
    """
    read = 0
    words: list[Word] = []
    for lines in chunks:
        for number, line in enumerate(lines, start=read + 1):
            parsed = parser[line]
            if isinstance(parsed, Word):
                words.append(parsed)
                continue
            counts.lines["separators"] += 1
            if parsed.repair:
                counts.repairs[parsed.repair] += 1
            if words:
                _check_length(source, number - len(words), words)
                yield number - len(words), words
                words = []
        read += len(lines)
        # Checked after each chunk too: a file without separators would fill the memory.
        _check_length(source, read + 1 - len(words), words)
    counts.lines["read"] = read
    if words:
        if not counts.repairs["no_final_newline"]:
            counts.repairs["no_final_blank_line"] += 1
        yield read + 1 - len(words), words


def _check_length(source: Path, number: int, words: list[Word]) -> None:
    if len(words) > LONGEST_SENTENCE:
        raise NerpipeError(
            f"{source}:{number}: a sentence of over {LONGEST_SENTENCE:,} words begins here, with "
            f"{words[0].line[:SHOWN_LENGTH]!r}. A line that is empty or holds only white space must separate two "
            "sentences; add one after each sentence"
        )


def _quarantine(words: list[Word], problems: tuple[str, ...], number: int, counts: SplitCounts) -> dict[str, Any]:
    """Count a sentence that no rule repairs, and return its record for rejected.jsonl with all its lines."""
    index = next(index for index, problem in enumerate(problems) if problem)
    counts.rejects[problems[index]] += 1
    counts.lines["rejected"] += len(words)
    lines = []
    for at, word in enumerate(words, start=number):
        text, escaped = show_line(word.line)
        lines.append({"line": at, "text": text, **({"escaped": True} if escaped else {})})
    return {"line": number + index, "reason": problems[index], "text": lines[index]["text"], "lines": lines}


def _json_line(record: dict[str, Any]) -> str:
    """Format a JSON object as one line, also for a program that takes U+0085, U+2028 or U+2029 as the end of a line."""
    return json.dumps(record, ensure_ascii=False).translate(UNICODE_LINE_ENDS) + "\n"


def _example(source: Path, record: dict[str, Any]) -> str:
    """Return the line of the error message for a quarantined sentence."""
    text = record["text"]
    shown = repr(text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "...")
    return f"  {source}:{record['line']}: {PROBLEMS[record['reason']]} ({record['reason']}): {shown}"


def _format(tokens: tuple[str, ...], tags: tuple[str, ...], counts: SplitCounts) -> str:
    """Format a clean sentence in IOB2, and count its tags."""
    if tags.count(OUTSIDE) == len(tags):  # Most sentences of most corpora have no entity.
        return "\tO\n".join(tokens) + "\tO\n\n"
    iob2, orphans, plain_begins = to_iob2(tags)
    counts.orphans += orphans
    counts.plain_begins += plain_begins
    counts.raw_tags.update(tags)
    counts.tags.update(iob2)
    return format_sentence(zip(tokens, iob2, strict=True))


def _check_rejected(
    reports: Mapping[str, CleanedSplit], sources: Mapping[str, Path], rejected: Path, max_rejected: float
) -> None:
    """Raise an error if too many sentences of a split are quarantined."""
    over, examples = [], []
    for split, report in reports.items():
        bad, kept = report.row["rejected_sentences"], report.row["sentences"]
        if not kept or bad / (bad + kept) > max_rejected:
            over.append(f"{bad:,} of {bad + kept:,} sentences of {split} ({sources[split]})")
            examples += report.examples
    if over:
        shown = "\n".join(examples[:SHOWN_REJECTS])
        raise NerpipeError(
            f"quarantined: {'; '.join(over)}; max_rejected allows a fraction of {max_rejected:g} of each split, and "
            "every split needs at least one sentence that is kept. The first quarantined sentences are:\n"
            f"{shown}\n"
            f"{rejected} holds all quarantined sentences with their line numbers. Correct the lines (docs/data.md "
            "explains each reason), or raise max_rejected in params.yaml"
        )
