"""Addresses of raw files: what the key `files` of corpus.yaml holds, and how such a file is fetched."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from nerpipe.contracts.files import SPLITS, project_root, sha256_of
from nerpipe.errors import NerpipeError

MIRROR_VARIABLE = "NERPIPE_MIRROR"
WAY_OUT = "or train on the sample corpus in the repository: dataset=sample"  # The last advice of an error message.


class Pointer(NamedTuple):
    """The entry of one split."""

    url: str
    file: str
    sha256: str


def read_pointers(raw: object, where: str) -> dict[str, Pointer]:
    """Check what names the files of the splits. The file of train is needed; dev and test may be missing.

    Args:
        raw: What the YAML file holds.
        where: The file and, if there is one, the key, for messages.

    Raises:
        NerpipeError: If train is missing, a key is unknown, or a value is malformed.
    """
    if not isinstance(raw, Mapping) or "train" not in raw or not set(raw) <= set(SPLITS):
        found = sorted(map(str, raw)) if isinstance(raw, Mapping) else type(raw).__name__
        raise NerpipeError(f"[{where}] expected the keys train, dev and test, found {found}")
    entries = {}
    for split in SPLITS:
        if split not in raw:
            continue
        entry = raw[split]
        if not isinstance(entry, Mapping) or set(entry) != set(Pointer._fields):
            raise NerpipeError(f"[{where} -> {split}] is {entry!r}; expected the keys {', '.join(Pointer._fields)}")
        pointer = Pointer(**{key: str(value) for key, value in entry.items()})
        if not re.fullmatch(r"[0-9a-f]{64}", pointer.sha256):
            raise NerpipeError(
                f"[{where} -> {split}.sha256] {pointer.sha256!r} is not a SHA-256; expected 64 lower-case hexadecimal "
                "digits"
            )
        if not re.match(r"https?://", pointer.url):
            raise NerpipeError(
                f"[{where} -> {split}.url] {pointer.url!r} is not an address that begins with http:// or https://"
            )
        if Path(pointer.file).name != pointer.file:
            raise NerpipeError(f"[{where} -> {split}.file] {pointer.file!r} must be a plain file name")
        entries[split] = pointer
    return entries


def fetch(corpus: str, entry: Pointer) -> Path:
    """Return the path of a file: in the folder NERPIPE_MIRROR/CORPUS, in the download cache, or downloaded now.

    Raises:
        NerpipeError: If it cannot be fetched or its hash is wrong.
    """
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


def _cause(error: BaseException) -> str:
    """Name the error below all others, which says what went wrong: the others repeat it with their own names."""
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    below = getattr(error, "reason", None)
    return _cause(below) if isinstance(below, BaseException) else f"{type(error).__name__}: {error}"


def _download(corpus: str, entry: Pointer) -> Path:
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
            f"{entry.url}: the SHA-256 of the downloaded file is not {entry.sha256}, which is expected, and the "
            f"file was deleted ({error}). The download was cut off, or the file has changed. Try again, put the right "
            f"file at {MIRROR_VARIABLE}/{corpus}/{entry.file}, {WAY_OUT}"
        ) from None
    except (RequestException, OSError) as error:
        raise NerpipeError(
            f"{entry.url}: could not be fetched ({_cause(error)}). Without a network, put "
            f"the file at {MIRROR_VARIABLE}/{corpus}/{entry.file} (set {MIRROR_VARIABLE} to a folder of your choice), "
            f"{WAY_OUT}"
        ) from None
    return path
