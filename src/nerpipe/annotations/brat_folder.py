"""Pairs of brat: a text in NAME.txt, and its annotations in NAME.ann."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from nerpipe.annotations.documents import Annotation, Broken, Document
from nerpipe.annotations.json_records import text_of, without_surrogates

_LINE = re.compile(r"T\S*\t(?P<type>\S+) (?P<parts>[^\t]+)(?:\t(?P<quote>.*))?", re.DOTALL)
_PART = re.compile(r"(\d+) (\d+)", re.ASCII)
_LONGEST_OFFSET = 18  # Digits.


def brat_documents(files: Sequence[tuple[Path, str]]) -> Iterator[Document | Broken]:
    """Read the pairs among these files, in the order of their names.

    Args:
        files: Path of each file, .txt or .ann, and the id of its document.
    """
    ids = {path.with_suffix(""): name for path, name in files}
    for stem, name in sorted(ids.items()):
        text_file, annotation_file = stem.with_suffix(stem.suffix + ".txt"), stem.with_suffix(stem.suffix + ".ann")
        if not text_file.is_file():
            yield Broken(str(annotation_file), "no_text", text_of(annotation_file))
            continue
        text = text_of(text_file)
        if any("\ud800" <= character <= "\udfff" for character in text):
            yield Broken(str(text_file), "invalid_utf8", without_surrogates(text))
            continue
        if not annotation_file.is_file():
            yield Document(str(text_file), name, text, [], text, "not_annotated")
            continue
        numbered = enumerate(text_of(annotation_file).split("\n"), start=1)
        lines = [(number, line.removesuffix("\r")) for number, line in numbered if line.strip()]
        annotations = [
            _annotation(line)._replace(place=f"{annotation_file}:{number}")
            for number, line in lines
            if line.startswith("T")
        ]
        others = len(lines) - len(annotations)
        yield Document(str(annotation_file), name, text, annotations, text, left_out=others)


def _annotation(line: str) -> Annotation:
    """Read a line such as `T1<TAB>person 0 3<TAB>Ann`, or `T2<TAB>person 0 3;8 11<TAB>Ann Lee`."""
    found = _LINE.fullmatch(line)
    parts = [_PART.fullmatch(part) for part in found["parts"].split(";")] if found else []
    if not found or not all(parts) or len(found["parts"]) > _LONGEST_OFFSET * 2 * len(parts):
        return Annotation(line)
    offsets = tuple((int(part[1]), int(part[2])) for part in parts if part)
    return Annotation(line, found["type"], offsets, found["quote"] or "")
