"""The folder that an import writes, whole or not at all: data/raw/NAME."""

import codecs
import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from nerpipe.contracts.conll import format_boundary, format_sentence, read_conll, writing_conll
from nerpipe.contracts.files import SPLITS, replacing, sha256_of, write_json, write_text
from nerpipe.contracts.splitting import position_of, split_of
from nerpipe.corpus.cutting import sentence_key, try_cut
from nerpipe.corpus.sources import UNLABELLED_FILE
from nerpipe.errors import NerpipeError

REPORT, REJECTS, DESCRIPTION = "import_report.json", "import_rejects.jsonl", "corpus.yaml"
KEPT_FILES = (DESCRIPTION, UNLABELLED_FILE)  # Files of people that an import leaves as they are.
NAME_PATTERN = r"[A-Za-z0-9][\w.-]*"  # As the param `dataset`.
CORPUS_YAML = "scheme: IOB2\ntoken_column: 1\ntag_column: 2\n"


def check_name(name: str, *, option: str = "--name") -> None:
    """Check the name of a data set.

    Args:
        name: The name.
        option: The option that holds it, for the message.

    Raises:
        NerpipeError: If it cannot be the name of a data set.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise NerpipeError(
            f"{option} {name!r}: a name begins with a letter or digit and holds letters, digits, `_`, `-` and `.`"
        )


def check_folder(folder: Path) -> None:
    """Check that an import may write this folder: it is not there, or an import wrote it and nobody changed it.

    A corpus.yaml that was changed and texts for a teacher are allowed, because an import keeps them. So is a folder
    that holds nothing but such texts.

    Raises:
        NerpipeError: If the folder holds anything else.
    """
    if not folder.parent.is_dir():
        raise NerpipeError(f"{folder.parent}: no such folder; run from the project's root folder, which holds it")
    if not folder.exists():
        return
    other = "choose another --name, or move the folder away"
    written = _written(folder / REPORT)
    if not written and {path.name for path in folder.iterdir()} != {UNLABELLED_FILE}:
        raise NerpipeError(f"{folder}: the folder exists, and no import wrote it; {other}")
    for path in sorted(folder.iterdir()):
        if path.name in (REPORT, *KEPT_FILES):
            continue
        if path.name not in written or not path.is_file() or sha256_of(path) != written[path.name]:
            raise NerpipeError(f"{path}: this file was added or changed after the import that wrote {folder}; {other}")


def _written(report: Path) -> dict[str, str]:
    """Read the hashes of the files that an import wrote, or give none if the report is none of an import."""
    try:
        written = json.loads(report.read_text(encoding="utf-8"))["written"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return written if isinstance(written, dict) else {}


class CorpusWriter:
    """Writes the documents of an import into the files of the three splits, and counts what they hold."""

    def __init__(self, folder: Path, stack: ExitStack, dev: float, test: float) -> None:
        """Open the files of the splits.

        Args:
            folder: Folder to write, which exists.
            stack: Closes the files.
            dev: Fraction of documents for dev, where the input gives no dev.
            test: Fraction of documents for test, where the input gives no test.
        """
        self._files = {split: stack.enter_context(writing_conll(folder / f"{split}.conll")) for split in SPLITS}
        self._fractions = dev, test
        self._last_document = dict.fromkeys(SPLITS, "")
        self.counts = {split: Counter[str]() for split in SPLITS}
        self.types = {split: Counter[str]() for split in SPLITS}

    def write(
        self, sentences: Sequence[Sequence[tuple[str, str]]], *, key: str, given: str, document: str, alone: bool
    ) -> None:
        """Write the sentences of one document, or one sentence, into its split.

        Args:
            sentences: Rows of word and tag.
            key: The content by which the split is chosen.
            given: The split that the input gives, or the empty string.
            document: Id of the document, or the empty string if there is none. A line `-DOCSTART-` with the id begins
                each document.
            alone: Whether these are all sentences of the document. If not, it goes on while the id is the same.
        """
        split = split_of(key, *self._fractions) if given in ("", "train") else given
        file, counts = self._files[split], self.counts[split]
        if document and (alone or document != self._last_document[split]):
            shown = re.sub(r"[\s\x00-\x1f\ud800-\udfff]+", "_", document)
            file.write(format_boundary(shown))
            counts["documents"] += 1
        self._last_document[split] = document
        for rows in sentences:
            file.write(format_sentence(rows))
            counts["sentences"] += 1
            counts["tokens"] += len(rows)
            self.types[split].update(tag[2:] for _, tag in rows if tag[0] == "B")

    def rows(self) -> dict[str, Any]:
        """Give the counts of the splits for the report."""
        return {
            split: {
                **{name: self.counts[split][name] for name in ("documents", "sentences", "tokens")},
                "entities": self.types[split].total(),
                "entities_by_type": dict(sorted(self.types[split].items())),
            }
            for split in SPLITS
        }


def cut_by_sentences(folder: Path, fractions: Mapping[str, float]) -> dict[str, Any] | None:
    """Divide the sentences of train and of the splits that were cut from it anew, by sentences instead of documents.

    Args:
        folder: The folder with the files of the splits.
        fractions: The fraction of each split that is cut from train.

    Returns:
        The counts of these splits for the report, or None if there are too few sentences. Nothing is changed then.
    """
    targets = {split: folder / f"{split}.conll" for split in SPLITS if split == "train" or split in fractions}
    whole, mark = folder / ".whole.conll.partial", codecs.BOM_UTF8
    content = b"".join(path.read_bytes().removeprefix(mark) for path in targets.values())
    whole.write_bytes((mark if content.startswith(mark) else b"") + content)
    cut = try_cut(whole, targets, fractions, "sentence")
    whole.unlink()
    return cut and {
        split: {name: value for name, value in counts.row().items() if name != "duplicate_sentences"}
        for split, counts in cut.counts.items()
    }


def sentence_positions(folder: Path, splits: Iterable[str]) -> list[float]:
    """Give the positions by which `cut_by_sentences` divides the sentences of these splits."""
    found = (sentence for split in splits for sentence in read_conll(folder / f"{split}.conll"))
    return [position_of(sentence_key(sentence)) for sentence in found]


@contextmanager
def corpus_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes the data set if the block ends without an error."""
    with replacing(folder) as temporary:
        temporary.mkdir()
        yield temporary
        write_text(temporary / DESCRIPTION, CORPUS_YAML)
        for name in KEPT_FILES:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, temporary / name)


def write_report(folder: Path, report: dict[str, Any]) -> None:
    """Write the report of an import, with the hashes of the files that it wrote."""
    names = [*(f"{split}.conll" for split in SPLITS), REJECTS]
    write_json(folder / REPORT, {**report, "written": {name: sha256_of(folder / name) for name in names}})


def content_hash(*parts: str) -> str:
    """Give a hash of several texts, as 16 hexadecimal digits."""
    content = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:16]
