"""The files that a run of `nerpipe predict` writes: which they are, and whether they may be written.

Everything is checked before anything is written or deleted.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nerpipe.batch.input_files import STDIN
from nerpipe.command_line.output_files import check_place, follow_links, is_special, refuse_input
from nerpipe.contracts.user_cache import recall
from nerpipe.errors import NerpipeError

if TYPE_CHECKING:
    from typing import TextIO

REJECTED_START = b'{"position": "'  # How every line of a rejects file begins.
OWNERS = "rejects"  # Facts of the cache folder: which output a rejects file belongs to.


class Targets(NamedTuple):
    """Where a run writes. Symbolic links are followed."""

    output: Path | None  # File that appears when it is complete. None: the output is written as a stream.
    through: Path | None  # Device or FIFO that the stream is. None: the stream is standard output.
    rejects: Path | None  # File of the rejected records. None: a new file in the folder for temporary files.


def find_targets(
    output: Path | None, rejects: Path | None, files: Sequence[str], stdout: "TextIO", model: Path
) -> Targets:
    """Check the files that a run shall write.

    Args:
        output: File, device or FIFO that the user named. None or `-`: standard output.
        rejects: File of the rejected records that the user named. None: OUTPUT.rejects.jsonl, if there is an output
            file.
        files: Input files.
        stdout: Standard output.
        model: Folder of the model.

    Raises:
        NerpipeError: If a file to write is a folder, an input, in the folder of the model or the other file to write,
            or the rejects file is another file or belongs to another output.
    """
    through = None
    output = None if output == Path(STDIN) else output
    if output is not None:
        target = follow_links(output, "--output")
        if target.is_dir():
            raise NerpipeError(f"--output {output}: this is a folder; name a file, such as {output / 'entities.jsonl'}")
        if _is_same_stream(target, stdout):
            output = None
        elif is_special(target):
            output, through = None, target
        else:
            rejects = rejects or Path(f"{output}.rejects.jsonl")
            output = target
    if rejects is not None:
        rejects = follow_links(rejects, "--rejects")
    for name, path in (("--output", output), ("--rejects", rejects)):
        if path is not None:
            _refuse_read(name, path, files, model)
            check_place(name, path)
    if rejects is not None:
        _check_rejects(rejects, output)
    return Targets(output, through, rejects)


def _is_same_stream(path: Path, stdout: "TextIO") -> bool:
    """Return whether a path, such as /dev/stdout, is standard output."""
    try:
        return os.path.samestat(path.stat(), os.fstat(stdout.fileno()))
    except (OSError, ValueError):
        return False


def _refuse_read(name: str, path: Path, files: Sequence[str], model: Path) -> None:
    if path.resolve().is_relative_to(model.resolve()):
        raise NerpipeError(f"{name} {path}: this is in the folder of the model; name a file elsewhere")
    refuse_input(name, path, (file for file in files if file != STDIN))
    try:
        read = STDIN in files and path.is_file() and os.path.samestat(path.stat(), os.fstat(sys.stdin.fileno()))
    except (OSError, ValueError):
        return
    if read:
        raise NerpipeError(f"{name} {path}: this file is the standard input, which would be lost; name another file")


def _check_rejects(rejects: Path, output: Path | None) -> None:
    """Check that the file of the rejected records is none that something else needs."""
    if output is not None and rejects.resolve() == output.resolve():
        raise NerpipeError(f"--rejects {rejects}: this is also the output; name another file")
    if rejects.is_dir():
        raise NerpipeError(f"--rejects {rejects}: this is a folder; name a file")
    if not rejects.is_file():
        return
    owner = recall(OWNERS, rejects).get("output")
    try:
        with rejects.open("rb") as file:
            start = file.read(len(REJECTED_START))
    except OSError as error:
        raise NerpipeError(f"--rejects {rejects}: the file cannot be read ({error.strerror}); name another") from None
    if start not in (b"", REJECTED_START):
        raise NerpipeError(
            f"--rejects {rejects}: this file exists and holds no rejected records, so it is not replaced; name "
            "another file"
        )
    if start and isinstance(owner, str) and owner != str(output) and Path(owner).exists():
        raise NerpipeError(
            f"--rejects {rejects}: this file holds the rejected records of {owner}; name another file, or delete this "
            "one if you no longer need it"
        )
