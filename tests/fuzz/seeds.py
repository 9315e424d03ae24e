"""The inputs that fuzzing begins with: the examples of the docs, the exports of tools, and all former failures."""

import ast
import re

from documented import DOCS
from places import ROOT
from run_files import files_of

FIXTURES = ROOT / "tests/fixtures"
TEXTS = ("@nasa's #Mars trip :-) http://t.co/x1.", "GDP增长5%", "T-cell/B-cell", "מה שלום\u200f 👍🏽", "a\u0600 b", "")


def seeds_of(target: str) -> list[bytes]:
    """List the seeds of a target."""
    former = sorted((FIXTURES / "fuzz" / target).glob("*")) if (FIXTURES / "fuzz" / target).is_dir() else []
    found = [path.read_bytes() for path in former]
    quoted = re.findall(r"`(?:\w+=\S+ )*([^`\n]*\\t[^`\n]*)`", DOCS.read_text(encoding="utf-8"))
    raw = [
        ast.literal_eval("b'" + text.replace("\\|", "|") + "'") for text in quoted if text.isascii() and "'" not in text
    ]
    exports = [path.read_bytes() for path in sorted((FIXTURES / "annotations").glob("*.*"))]
    if target == "raw_reader":
        found += raw
    elif target == "importers":
        found += [bytes([index]) + export for export in exports for index in range(3)]
    elif target == "record_readers":
        found += [*raw, *exports, *(text.encode() for text in TEXTS)]
    elif target == "tag_reader":
        found += [b"B-x I-x O", b"S-Bahn E-mail", b"B_PER PER-B b-per W-x M-x", b"person-actor O", b"B- -x \xff"]
    elif target == "run_records":
        for index, content in enumerate(files_of().values()):
            found.append(bytes([index]) + content)
    else:
        found += [text.encode() for text in TEXTS]
    return found
