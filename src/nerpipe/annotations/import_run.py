"""One run of the import: each record becomes sentences of a split or a line of the rejects file, and is counted."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from nerpipe.annotations.corpus_folder import CorpusWriter, content_hash
from nerpipe.annotations.documents import ANNOTATION_PROBLEMS, RECORD_PROBLEMS, Broken, Document, TaggedSentence, shown
from nerpipe.annotations.file_encodings import OtherEncoding, other_encodings
from nerpipe.annotations.formats import TAGGED_FORMATS, UTF16_TOOLS, AnnotationFile, read_file
from nerpipe.annotations.import_counts import ImportCounts
from nerpipe.annotations.offsets import Judgement, judge_annotations
from nerpipe.annotations.text_words import Row, cuts_word, tagged_sentences
from nerpipe.contracts.conll import DOCSTART
from nerpipe.contracts.schemes import OUTSIDE, is_tag, prefixes_among, spans_of, to_iob2
from nerpipe.contracts.splitting import position_of
from nerpipe.contracts.word_rules import find_words
from nerpipe.corpus.documents import read_boundary
from nerpipe.errors import NerpipeError

MOST_WORDS = 10_000  # Words of a sentence. clean_conll stops at longer ones.
_CHANGED = re.compile("[,<>]")  # What clean_conll takes for several tags, or for markup.
_UNFIT = re.compile("[\t\n\r\0\ud800-\udfff]")  # What no word of a CoNLL file may hold.


class ImportRun:
    """Reads files one after the other. What could not be used is in the rejects file."""

    def __init__(self, writer: CorpusWriter, rejects: TextIO) -> None:
        """Take the open files."""
        self.counts = ImportCounts()
        self.positions: list[float] = []  # Of what is divided among the splits.
        self.encodings: list[OtherEncoding] = []  # Of the files that are not UTF-8.
        self._writer = writer
        self._rejects = rejects
        self._seen: dict[str, str] = {}  # The hash of id and text to the hash of the annotations.

    def read(self, file: AnnotationFile, given: str) -> None:
        """Read one file. `given` is the split that its name states, or the empty string."""
        unit = "utf16" if file.format in UTF16_TOOLS else "characters"
        plain = file.format in TAGGED_FORMATS and _has_plain_tags(file)
        before = self.counts.rules["rejected"]["invalid_utf8"]
        for record in read_file(file):
            if isinstance(record, TaggedSentence) and record.tokens == [DOCSTART]:
                continue  # CoNLL-2003 has such a row between two documents.
            self.counts.records["read"] += 1
            if isinstance(record, Broken):
                self._reject(record.place, record.problem, record.raw)
            elif isinstance(record, Document):
                self._take_document(record, unit, given)
            else:
                self._take_sentence(record, given, plain=plain)
        if self.counts.rules["rejected"]["invalid_utf8"] > before:
            self.encodings += other_encodings(path for path, _ in file.paths)

    def _take_document(self, document: Document, unit: str, given: str) -> None:
        counts, text = self.counts, document.text
        counts.annotations["read"] += len(document.annotations)
        counts.left_out += document.left_out
        words = find_words(text)
        verdicts = judge_annotations(text, words, document.annotations, unit)
        mentions = [verdict.mention for verdict in verdicts if verdict.mention]
        sentences, splits = tagged_sentences(text, words, mentions)
        name = document.id or content_hash(text)
        problem = document.problem or _text_problem(text, sentences) or self._repetition(name, text, mentions)
        if problem:
            for annotation in document.annotations:
                self._quarantine(document, Judgement(annotation, problem="rejected_record"))
            self._reject(document.place, problem, document.raw)
            return
        for verdict in verdicts:
            self._account(document, verdict)
        begun = sum(tag[0] == "B" for rows in sentences for _, tag in rows)
        if begun != len(mentions):
            raise NerpipeError(
                f"{document.place}: {len(mentions)} annotations were kept, but {begun} entities were written; this is "
                "a bug in the import"
            )
        counts.records["kept"] += 1
        counts.documents["all"] += 1
        counts.documents["empty"] += not document.annotations
        counts.words_split += splits
        counts.count_cuts((cuts_word(text, mention), text[: mention.start].isascii()) for mention in mentions)
        self._write(sentences, f"{name}\n{text}", given, name, alone=True)

    def _repetition(self, name: str, text: str, mentions: Sequence[object]) -> str:
        key, value = content_hash(name, text), content_hash(repr(sorted(map(str, mentions))))
        before = self._seen.setdefault(key, value) if key in self._seen else ""
        self._seen.setdefault(key, value)
        return before and ("repeated_document" if before == value else "conflicting_document")

    def _account(self, document: Document, verdict: Judgement) -> None:
        if verdict.mention is None:
            self._quarantine(document, verdict)
            return
        self.counts.annotations["repaired" if verdict.repairs else "kept"] += 1
        for rule in verdict.repairs:
            self.counts.count("repairs", rule, verdict.annotation.place or document.place)
        label = str(verdict.annotation.label).strip().encode("utf-8", "backslashreplace").decode("utf-8")
        self.counts.types.setdefault(verdict.mention.type, Counter())[label] += 1

    def _quarantine(self, document: Document, verdict: Judgement) -> None:
        place = verdict.annotation.place or document.place
        self.counts.annotations["quarantined"] += 1
        self.counts.count("quarantined", verdict.problem, place)
        row = {
            "place": place,
            "reason": verdict.problem,
            "meaning": ANNOTATION_PROBLEMS[verdict.problem],
            "annotation": shown(verdict.annotation.raw),
        }
        self._rejects.write(json.dumps(row) + "\n")

    def _take_sentence(self, sentence: TaggedSentence, given: str, *, plain: bool) -> None:
        tags = [f"I-{tag}" if plain and tag != OUTSIDE else tag for tag in sentence.tags]
        problem = _row_problem(sentence.tokens, tags)
        if problem:
            self._reject(sentence.place, problem, sentence.raw)
            return
        iob2, orphans, _ = to_iob2(tags)
        entities = len(spans_of(iob2))
        orphans = 0 if plain else orphans
        self.counts.annotations.update(read=entities, kept=entities - orphans, repaired=orphans)
        for _ in range(orphans):
            self.counts.count("repairs", "orphan_i", sentence.place)
        self.counts.records["kept"] += 1
        rows = list(zip(sentence.tokens, iob2, strict=True))
        self._write([rows], sentence.document or " ".join(sentence.tokens), given, sentence.document, alone=False)

    def _write(self, sentences: list[list[Row]], key: str, given: str, name: str, *, alone: bool) -> None:
        self._writer.write(sentences, key=key, given=given, document=name, alone=alone)
        if given in ("", "train"):
            self.positions.append(position_of(key))

    def _reject(self, place: str, problem: str, raw: str) -> None:
        self.counts.records["rejected"] += 1
        self.counts.count("rejected", problem, place)
        self._rejects.write(
            json.dumps({"place": place, "reason": problem, "meaning": RECORD_PROBLEMS[problem], "record": raw}) + "\n"
        )


def _has_plain_tags(file: AnnotationFile) -> bool:
    """Return whether the tags of a file are types without a prefix.

    Adjoining words of one type are then one entity.

    Raises:
        NerpipeError: If they are prefixes without a type, or prefixes and types in another notation.
    """
    tags = {tag for record in read_file(file) if isinstance(record, TaggedSentence) for tag in record.tags} - {OUTSIDE}
    plain = not any(map(is_tag, tags))
    if plain and (found := prefixes_among(tags)):
        what = "a prefix and no type" if len(found[0]) == 1 else "a prefix and a type in another notation"
        raise NerpipeError(
            f"{file.name}: some tags look like {what} ({', '.join(found[:4])}). Write them as B-TYPE and I-TYPE, and O "
            "outside of entities, and import the file again"
        )
    return plain


def _text_problem(text: str, sentences: Sequence[Sequence[Row]]) -> str:
    if "\0" in text:
        return "nul"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "lone_surrogate"
    if not sentences:
        return "no_words"
    return "long_sentence" if max(map(len, sentences)) > MOST_WORDS else ""


def _row_problem(tokens: Sequence[str], tags: Sequence[str]) -> str:
    if not tokens:
        return "no_words"
    if any(not token or _UNFIT.search(token) or read_boundary(f"{token}\t{OUTSIDE}") for token in tokens):
        return "bad_token"
    if not all(is_tag(tag) and tag.split() == [tag] and not _CHANGED.search(tag) for tag in tags):
        return "bad_tag"
    return "long_sentence" if len(tokens) > MOST_WORDS else ""
