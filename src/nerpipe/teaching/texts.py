"""Reading of the texts without labels that lie beside a data set, one on each line of unlabelled.txt."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.escapes import shell_word
from nerpipe.contracts.files import project_root
from nerpipe.contracts.word_rules import find_words
from nerpipe.corpus.charset import INVALID, check_encoding
from nerpipe.corpus.lines import NoDigest, look_at, read_lines, show_line
from nerpipe.corpus.settings import SETTINGS_FILE, load_settings
from nerpipe.corpus.sources import UNLABELLED_FILE
from nerpipe.errors import NerpipeError

SHOWN_BAD_LINES = 5  # The most bad lines that a message shows.
SHOWN_OF_LINE = 60  # Characters of a line in a message.


class Texts(NamedTuple):
    """Texts without labels."""

    sentences: list[list[str]]  # The words of each text. No two texts have the same words.
    repeated: int  # Lines whose words are those of an earlier line.
    held_out: int  # Lines that are sentences of dev or test. They are left out.


def read_unlabelled(folders: Sequence[Path], rule: str, held_out: Iterable[Sequence[str]]) -> Texts:
    """Read the texts without labels of data sets. A line without a word is no text.

    Args:
        folders: Folders of data sets, of which at least one holds unlabelled.txt. An `encoding` in its corpus.yaml
            holds for this file too.
        rule: The rule that finds words, a key of RULES.
        held_out: The words of each sentence of dev and test. A text is the same as a sentence if both are the same
            without white space, however they are cut into words.

    Raises:
        NerpipeError: If no folder holds the file, or one whose copy in the repository's root holds it lacks it; if it
            cannot be read, holds a line that is not text, or leaves no text.
    """
    files = [path for folder in folders if _is_there(path := folder / UNLABELLED_FILE)]
    if not files:
        names = " or ".join(str(folder / UNLABELLED_FILE) for folder in folders)
        raise NerpipeError(
            f"[params.yaml -> teacher] a teacher needs texts without labels, and there is no {names}; put texts like "
            "those of the data set there, one on each line, or set `teacher: none`"
        )
    known = {_without_blanks("".join(words)) for words in held_out}
    found: dict[tuple[str, ...], None] = {}  # Keeps the order.
    counts: Counter[str] = Counter()
    for path in files:
        for line in _lines(path):
            words = tuple(line[start:end] for start, end in find_words(line, rule))
            if words and _without_blanks(line) in known:
                counts["held out"] += 1
            elif words:
                counts["repeated"] += words in found
                found[words] = None
    if not found:
        names = " and ".join(map(str, files))
        raise NerpipeError(
            f"{names}: no line holds a text that may be learnt: each is empty, or a sentence of dev or test"
        )
    return Texts([[*words] for words in found], counts["repeated"], counts["held out"])


def _without_blanks(text: str) -> str:
    return "".join(text.split())


def _is_there(path: Path) -> bool:
    """Return whether a folder holds texts.

    Raises:
        NerpipeError: If what has their name is no file, or a file of this name was left behind in the original folder.
    """
    if path.is_file():
        return True
    if path.exists() or path.is_symlink():
        raise NerpipeError(f"{path}: this is no file, or a link to none; a file of texts is expected, one on each line")
    root = project_root()
    if root.resolve() != Path.cwd() and (root / path).exists():
        raise NerpipeError(
            f"[params.yaml -> teacher] {root / path} is there, but this run works on a copy that holds only what git "
            f"or DVC tracks: `git add {shell_word(str(path))}`, or `dvc add` it and `git add` the files that DVC "
            "names; then start the run again"
        )
    return False


def _lines(path: Path) -> list[str]:
    """Read the lines of a file. U+FEFF at the start of a line, as files that were joined have it, is no part of it.

    Raises:
        NerpipeError: If it cannot be read or a line is not text.
    """
    encoding, place = load_settings(path.parent).encoding, path.parent / SETTINGS_FILE
    check_encoding(look_at(path, encoding).lines, str(path), place)
    chunks = read_lines(path, NoDigest(), Counter(), encoding)
    lines = [line.removeprefix("\ufeff") for chunk in chunks for line in chunk]
    bad = [number for number, line in enumerate(lines, start=1) if "\0" in line or INVALID.search(line)]
    if bad:
        shown = [f"\n{path}:{row}: {show_line(lines[row - 1])[0][:SHOWN_OF_LINE]}" for row in bad[:SHOWN_BAD_LINES]]
        raise NerpipeError(
            f"{path}: {len(bad):,} of {len(lines):,} lines hold a NUL or a byte that is not UTF-8; correct or delete "
            f"these lines{''.join(shown)}"
        )
    return lines
