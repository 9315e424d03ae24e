"""The files and folders that the user names, and the format of each file."""

from collections.abc import Sequence
from pathlib import Path

from nerpipe.corpus.sources import ENDINGS, SPLIT_NAMES
from nerpipe.errors import NerpipeError

STDIN = "-"
KINDS = ("lines", "files", "jsonl", "conll", "parquet")
WITH_FIELDS = ("jsonl", "parquet")  # Formats whose records have fields, one of which holds the text.
SUFFIXES = {
    **dict.fromkeys((*ENDINGS, *SPLIT_NAMES), "conll"),  # As clean_conll takes them: also eng.testa.
    "txt": "lines",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
}


def input_files(inputs: Sequence[str], kind: str | None) -> list[str]:
    """List the files that are named. The files of a folder are in the order of their names.

    Args:
        inputs: Files, folders and STDIN.
        kind: Format of all files. None: the suffix of each file says its format.

    Raises:
        NerpipeError: If one is missing, a folder is empty, standard input cannot have this format, or the suffix of a
            file says no format.
    """
    files: list[str] = []
    for name in inputs:
        path = Path(name)
        if name == STDIN:
            if kind in ("files", "parquet"):
                raise NerpipeError(f"--from {kind} needs --input, because standard input is not a file")
            files.append(name)
        elif path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
            if not inside:
                raise NerpipeError(f"{name}: the folder is empty; give a folder with files to predict")
            files += map(str, inside)
        elif path.exists():
            files.append(name)
        else:
            raise NerpipeError(
                f"{name}: no such file or folder; give a file or folder to predict, or - for standard input"
            )
    for name in files:
        kind_of(name, kind)
    return files


def kind_of(name: str, kind: str | None, folder: Path | None = None) -> str:
    """Return the format of a file.

    Standard input holds lines. So does what is no file and has no suffix, such as a pipe.

    Args:
        name: Name as the user gave it.
        kind: Format that the user named, one of KINDS. None: the suffix says it.
        folder: Folder in which the name holds, if it is not the working directory.

    Raises:
        NerpipeError: If the suffix says no format.
    """
    if kind is not None:
        return kind
    path = (folder or Path()) / name
    suffix = path.suffix[1:].casefold()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if name == STDIN or (not suffix and not path.is_file()):
        return "lines"
    found = f'the suffix "{path.suffix}" says no format' if suffix else "the name has no suffix that says the format"
    raise NerpipeError(f"{name}: {found}; name the format with --from, which takes {', '.join(KINDS)}")
