"""What is fuzzed: each target takes any bytes, and raises anything but NerpipeError only if a promise is broken.

A target is a function of bytes and of an empty folder that it may write to. NerpipeError is the program's own answer to
bad input, so it is right, unless its text says that a bug was found.
"""

import io
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nerpipe.annotations.importing import import_annotations
from nerpipe.annotations.merging import merge_corrections
from nerpipe.batch.input_files import KINDS, STDIN, kind_of
from nerpipe.batch.readers import read_records
from nerpipe.batch.records import TEXT, Record, Rejected
from nerpipe.comparison.run_outputs import markdown_of
from nerpipe.comparison.run_records import FINISHED_RUN, RECORD_FILES, record_of
from nerpipe.comparison.run_tables import tables_of_runs, tables_of_settings
from nerpipe.comparison.runs import Run, overview_of
from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.schemes import OUTSIDE, SCHEMES, is_tag, read_tag, spans_of, to_iob2
from nerpipe.contracts.word_rules import RULES, find_words
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.corpus.tag_rewriting import TagWriter
from nerpipe.corpus.training_places import raw_training
from nerpipe.errors import NerpipeError
from run_files import files_of, unlocked

SUFFIXES = (".jsonl", ".json", ".csv")
RUN_FILES = unlocked(files_of())
GOOD = "Ann\tB-x\n\n"
TO_CORRECT = b"# two sentences\nAnn\tB-x\nLee\tI-x\nsaw\tO\r\nBo\tB-y\n\nin\tO\nOslo\tB-x \n\n"


class BrokenPromiseError(AssertionError):
    """A promise of the program does not hold for an input."""


def check(holds: object, promise: str) -> None:
    """Raise an error if a promise does not hold."""
    if not holds:
        raise BrokenPromiseError(promise)


def fuzz_raw_reader(data: bytes, folder: Path) -> None:
    """Clean any bytes as train.conll. Every line is accounted for, and cleaning a clean file changes nothing."""
    raw = folder / "raw"
    raw.mkdir()
    (raw / "train.conll").write_bytes(data)
    for split in ("dev", "test"):
        (raw / f"{split}.conll").write_text(GOOD)
    row = clean_corpus(resolve_corpus(raw), folder / "clean", max_rejected=0.9)[0]
    lines = data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
    check(row["lines"]["read"] == lines, "every line of the file is counted")
    rejected = [json.loads(line) for line in (folder / "clean/rejected.jsonl").read_text("utf-8").splitlines()]
    check(sum(row["rejects"].values()) == len(rejected) == row["rejected_sentences"], "rejects are counted and written")
    _check_clean(folder / "clean/train.conll", row)

    (raw / "train.conll").write_bytes((folder / "clean/train.conll").read_bytes())
    (raw / "corpus.yaml").write_text("token_column: 1\ntag_column: 2\nscheme: IOB2\n")
    clean_corpus(resolve_corpus(raw), folder / "again", max_rejected=0)
    same = (folder / "clean/train.conll").read_bytes() == (folder / "again/train.conll").read_bytes()
    check(same, "cleaning a clean file changes nothing")


def _check_clean(path: Path, row: dict[str, object]) -> None:
    counts: Counter[str] = Counter()
    for sentence in read_conll(path):
        counts["sentences"] += 1
        counts["tokens"] += len(sentence.tokens)
        counts["entities"] += len(spans_of(sentence.tags))
        check(to_iob2(sentence.tags)[0] == list(sentence.tags), "clean tags are IOB2")
        check(all(sentence.tokens), "no token is empty")
    check(
        all(counts[name] == row[name] for name in ("sentences", "tokens", "entities")), "the counts of the ledger hold"
    )


def fuzz_importers(data: bytes, folder: Path) -> None:
    """Import any bytes as an export of a tool. The first byte chooses the file's ending."""
    name = folder / f"export{SUFFIXES[data[0] % len(SUFFIXES)] if data else '.jsonl'}"
    name.write_bytes(data[1:])
    report = import_annotations([name], folder / "mine", dev=0.0, test=0.0)
    counts = report["annotations"]
    accounted = counts["kept"] + counts["repaired"] + counts["quarantined"]
    check(counts["read"] == accounted, "annotations in = kept + repaired + quarantined")
    found = Counter(
        tag[0]
        for split in report["splits"]
        for sentence in read_conll(folder / f"mine/{split}.conll")
        for tag in sentence.tags
    )
    check(found["B"] == counts["kept"] + counts["repaired"], "what is kept is in the files")


def fuzz_merging(data: bytes, folder: Path) -> None:
    """Merge any bytes as corrected tasks. Only tags of the training file change, and a second merge changes nothing."""
    raw = folder / "mine"
    raw.mkdir()
    for split in ("train", "dev", "test"):
        (raw / f"{split}.conll").write_bytes(TO_CORRECT)
    name = folder / f"export{SUFFIXES[data[0] % len(SUFFIXES)] if data else '.jsonl'}"
    name.write_bytes(data[1:])
    report = merge_corrections([name], raw)
    once = (raw / "train.conll").read_bytes()
    check((once != TO_CORRECT) == bool(report.changed), "the report says whether the file changed")
    rows = [[line.split(b"\t")[0] for line in content.split(b"\n")] for content in (TO_CORRECT, once)]
    check(rows[0] == rows[1], "no word and no line changes")
    check(not merge_corrections([name], raw).changed, "a second merge changes nothing")
    check((raw / "train.conll").read_bytes() == once, "a second merge writes nothing else")


