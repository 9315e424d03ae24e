"""Parts of a clean file: files that hold some of its sentences, with the boundaries of their documents."""

from collections import Counter
from typing import Any, TextIO

from nerpipe.contracts.conll import Sentence, format_boundary, format_sentence
from nerpipe.corpus.duplicates import SentenceHashes


class PartCounts:
    """The counts of the sentences of one part."""

    def __init__(self) -> None:
        """Set all counts to zero."""
        self.sentences = self.tokens = self.documents = 0
        self.types: Counter[str] = Counter()  # Entities by type.
        self.hashes = SentenceHashes()

    def row(self) -> dict[str, Any]:
        """Return the counts under their names in clean.json."""
        return {
            "sentences": self.sentences,
            "tokens": self.tokens,
            "entities": self.types.total(),
            "entities_by_type": dict(sorted(self.types.items())),
            "documents": self.documents,
            "duplicate_sentences": self.hashes.repeated(),
        }


class PartWriter:
    """Writes sentences of a clean file to one part of it, and counts them."""

    def __init__(self, file: TextIO) -> None:
        """Take the open file of the part."""
        self.counts = PartCounts()
        self._file = file
        self._document: tuple[int, str | None] = (0, None)  # The document of the last sentence.

    def write(self, sentence: Sentence, number: int) -> None:
        """Write a sentence, after a boundary if it is the first one of its document in this part.

        Args:
            sentence: The sentence.
            number: The number of documents of the clean file that have begun so far, this sentence's included.
        """
        counts = self.counts
        if (number, sentence.document) != self._document:
            self._file.write(format_boundary(sentence.document))
            self._document = (number, sentence.document)
            counts.documents += 1
        self._file.write(format_sentence(zip(sentence.tokens, sentence.tags, strict=True)))
        counts.sentences += 1
        counts.tokens += len(sentence.tokens)
        counts.types.update(tag[2:] for tag in sentence.tags if tag[0] == "B")
        counts.hashes.add("\n".join(sentence.tokens))
