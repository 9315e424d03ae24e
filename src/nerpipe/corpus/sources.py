"""Finding of the raw files of a data set, which lie in its folder or at the addresses that its source.yaml names."""

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.files import SPLITS, project_root, sha256_of
from nerpipe.errors import NerpipeError
from nerpipe.yaml_reader import load_yaml

MIRROR_VARIABLE = "NERPIPE_MIRROR"
WAY_OUT = "or train on the sample corpus in the repository: dataset=sample"  # The last advice of an error message.


class Pointer(NamedTuple):
    """The entry of one split in source.yaml."""

    url: str
    file: str
    sha256: str


def resolve_corpus(folder: Path) -> dict[str, Path]:
    """Find the raw file of each split.

    Args:
        folder: The folder data/raw/NAME. It holds train.conll, dev.conll and test.conll, or a source.yaml with `url`,
            `file` and `sha256` for each split. In the second case, each file is looked for first in the folder
            NERPIPE_MIRROR/NAME (a relative path starts at the root of the repository), then in the user's download
            cache, and is else downloaded.

    Raises:
        NerpipeError: If the folder or a file is missing, source.yaml is not valid, a file cannot be downloaded, or its
            hash is wrong.
    """
    if not folder.is_dir():
        raise NerpipeError(_no_such_corpus(folder))
    pointer = folder / "source.yaml"
    if pointer.exists():
        return {split: _fetch(folder.name, entry) for split, entry in read_pointer(pointer).items()}
    paths = {split: folder / f"{split}.conll" for split in SPLITS}
    missing = [path for path in paths.values() if not path.is_file()]
    if missing:
        raise NerpipeError(
            f"{folder}: missing: {', '.join(path.name for path in missing)}; a data set is a folder with train.conll, "
            "dev.conll and test.conll, or with a source.yaml that gives their addresses" + _copy_hint(folder, missing)
        )
    return paths


def read_pointer(path: Path) -> dict[str, Pointer]:
    """Read a source.yaml.

    Raises:
        NerpipeError: If a split or one of its three keys is missing, unknown or not valid.
    """
    raw = load_yaml(path)
    if not isinstance(raw, Mapping) or set(raw) != set(SPLITS):
        found = sorted(raw) if isinstance(raw, Mapping) else type(raw).__name__
        raise NerpipeError(f"{path}: expected the keys train, dev and test, found {found}")
    entries = {}
    for split in SPLITS:
        entry = raw[split]
        if not isinstance(entry, Mapping) or set(entry) != set(Pointer._fields):
            raise NerpipeError(f"[{path} -> {split}] is {entry!r}; expected the keys {', '.join(Pointer._fields)}")
        pointer = Pointer(**{key: str(value) for key, value in entry.items()})
        if not re.fullmatch(r"[0-9a-f]{64}", pointer.sha256):
            raise NerpipeError(
                f"[{path} -> {split}.sha256] {pointer.sha256!r} is not a SHA-256; expected 64 lower-case hexadecimal "
                "digits"
            )
        if not re.match(r"https?://", pointer.url):
            raise NerpipeError(
                f"[{path} -> {split}.url] {pointer.url!r} is not an address that begins with http:// or https://"
            )
        if Path(pointer.file).name != pointer.file:
            raise NerpipeError(f"[{path} -> {split}.file] {pointer.file!r} must be a plain file name")
        entries[split] = pointer
    return entries


def _no_such_corpus(folder: Path) -> str:
    """Return the error message for a data set that does not exist."""
    known = sorted(path.name for path in folder.parent.glob("*") if path.is_dir())
    near = difflib.get_close_matches(folder.name, known, n=1)
    hint = f"did you mean dataset={near[0]}?" if near else f"the data sets here are: {', '.join(known) or 'none'}."
    return (
        f"[params.yaml -> dataset] {folder.name!r}: there is no folder {folder}; {hint} To add your own data set, put "
        f"train.conll, dev.conll and test.conll there{_copy_hint(folder, [folder])}"
    )


def _copy_hint(folder: Path, missing: Sequence[Path]) -> str:
    """Return advice for a file that exists in the repository but not in the working directory, or an empty text.

    Under `dvc exp run --temp` or `--queue`, the working directory is a copy of the files that git and DVC track.
    """
    root = project_root()
    if root.resolve() == Path.cwd() or not any((root / path).exists() for path in missing):
        return ""
    return (
        f". They are in {root / folder}, but this run works on a copy that holds only what git or DVC tracks: "
        f"`git add data/raw/{folder.name}` (or `dvc add` its files) and start the run again"
    )


def _fetch(corpus: str, entry: Pointer) -> Path:
    """Return the path of the file of an entry, in the mirror or in the download cache."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    if mirror:
        path = project_root() / mirror / corpus / entry.file
        if path.is_file():
            found = sha256_of(path)
            if found != entry.sha256:
                raise NerpipeError(
                    f"{path}: its SHA-256 is {found}; expected {entry.sha256}. {MIRROR_VARIABLE} names this folder: "
                    f"put the file from {entry.url} there, unset {MIRROR_VARIABLE} to download the file, {WAY_OUT}"
                )
            return path
    return _download(corpus, entry)


def _download(corpus: str, entry: Pointer) -> Path:
    """Return the path of the file of an entry in the download cache. Download the file if it is not there."""
    import pooch
    from requests import RequestException

    cache = Path(pooch.os_cache("nerpipe")) / corpus
    path = cache / entry.file
    if path.is_file() and sha256_of(path) == entry.sha256:
        return path
    # pooch downloads to a temporary file, and renames it only if its hash is right.
    try:
        pooch.retrieve(
            entry.url,
            known_hash=f"sha256:{entry.sha256}",
            fname=entry.file,
            path=cache,
            downloader=pooch.HTTPDownloader(timeout=30),
        )
    except ValueError as error:
        raise NerpipeError(
            f"{entry.url}: the SHA-256 of the downloaded file is not {entry.sha256}, which source.yaml expects, and "
            f"the file was deleted ({error}). The download was cut off, or the file has changed. Try again, put the "
            f"right file at {MIRROR_VARIABLE}/{corpus}/{entry.file}, {WAY_OUT}"
        ) from None
    except (RequestException, OSError) as error:
        raise NerpipeError(
            f"{entry.url}: could not be fetched ({type(error).__name__}: {str(error)[:200]}). Without a network, put "
            f"the file at {MIRROR_VARIABLE}/{corpus}/{entry.file} (set {MIRROR_VARIABLE} to a folder of your choice), "
            f"{WAY_OUT}"
        ) from None
    return path
