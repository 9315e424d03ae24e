"""Where the sentences of train stand in the raw files, and the ids by which annotation tools give them back."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nerpipe.contracts.conll import Sentence, read_conll
from nerpipe.contracts.files import EXTRA, SPLITS, sha256_of
from nerpipe.corpus.cleaning import shown_name
from nerpipe.corpus.columns import find_layouts
from nerpipe.corpus.cutting import FRACTION, assigned_splits
from nerpipe.corpus.layout import Layout
from nerpipe.corpus.lines import NoDigest, read_lines
from nerpipe.corpus.reading import LineCounts, RawSentence, read_sentences
from nerpipe.corpus.sources import Corpus
from nerpipe.errors import NerpipeError

DIGITS_OF_HASH = 12
MOST_DIGITS_OF_LINE = 12


class SentenceId(NamedTuple):
    """The id of a sentence: its data set, its first line in the raw file of train, and a hash of its words."""

    corpus: str
    line: int  # Counted from 1.
    words: str

    def __str__(self) -> str:
        """Return the id as tasks hold it."""
        return f"{self.corpus}:{self.line}:{self.words}"


class SentencePlace(NamedTuple):
    """The place of a sentence of train in a raw file."""

    id: SentenceId
    file: str

    def __str__(self) -> str:
        """Return FILE:LINE."""
        return f"{self.file}:{self.id.line}"


def hash_of_words(tokens: Sequence[str]) -> str:
    """Give a hash of the words of a sentence."""
    content = "\n".join(tokens).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:DIGITS_OF_HASH]


def read_id(text: str) -> SentenceId | None:
    """Read an id, or return None if the text is none.

    >>> read_id("sample:12:0123456789ab")
    SentenceId(corpus='sample', line=12, words='0123456789ab')
    """
    parts = text.rsplit(":", 2)
    if len(parts) < len(SentenceId._fields) or not all(parts):
        return None
    corpus, line, words = parts
    if not (line.isascii() and line.isdecimal()) or len(line) > MOST_DIGITS_OF_LINE:
        return None
    return SentenceId(corpus, int(line), words)


def raw_training(corpus: Corpus) -> tuple[Layout, Iterator[RawSentence]]:
    """Read the raw file of train by the rules of clean_conll, with the sentences that it quarantines.

    Raises:
        NerpipeError: If the file cannot be read or its columns are not clear. The sentences raise it too.
    """
    source, settings = corpus.sources["train"], corpus.settings
    layout = find_layouts(corpus.sources, settings, corpus.place)["train"]
    counts = LineCounts()
    chunks = read_lines(source, NoDigest(), counts.repairs, settings.encoding)
    return layout, read_sentences(str(source), chunks, layout, counts, multi_tag=settings.multi_tag)


def training_places(
    clean: Path, rows: Sequence[Mapping[str, Any]], corpora: Mapping[str, Corpus]
) -> list[SentencePlace]:
    """Find the place of each sentence of train, and then of those of a second data set, in the order of the stages.

    Args:
        clean: The folder that clean_conll wrote.
        rows: The rows of clean.json.
        corpora: The data set under the name train and, under the name EXTRA, the second one, if there is one.

    Raises:
        NerpipeError: If a raw file was changed after clean_conll read it.
    """
    by_split = {row["split"]: row for row in rows}
    places = []
    for split, corpus in corpora.items():
        source = corpus.sources["train"]
        if sha256_of(source) != by_split[split]["sha256"]:
            raise NerpipeError(
                f"{source}: this file was changed after the pipeline read it; run `dvc repro tokenize_align`"
            )
        whole = [*_kept(corpus)]
        kept = _without_shared(whole, clean) if split == EXTRA else _without_cut(whole, corpus, rows)
        name = corpus.folder.name
        places += [
            SentencePlace(SentenceId(name, line, hash_of_words(sentence.tokens)), shown_name(source))
            for line, sentence in kept
        ]
    return places


def _kept(corpus: Corpus) -> Iterator[tuple[int, Sentence]]:
    """Yield the first line and the words of each raw sentence that is not quarantined, with the documents."""
    document, starts = None, False
    for raw in raw_training(corpus)[1]:
        if raw.boundary:
            document, starts = raw.boundary.document or None, True
        if any(word.problem for word in raw.words):
            continue
        yield raw.start, Sentence(tuple(word.token for word in raw.words), (), document, starts)
        starts = False


def _without_cut(
    whole: Sequence[tuple[int, Sentence]], corpus: Corpus, rows: Sequence[Mapping[str, Any]]
) -> list[tuple[int, Sentence]]:
    """Leave out the sentences that are cut from train, because dev or test has no file."""
    by = next((row["cut"]["by"] for row in rows if row["split"] in SPLITS and row["cut"]), "")
    if not by:
        return [*whole]
    settings = corpus.settings
    missing = [split for split in SPLITS if split not in corpus.sources]
    fractions = {split: getattr(settings, f"{split}_fraction") or FRACTION for split in missing}
    splits = assigned_splits((sentence for _, sentence in whole), fractions, by=by)
    return [pair for pair, (split, _) in zip(whole, splits, strict=True) if split == "train"]


def _without_shared(whole: Sequence[tuple[int, Sentence]], clean: Path) -> list[tuple[int, Sentence]]:
    """Leave out the sentences of a second data set that are also in dev or test of the first one."""
    seen = {sentence.tokens for split in ("dev", "test") for sentence in read_conll(clean / f"{split}.conll")}
    return [pair for pair in whole if pair[1].tokens not in seen]
