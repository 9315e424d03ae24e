"""The inputs that fuzzing begins with: the examples of the docs, the exports of tools, and all former failures."""

import ast
import json
import re

from documented import DOCS
from nerpipe.corpus.training_places import SentenceId, hash_of_words
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
    if target in ("raw_reader", "tag_rewriting"):
        found += raw
    elif target == "merging":
        found += corrected_tasks()
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


def corrected_tasks() -> list[bytes]:
    """Tasks of each tool for the sentences that the target of `merging` has, behind the byte of the file's ending."""
    text, name = "Ann Lee saw Bo", str(SentenceId("mine", 2, hash_of_words(["Ann", "Lee", "saw", "Bo"])))
    other = str(SentenceId("mine", 7, hash_of_words(["in", "Oslo"])))
    region = {"value": {"start": 0, "end": 3, "text": "Ann", "labels": ["y"]}}
    tasks = [
        [{"text": text, "label": [[0, 3, "x"]], "nerpipe_id": name}],
        [{"text": "in Oslo", "label": [], "nerpipe_id": other}, {"text": text, "label": [], "nerpipe_id": name}],
        [{"text": text, "spans": [{"start": 4, "end": 11, "label": "x"}], "meta": {"nerpipe_id": name}}],
        [{"data": {"text": text, "nerpipe_id": name}, "annotations": [{"result": [region]}]}],
        [{"text": text, "label": [{"start": 0, "end": 3, "labels": ["y"]}], "nerpipe_id": name, "annotation_id": 1}],
    ]
    return [b"\x00" + b"".join(json.dumps(task).encode() + b"\n" for task in each) for each in tasks]
