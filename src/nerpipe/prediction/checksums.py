"""The check that the files of an exported folder are those that the export stage wrote.

SHA256SUMS lists them. A large file is read for this only once: the user's cache folder remembers its checksum with its
size and its times.
"""

import re
import sys
from pathlib import Path, PurePosixPath

from nerpipe.contracts.files import sha256_of
from nerpipe.contracts.terminal import say
from nerpipe.contracts.user_cache import file_stamp, recall, remember
from nerpipe.errors import NerpipeError

CHECKSUMS = "SHA256SUMS"
_LARGE = 1 << 20  # From this number of bytes on, the checksum of a file is remembered.
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")  # As sha256sum writes it.
AGAIN = "export the model again (`dvc repro`), or fetch the folder again"


def check_files(folder: Path, needed: list[str], unread: set[str], *, if_listed: str) -> None:
    """Check the files of an exported folder against its SHA256SUMS.

    A folder without SHA256SUMS is not checked, and a line on stderr says so.

    Args:
        folder: Exported folder.
        needed: Files that are read, as paths in the folder. SHA256SUMS must list them.
        unread: Files that are not read, and therefore not checked.
        if_listed: File that is needed if SHA256SUMS lists it.

    Raises:
        NerpipeError: If a file differs from its checksum, a needed file is missing or not listed, or SHA256SUMS is
            damaged or names a file outside of the folder.
    """
    sums = folder / CHECKSUMS
    if not sums.exists():
        say(f"{folder}: no {CHECKSUMS} is there, so it is not checked whether the model is damaged", stream=sys.stderr)
        return
    listed = _read(sums)
    for name in [*needed, *({if_listed} & listed.keys())]:
        if name not in listed:
            raise NerpipeError(f"{sums}: {name} is not listed, so the export stage did not write it; {AGAIN}")
        if not (folder / name).is_file():
            raise NerpipeError(f"{folder / name}: not there, but {CHECKSUMS} lists it; {AGAIN}")
    for name, expected in listed.items():
        path = folder / name
        if name not in unread and path.exists() and _sha256(path) != expected:
            raise NerpipeError(
                f"{path}: the file is damaged or was changed: its checksum is not that of {CHECKSUMS}; {AGAIN}"
            )


def is_listed(folder: Path, name: str) -> bool:
    """Return whether the SHA256SUMS of a folder, if there is one, lists a file.

    Raises:
        NerpipeError: If SHA256SUMS is damaged.
    """
    sums = folder / CHECKSUMS
    return sums.exists() and name in _read(sums)


def _read(sums: Path) -> dict[str, str]:
    try:
        lines = sums.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NerpipeError(f"{sums}: the checksums cannot be read ({error}); {AGAIN}") from None
    listed = {}
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        if not found:
            raise NerpipeError(f"{sums}:{number}: {line[:80]!r} is no checksum with the name of a file; {AGAIN}")
        name = PurePosixPath(found[2])
        if name.is_absolute() or ".." in name.parts or "\\" in found[2] or ":" in found[2] or "\0" in found[2]:
            raise NerpipeError(f"{sums}:{number}: {found[2][:80]!r} is not the name of a file in this folder; {AGAIN}")
        listed[str(name)] = found[1]
    if not listed:
        raise NerpipeError(f"{sums}: the file lists nothing; {AGAIN}")
    return listed


def _sha256(path: Path) -> str:
    try:
        stamp = file_stamp(path)
        if stamp[0] < _LARGE:
            return sha256_of(path)
        known = recall("checksums", path).get("sha256")
        if not isinstance(known, str):
            known = sha256_of(path)
            remember("checksums", path, stamp, {"sha256": known})
    except OSError as error:
        raise NerpipeError(f"{path}: cannot be read ({error.strerror}); check its owner and permissions") from None
    return known
