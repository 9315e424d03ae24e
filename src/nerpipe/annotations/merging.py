"""`nerpipe import --merge`: corrected tasks back into the raw file of train. Nothing but their tags changes."""

import stat
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from nerpipe.annotations.corrections import CorrectedTask, RefusedTask, read_tasks, wanted_spans
from nerpipe.contracts.escapes import shell_word
from nerpipe.contracts.files import replacing
from nerpipe.contracts.schemes import Span, spans_of
from nerpipe.corpus.lines import UTF8
from nerpipe.corpus.reading import RawSentence
from nerpipe.corpus.sources import Corpus, resolve_corpus
from nerpipe.corpus.tag_rewriting import TagWriter
from nerpipe.corpus.training_places import hash_of_words, raw_training
from nerpipe.errors import NerpipeError


class MergedSentence(NamedTuple):
    """A sentence whose tags changed."""

    place: str  # FILE:LINE of the sentence.
    words: list[str]
    before: list[Span]
    after: list[Span]


class MergeReport(NamedTuple):
    """What a merge did with each record."""

    file: Path
    changed: list[MergedSentence]
    unchanged: int
    unanswered: int
    refused: list[RefusedTask]


def merge_corrections(names: Sequence[str | Path], folder: Path) -> MergeReport:
    """Take the corrections of tasks into the raw file of train, which is replaced in one step.

    A record that cannot be used changes nothing, and the others are taken. A second run changes nothing.

    Args:
        names: The exports of an annotation tool.
        folder: The folder of the data set, data/raw/NAME.

    Raises:
        NerpipeError: If an export or the data set cannot be read, the file of train does not lie in the folder, or no
            record holds the id of a sentence.
    """
    corpus = resolve_corpus(folder, "--merge")
    training = _TrainingFile(corpus)
    report = MergeReport(training.path, [], 0, 0, [])
    tasks: list[CorrectedTask] = []
    for task in read_tasks(names):
        if task is None:
            report = report._replace(unanswered=report.unanswered + 1)
        elif isinstance(task, RefusedTask):
            report.refused.append(task)
        else:
            tasks.append(task)
    if not tasks:
        unanswered = f": nobody has answered any of its {report.unanswered:,} records"
        shown = f": {report.refused[0].place}: {report.refused[0].why}" if report.refused else unanswered
        raise NerpipeError(
            f"{', '.join(map(str, names))}: no record can be taken into {training.path}{shown}. "
            "`nerpipe suspects --tool ... --tasks FILE` writes tasks whose corrections can be merged"
        )
    return training.merge(tasks, report)


class _Correction(NamedTuple):
    """What a task makes of its sentence."""

    place: str  # FILE:LINE of the task.
    sentence: RawSentence
    before: list[Span]
    after: list[Span]
    lines: dict[int, str]  # The new lines of the file by their numbers. Empty if nothing changes.


