"""Raw CoNLL of any dialect to canonical IOB2, streamed; what no rule repairs is quarantined: docs/data.md."""

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

LONGEST_SENTENCE = 100_000  # words
SHOWN_REJECTS = 10
SHOWN_LENGTH = 80  # characters of a quarantined line in the error message
UNICODE_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}  # JSON escapes the others itself


class CleanedSplit(NamedTuple):
    """What became of one split."""

    row: dict[str, Any]  # of clean.json
    examples: list[str]  # the first quarantined sentences, for the error message
    hashes: SentenceHashes


def clean_corpus(
    sources: Mapping[str, Path], out: Path, *, multi_tag: str, scheme: str, max_rejected: float
) -> list[dict[str, Any]]:
    """Clean the splits of a corpus.

    Args:
        sources: the raw file of each split.
        out: folder for SPLIT.conll and rejected.jsonl; the latter is also written if too much is quarantined.
        multi_tag: for a tag like `B-a,B-b`: "first" takes the first, "reject" quarantines the sentence.
        scheme: "auto" or the one in which the tags are written, a key of SCHEMES.
        max_rejected: the largest fraction of a split's sentences that may be quarantined.

    Returns:
        The rows of clean.json, one a split.

    Raises:
        NerpipeError: if a file cannot be read, is not what was expected at all, has no sentence, or more than
            `max_rejected` is quarantined.
    """
    for source in sources.values():
        open_raw(source).close()  # a missing dev file should not wait for a large train file
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
    """Clean one file: canonical CoNLL to `target`, quarantined sentences to `rejects`, a JSON object a line.

    Raises:
        NerpipeError: if the file cannot be read, is UTF-16, has a line over 1 MiB, a sentence over 100,000
            words or no sentence at all.
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
    """Name a file in an output: a path within the repository as it is, otherwise the name alone.

    An output must not depend on where the mirror or the download cache lies on this machine.
    """
    return source.name if source.is_absolute() or ".." in source.parts else source.as_posix()


def _sentences(
    source: Path, chunks: Iterator[list[str]], parser: LineParser, counts: SplitCounts
) -> Iterator[tuple[int, list[Word]]]:
    """Yield each sentence with the number of its first line; count lines and separators.

    The loop of the module: what is done a line costs more than all that is done a sentence.
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
        # here too, or a file without separators would fill the memory
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
            f"{words[0].line[:SHOWN_LENGTH]!r}; sentences are expected to be separated by lines that "
            "are empty or hold only white space: put one after each sentence"
        )


def _quarantine(words: list[Word], problems: tuple[str, ...], number: int, counts: SplitCounts) -> dict[str, Any]:
    """Count a sentence that no rule repairs and describe it with every line it had."""
    index = next(index for index, problem in enumerate(problems) if problem)
    counts.rejects[problems[index]] += 1
    counts.lines["rejected"] += len(words)
    lines = []
    for at, word in enumerate(words, start=number):
        text, escaped = show_line(word.line)
        lines.append({"line": at, "text": text, **({"escaped": True} if escaped else {})})
    return {"line": number + index, "reason": problems[index], "text": lines[index]["text"], "lines": lines}


def _json_line(record: dict[str, Any]) -> str:
    """Format a JSON object that stays one line for every reader, also one that ends lines at U+2028."""
    return json.dumps(record, ensure_ascii=False).translate(UNICODE_LINE_ENDS) + "\n"


def _example(source: Path, record: dict[str, Any]) -> str:
    text = record["text"]
    shown = repr(text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "...")
    return f"  {source}:{record['line']}: {PROBLEMS[record['reason']]} ({record['reason']}): {shown}"


def _format(tokens: tuple[str, ...], tags: tuple[str, ...], counts: SplitCounts) -> str:
    """Format a clean sentence and count its tags."""
    if tags.count(OUTSIDE) == len(tags):  # most sentences of most corpora: no tag to translate
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
    over, examples = [], []
    for split, report in reports.items():
        bad, kept = report.row["rejected_sentences"], report.row["sentences"]
        if not kept or bad / (bad + kept) > max_rejected:
            over.append(f"{bad:,} of {bad + kept:,} sentences of {split} ({sources[split]})")
            examples += report.examples
    if over:
        shown = "\n".join(examples[:SHOWN_REJECTS])
        raise NerpipeError(
            f"quarantined: {'; '.join(over)}; max_rejected allows a fraction of {max_rejected:g} of a split, and a "
            "split needs at least one sentence that is kept. The first "
            f"{min(len(examples), SHOWN_REJECTS)}:\n{shown}\n"
            f"All are in {rejected}, whole and with line numbers. Correct the lines (docs/data.md says what each "
            "reason means) or raise max_rejected in params.yaml"
        )