def fuzz_tag_rewriting(data: bytes, folder: Path) -> None:
    """Take any bytes as train.conll, and give each sentence the entities that it has, and then none."""
    for split in ("train", "dev", "test"):
        (folder / f"{split}.conll").write_bytes(data)
    corpus = resolve_corpus(folder)
    layout, read = raw_training(corpus)
    sentences = [sentence for sentence in read if not any(word.problem for word in sentence.words)]
    writer = TagWriter(layout, {}, corpus.settings.multi_tag, sentences)
    for sentence in sentences:
        spans = spans_of(writer.clean_tags(sentence))
        check(writer.rewrite(sentence, spans) == {}, "a sentence that is as it should be has no new line")
        tagged = sum(word.tag != OUTSIDE for word in sentence.words)
        check(len(writer.rewrite(sentence, [])) == tagged, "without entities every tag is O")


def fuzz_record_readers(data: bytes, folder: Path) -> None:
    """Read any bytes as records to predict. No record is lost, and every text can be written as UTF-8.

    The first word is also a suffix of a file, and the name of the field of the text.
    """
    name = (data.split() or [b""])[0][:20].decode("utf-8", "replace")
    suffix = name.replace("/", "").replace("\0", "")  # No name of a file holds these two.
    path = folder / f"input.{suffix}"
    with suppress(NerpipeError):  # If the suffix says no format.
        check(kind_of(str(path), None) in KINDS, "a suffix says a format, or is refused")
    for kind in ("lines", "files", "jsonl", "conll"):
        for text_field in {TEXT, name} if kind == "jsonl" else {TEXT}:
            records = list(read_records([STDIN], kind, io.BytesIO(data), lambda _: None, text_field=text_field))
            for record in records:
                check(isinstance(record, Record | Rejected), "a reader yields records and rejects")
                json.dumps(record, ensure_ascii=False).encode("utf-8")
        if kind == "lines":
            lines = data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
            check(len(records) == lines, "every line is a record or a reject")
        if kind == "files":
            check(len(records) == 1, "a file is one record")


def fuzz_tag_reader(data: bytes, _: Path) -> None:
    """Read any words as tags of any scheme. What is taken for tags becomes IOB2."""
    words = data.decode("utf-8", "surrogateescape").split()
    for scheme in SCHEMES:
        tags = [tag for tag in (read_tag(word, scheme) for word in words) if tag]
        check(all(is_tag(tag) or tag == OUTSIDE for tag in tags), "a tag that is read is a prefix and a type")
        iob2 = to_iob2(tags)[0]
        check(len(iob2) == len(tags), "each word keeps one tag")
        check(to_iob2(iob2)[0] == list(iob2), "tags in IOB2 stay as they are")
        check(sum(tag[0] == "B" for tag in iob2) == len(spans_of(iob2)), "each B begins one entity")


def fuzz_word_rules(data: bytes, _: Path) -> None:
    """Find the words of any text by each rule. Words do not overlap, and lose nothing but white space."""
    text = data.decode("utf-8", "ignore")
    for rule in RULES:
        places = find_words(text, rule)
        ends = [0, *(end for _, end in places)]
        check(all(start < end for start, end in places), "no word is empty")
        check(all(end <= start for end, (start, _) in zip(ends, places, strict=False)), "words do not overlap")
        left = "".join(text[end:start] for end, (start, _) in zip(ends, [*places, (len(text), 0)], strict=True))
        check(not left.strip(), "only white space is outside of words")
        if rule != "blanks":
            words = (text[start:end] for start, end in places)
            check(all(not any(map(str.isspace, word)) for word in words), "no word holds white space")


def fuzz_run_records(data: bytes, _: Path) -> None:
    """Read any bytes as a file of a run, whose other files are whole. The first byte chooses the file."""
    files = dict(RUN_FILES)
    name = RECORD_FILES[data[0] % len(RECORD_FILES)] if data else RECORD_FILES[0]
    files[name] = data[1:]
    record = record_of(files)
    check((record.state == FINISHED_RUN) == bool(record.f1), "a run has scores if it is finished, and only then")
    check(isinstance(record.params, dict), "the params are a mapping")
    baseline = Run("main", record_of(RUN_FILES), "head", is_baseline=True)
    found = overview_of([baseline, Run("other", record, "other")])
    for tables in (tables_of_runs(found), tables_of_settings(found)):
        check(bool(markdown_of(tables, found.notes)), "every run can be shown beside others")


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "raw_reader": fuzz_raw_reader,
    "importers": fuzz_importers,
    "merging": fuzz_merging,
    "tag_rewriting": fuzz_tag_rewriting,
    "record_readers": fuzz_record_readers,
    "tag_reader": fuzz_tag_reader,
    "word_rules": fuzz_word_rules,
    "run_records": fuzz_run_records,
}


def run_target(name: str, data: bytes, folder: Path) -> None:
    """Run a target on an input.

    Raises:
        BrokenPromiseError: If a promise does not hold.
    """
    try:
        TARGETS[name](data, folder)
    except NerpipeError as error:
        check("is a bug in" not in str(error), f"the program finds no bug in itself: {error}")