class _TrainingFile:
    """The raw file of train, its sentences, and their places."""

    def __init__(self, corpus: Corpus) -> None:
        self.path = corpus.sources["train"]
        self._corpus = corpus
        if corpus.settings.files:
            raise NerpipeError(
                f"{corpus.place}: the files of this data set are downloaded, so nothing can be changed in them. Copy "
                f"{self.path} as train.conll, and the files of dev and test, into a folder of your own in data/raw, "
                "and run `nerpipe suspects` with that data set"
            )
        layout, sentences = raw_training(corpus)
        self._sentences = [sentence for sentence in sentences if not any(word.problem for word in sentence.words)]
        settings = corpus.settings
        self._writer = TagWriter(layout, settings.types, settings.multi_tag, self._sentences)
        self._at_line = {sentence.start: sentence for sentence in self._sentences}
        self._with_words: defaultdict[str, list[RawSentence]] = defaultdict(list)
        for sentence in self._sentences:
            self._with_words[_hash(sentence)].append(sentence)

    def find(self, task: CorrectedTask) -> RawSentence | RefusedTask:
        """Find the sentence of a task: at its line, or, if lines were added or removed, by its words."""
        name, line, words = task.id
        if name != self._corpus.folder.name:
            return RefusedTask(task.place, f"its sentence is one of the data set {name!r}")
        there = self._at_line.get(line)
        if there and _hash(there) == words:
            return there
        same = self._with_words.get(words, [])
        if len(same) == 1:
            return same[0]
        where = f"{self.path}:{line}"
        if same:
            lines = ", ".join(str(sentence.start) for sentence in same[:5])
            return RefusedTask(
                task.place, f"its sentence is no longer at {where}, and several have its words (lines {lines})"
            )
        return RefusedTask(task.place, f"the words of its sentence, {where}, were changed after the tasks were written")

    def merge(self, tasks: Sequence[CorrectedTask], report: MergeReport) -> MergeReport:
        """Change the sentences of the tasks, and write the file if any changed."""
        by_sentence: defaultdict[int, list[_Correction]] = defaultdict(list)
        for task in tasks:
            found = self._correction(task)
            if isinstance(found, RefusedTask):
                report.refused.append(found)
            else:
                by_sentence[found.sentence.start].append(found)
        lines: dict[int, str] = {}
        unchanged = 0
        for corrections in by_sentence.values():
            if others := _disagreeing(corrections):
                report.refused.extend(others)
                continue
            first = corrections[0]
            unchanged += len(corrections) - bool(first.lines)
            if first.lines:
                lines |= first.lines
                words = [word.token for word in first.sentence.words]
                report.changed.append(MergedSentence(self._place(first.sentence), words, first.before, first.after))
        if lines:
            self._write(lines)
        return report._replace(unchanged=unchanged)

    def _place(self, sentence: RawSentence) -> str:
        return f"{self.path}:{sentence.start}"

    def _correction(self, task: CorrectedTask) -> _Correction | RefusedTask:
        """Find out what a task changes, without changing it."""
        sentence = self.find(task)
        if isinstance(sentence, RefusedTask):
            return sentence
        after = wanted_spans(task, [word.token for word in sentence.words])
        if isinstance(after, RefusedTask):
            return after
        before = spans_of(self._writer.clean_tags(sentence))
        try:
            lines = self._writer.rewrite(sentence, after) if before != after else {}
        except NerpipeError as error:
            return RefusedTask(task.place, f"{error} ({self._place(sentence)})")
        return _Correction(task.place, sentence, before, after, lines)

    def _write(self, new: dict[int, str]) -> None:
        """Replace lines of the file. Every other byte stays as it is.

        Raises:
            NerpipeError: If the encoding of the file does not allow that.
        """
        target = self.path.resolve()  # A link stays, and the file that it leads to is replaced.
        if self.path.is_symlink() and not target.stat().st_mode & stat.S_IWUSR:
            raise NerpipeError(
                f"{self.path}: this is a link to {target}, a file that must not be written, as those in the cache of "
                f"DVC; make it a file of its own (`dvc unprotect {shell_word(str(self.path))}`), and merge again"
            )
        content, encoding = self.path.read_bytes(), self._corpus.settings.encoding
        errors = "surrogateescape" if encoding == UTF8 else "strict"
        text = content.decode(encoding, errors)
        if text.encode(encoding, errors) != content:
            raise NerpipeError(
                f"{self.path}: read as {encoding} and written again, the file would have other bytes, so nothing is "
                f"changed. Convert it (iconv -f {encoding} -t UTF-8 OLD > NEW), and remove the key encoding from "
                f"{self._corpus.place}"
            )
        lines = text.split("\n")
        for number, line in new.items():
            old = lines[number - 1]
            # The reader left out one mark at the beginning of the file, and one CR before each LF.
            mark = "\ufeff" if number == 1 and old.startswith("\ufeff") else ""
            end = "\r" if number < len(lines) and old.endswith("\r") else ""
            lines[number - 1] = mark + line + end
        with replacing(target) as temporary:
            temporary.touch(mode=0o600)  # Nobody else may read it before it has the mode of the file.
            temporary.write_bytes("\n".join(lines).encode(encoding, errors))


def _disagreeing(corrections: Sequence[_Correction]) -> list[RefusedTask]:
    """Refuse all corrections of a sentence if they are not the same: only people know which one is right."""
    first = corrections[0]
    other = next((each for each in corrections if each.after != first.after), None)
    if other is None:
        return []
    return [
        RefusedTask(
            each.place,
            f"{(other if each.after == first.after else first).place} corrects the same sentence in another way, so "
            "that neither is taken; keep the right one",
        )
        for each in corrections
    ]


def _hash(sentence: RawSentence) -> str:
    return hash_of_words([word.token for word in sentence.words])
