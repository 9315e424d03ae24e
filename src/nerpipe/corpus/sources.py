"""Where a data set's raw files are: in its folder, or at the pinned addresses that its corpus.yaml names."""

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.escapes import shell_word
from nerpipe.contracts.files import SPLITS, project_root
from nerpipe.corpus.pointers import fetch
from nerpipe.corpus.settings import OLD_FILE, SETTINGS_FILE, CorpusSettings, load_settings
from nerpipe.errors import NerpipeError

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "dev": "dev",
    "devel": "dev",
    "valid": "dev",
    "val": "dev",
    "validation": "dev",
    "testa": "dev",
    "test": "test",
    "testb": "test",
}
UNLABELLED_FILE = "unlabelled.txt"  # Texts for a teacher, which are no split.
ENDINGS = frozenset({"conll", "conllu", "conllup", "txt", "tsv", "bio", "iob", "iob2", "bioes", "bmes"})


class Corpus(NamedTuple):
    """A data set as it lies in data/raw."""

    folder: Path
    settings: CorpusSettings
    sources: Mapping[str, Path]  # The raw file of each split that has one, train first.

    @property
    def place(self) -> Path:
        """The corpus.yaml that messages name, whether it is there or not."""
        return self.folder / SETTINGS_FILE


def resolve_corpus(folder: Path, origin: str = "params.yaml -> dataset") -> Corpus:
    """Find the raw file of each split, and read corpus.yaml.

    Args:
        folder: data/raw/NAME. It holds a file of each split, such as train.conll, dev.conll and test.conll; or a
            corpus.yaml with `url`, `file` and `sha256` of each split. Those are taken from the folder
            NERPIPE_MIRROR/NAME (a relative mirror counts from the repository's root), else from the user's download
            cache, else from the network. Dev and test may be missing.
        origin: Where the name of the data set comes from, for messages.

    Raises:
        NerpipeError: If the folder, the file of train or a usable corpus.yaml is missing, two files are of one split, a
            file cannot be fetched, or its hash is wrong.
    """
    if not folder.is_dir():
        raise NerpipeError(_no_such_corpus(folder, origin))
    settings = load_settings(folder)
    if settings.files:
        sources = {split: fetch(folder.name, entry) for split, entry in settings.files.items()}
    else:
        sources = _find_splits(folder)
    for split in ("dev", "test"):
        if split in sources and getattr(settings, f"{split}_fraction") is not None:
            raise NerpipeError(
                f"[{folder / SETTINGS_FILE} -> {split}_fraction] {sources[split]} is the file of this split, so "
                f"nothing is to be cut from train; remove the key {split}_fraction or the file"
            )
    return Corpus(folder, settings, sources)


def _find_splits(folder: Path) -> dict[str, Path]:
    """Find the file of each split by its name. SPLIT.conll is taken before any other."""
    found: dict[str, list[Path]] = {split: [] for split in SPLITS}
    for path in sorted(folder.iterdir()):
        split = _split_of(path)
        if split:  # Also a link to nothing, or a folder: reading it fails, instead of cutting the split from train.
            found[split].append(path)
    sources = {}
    for split, paths in found.items():
        usual = folder / f"{split}.conll"
        if usual not in paths and len(paths) > 1:
            names = ", ".join(path.name for path in paths)
            raise NerpipeError(
                f"{folder}: {names} could all be the file of {split}; rename the right one to {split}.conll, or remove "
                "the others"
            )
        if paths:
            sources[split] = usual if usual in paths else paths[0]
    missing = [folder / f"{split}.conll" for split in SPLITS if split not in sources]
    left_behind = _copy_hint(folder, missing)
    if "train" not in sources:
        raise NerpipeError(
            f"{folder}: no file of train found; a data set is a folder with train.conll, dev.conll and test.conll "
            f"(also valid, validation, testa or testb, and the endings {', '.join(sorted(ENDINGS))}), or with a "
            f"{SETTINGS_FILE} that says where to load them from. Dev and test may be missing: they are cut from "
            f"train{_rename_hint(folder)}{left_behind}"
        )
    if left_behind:
        raise NerpipeError(f"{folder}: {', '.join(path.name for path in missing)} not there{left_behind}")
    return sources


def _rename_hint(folder: Path) -> str:
    """Return advice on a single file whose name says no split, or an empty text."""
    there = (path for path in sorted(folder.iterdir()) if path.name != UNLABELLED_FILE)
    files = [path for path in there if path.suffix[1:].casefold() in ENDINGS and path.stat().st_size]
    if len(files) != 1:
        return ""
    new = f"train{files[0].suffix}"
    return f". If {files[0].name} holds the corpus, rename it to {new}"


def _split_of(path: Path) -> str | None:
    """Return the split that a file name stands for: one of its parts names it, and its ending is one of a corpus."""
    *parts, ending = path.name.casefold().split(".")
    if ending in SPLIT_NAMES and parts:
        return SPLIT_NAMES[ending]  # eng.testa
    if ending not in ENDINGS:
        return None
    named = {SPLIT_NAMES[part] for part in re.split(r"[._-]", ".".join(parts)) if part in SPLIT_NAMES}
    return named.pop() if len(named) == 1 else None


def _no_such_corpus(folder: Path, origin: str) -> str:
    """Return the error message for a data set that does not exist."""
    known = sorted(path.name for path in folder.parent.glob("*") if _holds_corpus(path))
    near = difflib.get_close_matches(folder.name, known, n=1)
    there = f"the data sets here are: {', '.join(known)}." if known else "there are no data sets here."
    hint = f"did you mean {near[0]}?" if near else there
    return (
        f"[{origin}] {folder.name!r}: there is no folder {folder}; {hint} To add your own data set, put "
        f"train.conll, dev.conll and test.conll there{_copy_hint(folder, [folder])}"
    )


def _holds_corpus(folder: Path) -> bool:
    """Return whether a folder looks like a data set, which the one for `extra: none` does not."""
    try:
        return any(path.name in (SETTINGS_FILE, OLD_FILE) or _split_of(path) for path in folder.iterdir())
    except OSError:
        return False


def _copy_hint(folder: Path, missing: Sequence[Path]) -> str:
    """Return advice for a file that exists in the repository but not in the working directory, or an empty text.

    Under `dvc exp run --temp` or `--queue`, the working directory is a copy of the files that git and DVC track.
    """
    root = project_root()
    home = root / folder
    if root.resolve() == Path.cwd() or not home.is_dir():
        return ""
    there = {_split_of(path) for path in home.iterdir()}
    if not any(path == folder or _split_of(path) in there for path in missing):
        return ""
    return (
        f". They are in {home}, but this run works on a copy that holds only what git or DVC tracks: "
        f"`git add {shell_word(f'data/raw/{folder.name}')}` (or `dvc add` its files) and start the run again"
    )
