"""Files of no known format: what they probably are, and what to do with them."""

from itertools import islice
from pathlib import Path

from nerpipe.contracts.files import RAW_FOLDER
from nerpipe.contracts.schemes import is_tag

KNOWN = (
    "Known are doccano JSONL, Label Studio JSON and JSON-MIN, Prodigy and spaCy JSONL, brat (.txt with .ann), a "
    "Hugging Face data set (save_to_disk, Parquet, JSON lines with tokens and ner_tags) and CSV"
)
_CONLL_ENDINGS = (".conll", ".conllu", ".iob", ".iob2", ".bio")
_PACKED = {b"PK\x03\x04": "unzip", b"\x1f\x8b": "gunzip"}  # The command that unpacks files with this beginning.
_PROBED_LINES = 50
_LONGEST_LINE = 1 << 12


def unknown_message(path: Path, otherwise: str) -> str:
    """Say what a file of no known format probably is, and what to do; `otherwise` is said if nothing shows it."""
    with path.open("rb") as file:
        begin = file.read(_LONGEST_LINE)
    command = next((command for mark, command in _PACKED.items() if begin.startswith(mark)), "")
    if command:
        return f"{path}: the file is packed; unpack it with {command}, and import what is in it"
    if not begin.removeprefix(b"\xef\xbb\xbf").strip():
        return f"{path}: the file is empty; export the annotations again, and import that file"
    if path.suffix.lower() in _CONLL_ENDINGS or _has_words_and_tags(path):
        return (
            f"{path}: this is a CoNLL file, which needs no import. Copy it to {RAW_FOLDER}/NAME/train.conll, "
            "with dev.conll and test.conll beside it if there are such files, and run dvc exp run -S dataset=NAME"
        )
    return f"{path}: {otherwise}"


def _has_words_and_tags(path: Path) -> bool:
    """Return whether the first lines have the same number of columns, and one column behind the first holds tags."""
    with path.open("rb") as file:
        lines = [line.decode("utf-8", "replace") for line in islice(file, _PROBED_LINES)]
    rows = [line.split("\t") if "\t" in line else line.split() for line in lines if line.strip() and line[0] != "#"]
    columns = list(zip(*rows, strict=False))
    even = len({len(row) for row in rows}) == 1
    return even and len(rows) > 1 and any(all(is_tag(cell.strip()) for cell in column) for column in columns[1:])
