"""What holds for every input: repairs, quarantine, ledger, and the case by case table of docs/data.md."""

import hashlib
import io
import json
import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documented import examples, table
from nerpipe.contracts.conll import format_boundary, format_sentence, read_conll
from nerpipe.corpus import lines, raw_files, reading, rows
from nerpipe.corpus.cleaning import clean_corpus, clean_split, shown_name
from nerpipe.corpus.columns import find_layouts
from nerpipe.corpus.lines import show_line
from nerpipe.corpus.quarantine import Quarantine
from nerpipe.corpus.rows import PROBLEMS
from nerpipe.corpus.settings import CorpusSettings
from nerpipe.corpus.sources import Corpus
from nerpipe.errors import NerpipeError

GOOD = b"Hi\tO\n\n"
ENTITY = b"Ada\tB-person\n\n"


def clean(folder, data, **keys):
    """Clean one file of these bytes; give its report, the clean text and the quarantined sentences."""
    source, target, rejects = folder / "raw.conll", folder / "clean.conll", io.StringIO()
    source.write_bytes(data)
    found = CorpusSettings(**keys)
    layout = find_layouts({"train": source}, found, folder / "corpus.yaml")["train"]
    report = clean_split(source, target, Quarantine(rejects), split="train", layout=layout, settings=found)
    return (
        report.row,
        target.read_bytes().decode(),
        [json.loads(line) for line in rejects.getvalue().split("\n")[:-1]],
    )


def corpus(folder, *, max_rejected=0.0, keys=None, **splits):
    """Write the splits' bytes and clean them as the stage does. Splits that are not given hold one entity."""
    sources = {}
    for split in ("train", "dev", "test"):
        sources[split] = folder / f"raw-{split}.conll"
        sources[split].write_bytes(splits.get(split, ENTITY))
    found = Corpus(folder, CorpusSettings(**(keys or {})), sources)
    return clean_corpus(found, folder / "clean", max_rejected=max_rejected)


CASES = [
    (answer.split()[0].strip(":,"), name.strip("`"), *example)
    for _, answer, name, raw in table("## Case by case")
    for example in [*examples(raw), ({}, None)][:1]
]


def cases(answer):
    return [pytest.param(*case[1:], id=case[1]) for case in CASES if case[0] == answer and case[3]]


@pytest.mark.parametrize(("name", "params", "data"), cases("repaired"))
def test_documented_repair(tmp_path, name, params, data):
    row, _, rejected = clean(tmp_path, data, **params)
    assert row["repairs"][name] >= 1
    assert set(row["repairs"]) <= {name, "no_final_blank_line"}
    assert not rejected
    assert row["sentences"] >= 1


@pytest.mark.parametrize(("name", "params", "data"), cases("quarantined"))
def test_documented_quarantine(tmp_path, name, params, data):
    around = b"" if "tag_column" in params else GOOD
    row, text, [record] = clean(tmp_path, around + data + around, **params)
    assert record["reason"] == name
    assert row["rejects"] == {name: 1}
    assert text.count("\n\n") == row["sentences"] >= 2


@pytest.mark.parametrize(("name", "params", "data"), cases("fatal"))
def test_documented_fatal(tmp_path, name, params, data):
    with pytest.raises(NerpipeError, match=name):
        clean(tmp_path, data, **params)


def test_the_table_names_every_reason_and_no_other():
    assert {name for answer, name, *_ in CASES if answer == "quarantined"} == set(PROBLEMS)
    assert len(CASES) == 45


@pytest.mark.parametrize(
    ("raw", "params", "expected"),
    [
        (b"New York\tB-loc\n\n", {}, "New York\tB-loc\n\n"),
        (b"EU NNP B-NP I-ORG\nrejects VBZ B-VP O\n\n", {}, "EU\tB-ORG\nrejects\tO\n\n"),
        (b"EU\tNNP\tB-NP\tI-ORG\n\n", {"scheme": "IOB1"}, "EU\tB-ORG\n\n"),
        (b"  EU   I-ORG  \t\n\nHi O\n", {}, "EU\tB-ORG\n\nHi\tO\n\n"),
        (b"-DOCSTART-\nHi O\n-DOCSTART- O\nyou O", {}, "-DOCSTART-\tO\n\nHi\tO\n\n-DOCSTART-\tO\n\nyou\tO\n\n"),
        (b"\n\n\nHi\tO\n \n\t \n\xc2\xa0\nyou\tO\n", {}, "Hi\tO\n\nyou\tO\n\n"),
        (b"a\xe2\x80\xa8b\tO\nc\xc2\x85d\tO\ne\x0bf\tO\ng\x0ch\tO\ni\x1cj\x1dk\x1el\tO\n\n", {}, None),
        (b"\xef\xb8\x8f\tO\n\n", {}, "\ufe0f\tO\n\n"),
        (b"\xc2\xa0\tO\n\n", {}, "\xa0\tO\n\n"),
        (b"a\tB-x</td></tr>\nb\tO </td>\nc\tI-x<br/>,I-y\n\n", {}, "a\tB-x\nb\tO\nc\tB-x\n\n"),
        (b"a\tB-x, B-y\nb\tI-x,\n\n", {}, "a\tB-x\nb\tI-x\n\n"),
        (b"a\tB-creative-work\nb\tI-creative-work\n\n", {}, None),
        (b"a\tI-x\nb\tB-x\n\n", {"scheme": "IOB1"}, "a\tB-x\nb\tB-x\n\n"),
        (b"a\tS-x\nb\tI-x\nc\tE-x\nd\tI-x\n\n", {"scheme": "IOBES"}, "a\tB-x\nb\tB-x\nc\tI-x\nd\tB-x\n\n"),
        (b"a\tO\r\r\n\n", {}, "a\tO\n\n"),
    ],
)
def test_output(tmp_path, raw, params, expected):
    assert clean(tmp_path, raw, **params)[1] == (raw.decode() if expected is None else expected)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"a\t0", "tag_not_iob"),
        (b"a\tPERSON", "tag_not_iob"),
        (b"a\tB_x", "tag_not_iob"),
        (b"a\to", "tag_not_iob"),
        (b"a\tO-x", "tag_not_iob"),
        (b"a\tX-person", "tag_not_iob"),
        (b"a\tB-person B-place", "tag_not_iob"),
        (b"a\tB-person\xc2\xa0", "tag_not_iob"),
        (b"a\tB-person</td", "tag_not_iob"),
        (b"a\t,B-person", "tag_not_iob"),
        (b"a O </td>", "one_column"),
        (b"a\tB", "tag_without_type"),
        (b"a\tI-", "tag_without_type"),
        (b"a\tB-</td>", "tag_without_type"),
        (b"a\t", "one_column"),
        (b"vitamin B-12\t", "one_column"),
        (b"-DOCSTART", "one_column"),
        (b"\tO", "empty_token"),
        (b"\tB-person\t", "empty_token"),
        (b"a\rb\x00\xff\tO", "invalid_utf8"),
        (b"a\rb\x00\tO", "nul"),
        (b"a\r\tO", "lone_cr"),
        (b"a\xed\xa0\x80\tO", "invalid_utf8"),  # a surrogate written as UTF-8
    ],
)
def test_reason(tmp_path, line, reason):
    _, _, [record] = clean(tmp_path, line + b"\n\n" + GOOD)
    assert record["reason"] == reason


@pytest.mark.parametrize(
    ("usual", "other", "answer"),
    [
        (b"a\tB-x\nb\tO\n", b"New B-x", "New\tB-x"),
        (b"a\tB-x\nb\tO\n", b"New O", "New\tO"),
        (b"a\tB-x\nb\tO\n", b"New I-x,B-y", "New\tB-x"),
        (b"a\tB-x\nb\tO\n", b"vitamin B-12", "one_column"),
        (b"a\tB-x\nb\tO\n", b"New York", "one_column"),
        (b"a\tX\tB-x\nb\tX\tO\n", b"a X B-x", "a\tB-x"),
        (b"a\tX\tB-x\nb\tX\tO\n", b"a vitamin B-12", "one_column"),
        (b"a B-x\nb O\n", b"New York\tB-x", "New York\tB-x"),
        (b"a B-x\nb O\n", b"New York\tO", "New York\tO"),
        (b"a B-x\nb O\n", b"New York\tB-12", "ragged"),
        (b"a B-x\nb O\n", b"vitamin\tB-12", "one_column"),
        (b"a B-x\nb O\n", b"New\tYork B-x", "ragged"),
        (b"a X B-x\nb X O\n", b"New York\tX\tB-x", "New York\tB-x"),
        (b"a X B-x\nb X O\n", b"New York\tB-x", "ragged"),
    ],
)
def test_a_row_with_the_other_separator_is_split_only_where_that_is_safe(tmp_path, usual, other, answer):
    row, text, rejected = clean(tmp_path, usual + b"\n" + usual + b"\n" + other + b"\n\n")
    if "\t" in answer:
        assert text.endswith(f"\n\n{answer}\n\n")
        assert row["repairs"]["other_separator"] == 1
    else:
        assert [record["reason"] for record in rejected] == [answer]


DOCUMENT_COMMENTS = {
    "newdoc id": ("# newdoc id = {}", 4),
    "doc_id": ("# doc_id = {}", 3),
    "document id": ("#\tglobal.document id: {}", 3),
    "hipe": ("# hipe2022:document_id = {}", 3),
    "text_id": ("# text_id = {}", 2),
    "url": ("# url: http://example.org/{}", 2),
    "address": ("#\thttp://de.example.org/wiki/{}_(Album)\t[2009-10-17]\t", 2),
    "source": ("# meta::source = {}", 1),
}


PAIRS = [
    (one, other)
    for one, rank in DOCUMENT_COMMENTS.values()
    for other, weaker in DOCUMENT_COMMENTS.values()
    if rank > weaker and (rank, weaker) != (4, 3)  # An id of a document that changes counts beside `newdoc` too.
]


@pytest.mark.parametrize(("strong", "weak"), PAIRS)
@pytest.mark.parametrize("turned", [False, True])
def test_the_strongest_comment_names_the_documents(tmp_path, strong, weak, turned):
    data = ""
    for number in range(6):
        names = [strong.format(f"d{number // 3}"), weak.format(f"s{number}")]
        if "newdoc" in strong and number % 3:
            names = names[1:]  # Such a line stands before the first sentence of a document alone.
        names = names[::-1] if turned else names
        data += "\n".join([*names, f"# sent_id = {number}", f"# text = http://{number}", "w\tB-x", "", ""])
    row, text, _ = clean(tmp_path, data.encode())
    assert (row["sentences"], row["documents"], row["repairs"]) == (6, 2, {})
    assert text == clean(tmp_path, text.encode())[1]


@pytest.mark.parametrize(
    "comment",
    ["# sent_id = {}", "# id = {}", "# text = http://{}", "# text: source = {}", "# s{}", "## http://x.org/{} is down"],
)
def test_what_names_a_sentence_is_no_document(tmp_path, comment):
    row, _, _ = clean(tmp_path, "".join(f"{comment.format(number)}\nw\tB-x\n\n" for number in range(4)).encode())
    assert (row["documents"], row["lines"]["comments"]) == (0, 4)


def test_an_id_beside_a_line_that_begins_the_document_does_not_begin_another(tmp_path):
    data = b"# newdoc id = n1\n# doc_id = 5\na\tB-x\n\n# doc_id = 5\nb\tO\n\n# doc_id = 6\nc\tO\n\n"
    row, text, _ = clean(tmp_path, data)
    assert (row["documents"], row["repairs"]) == (2, {})
    assert re.findall("-DOCSTART-.*", text) == ["-DOCSTART-\tO\tn1", "-DOCSTART-\tO\t6"]


@pytest.mark.parametrize("document", ["O", "X", "_", "caf\xe9", "\x00", "(1)", "a  b", "\u2028"])
def test_an_id_of_a_document_survives_a_second_cleaning(tmp_path, document):
    raw = f"# doc_id = {document}\na\tB-x\n\n-DOCSTART-\tO\t{document}\n\nb\tO\n\n".encode("latin-1", "replace")
    row, text, _ = clean(tmp_path, raw)
    again = clean(tmp_path, text.encode())
    assert (again[1], again[0]["repairs"]) == (text, {})
    assert row["documents"] == again[0]["documents"]


def test_a_document_without_a_sentence_at_the_end_is_counted(tmp_path):
    row, text, _ = clean(tmp_path, b"-DOCSTART-\tO\ta\n\nHi\tO\n\n-DOCSTART-\tO\tb\n\n")
    assert (row["documents"], row["repairs"]) == (1, {"empty_document": 1})
    assert "b" not in text


def test_a_rejected_sentence_is_described_whole_and_located(tmp_path):
    _, text, [record] = clean(tmp_path, b"\xef\xbb\xbfone\tO\r\n\t\r\ntwo\tO\nthree O O\nfour\nfive\t0\n\nsix\tO\n")
    assert record == {
        "split": "train",
        "file": "raw.conll",
        "line": 4,
        "reason": "one_column",
        "text": "three O O",
        "lines": [
            {"line": 3, "text": "two\tO"},
            {"line": 4, "text": "three O O"},
            {"line": 5, "text": "four"},
            {"line": 6, "text": "five\t0"},
        ],
    }
    assert text == "one\tO\n\nsix\tO\n\n"


def test_repairs_of_a_rejected_sentence_are_not_counted(tmp_path):
    row, _, _ = clean(tmp_path, b"a\tO \nb\n\n" + GOOD)
    assert row["repairs"] == {}


def test_repairs_are_counted_by_word(tmp_path):
    row, _, _ = clean(tmp_path, b" a \tB-x,B-y<i>\nb\tI-y \nb\tI-y \n\n\t\n")
    assert row["repairs"] == {
        "blank_with_whitespace": 1,
        "html_in_tag": 1,
        "multi_tag": 1,
        "orphan_i": 1,
        "outer_space": 3,
    }


def unescape(line):
    """Invert show_line."""
    if not line.get("escaped"):
        return line["text"].encode()
    pieces = re.split(r"(\\x[0-9a-f]{2}|\\\\)", line["text"])
    return b"".join(
        bytes.fromhex(piece[2:]) if piece.startswith("\\x") else piece.replace("\\\\", "\\").encode()
        for piece in pieces
    )


@given(st.binary().filter(lambda data: b"\n" not in data))
def test_every_rejected_line_can_be_put_back(data):
    line = data.decode("utf-8", "surrogateescape")
    text, escaped = show_line(line)
    text.encode()  # valid Unicode
    assert unescape({"text": text, "escaped": escaped}) == data


def test_rejected_jsonl_is_one_line_an_object_for_every_reader(tmp_path):
    with pytest.raises(NerpipeError):
        corpus(tmp_path, train=GOOD + "a\u2028b\u0085c\u2029d\x0c\n\n".encode())
    [line] = (tmp_path / "clean" / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["text"] == "a\u2028b\u0085c\u2029d\x0c"


DIRTY = (
    b"\xef\xbb\xbf-DOCSTART- O\r\n\r\nNew York\tB-loc\r\nis\tO \r\nb\xc3\xa9au\tO\n\t\nI\tO\nsaw\n\n"
    b"caf\xe9\tO\r\nx\tO\r\n\r\nUber\tI-org</td>\nMax\tI-org,B-x\n\r\nlast\tO"
)


def test_where_chunks_are_cut_changes_nothing(tmp_path, monkeypatch):
    whole = clean(tmp_path, DIRTY)
    for size in range(20, len(DIRTY) + 2):
        monkeypatch.setattr(lines, "CHUNK_BYTES", size)
        assert clean(tmp_path, DIRTY) == whole
    assert whole[0]["lines"] == {"read": 16, "kept": 6, "rejected": 4, "separators": 6, "comments": 0}
    assert whole[0]["sha256"] == hashlib.sha256(DIRTY).hexdigest()


def test_forgetting_lines_changes_nothing(tmp_path, monkeypatch):
    whole = clean(tmp_path, DIRTY)
    monkeypatch.setattr(rows, "REMEMBERED_LINES", 2)
    assert clean(tmp_path, DIRTY) == whole
    monkeypatch.setattr(rows, "REMEMBERED_LENGTH", 0)
    assert clean(tmp_path, DIRTY) == whole


@pytest.mark.parametrize(
    ("tags", "named", "found", "repairs"),
    [
        ("O O", "auto", "IOB2", {}),
        ("B-a I-a O B-b", "auto", "IOB2", {}),
        ("B-a I-a O I-b", "auto", "IOB2", {"orphan_i": 1}),
        ("I-a I-a O I-b B-b I-a", "auto", "IOB1", {"iob1_begin": 3}),
        ("I-a I-a O I-b B-b I-a", "IOB2", "IOB2", {"orphan_i": 3}),
        ("B-a I-a O I-b", "IOB1", "IOB1", {"iob1_begin": 1}),
        ("B-a E-a S-a O", "auto", "IOBES", {"iobes_to_iob2": 2}),
        ("B-a I-a E-a E-a", "auto", "IOBES", {"iobes_to_iob2": 2, "orphan_i": 1}),
        ("B-a L-a U-a O", "auto", "BILOU", {"bilou_to_iob2": 2}),
    ],
)
def test_scheme(tmp_path, tags, named, found, repairs):
    data = "".join(f"w\t{tag}\n" for tag in tags.split()) + "\n"
    row, _, rejected = clean(tmp_path, data.encode(), scheme=named)
    assert (row["scheme"], row["repairs"], rejected) == (found, repairs, [])


@pytest.mark.parametrize("data", [b"x" * (1 << 20) + b"\tO\n\n", b"\n" + b"x\tO\r" * 400_000, b"x" * (3 << 20)])
def test_a_line_that_is_too_long_is_fatal(tmp_path, data):
    with pytest.raises(NerpipeError, match=r"raw\.conll:[12]: a line of over 1,048,576 bytes.*tr '"):
        clean(tmp_path, data)


def test_the_number_of_a_line_that_is_too_long(tmp_path):
    with pytest.raises(NerpipeError, match=r"raw\.conll:200001: a line of over"):
        clean(tmp_path, GOOD * 100_000 + b"x" * (1 << 21) + b"\tO\n\n")


def test_the_longest_line_is_fine(tmp_path):
    word = "x" * ((1 << 20) - 2)
    assert clean(tmp_path, GOOD + word.encode() + b"\tO\n\n")[1] == f"Hi\tO\n\n{word}\tO\n\n"


@pytest.mark.parametrize("end", [b"", b"\n", b"o\tO\n" * 1_000_000])
def test_a_sentence_that_is_too_long_is_fatal(tmp_path, end):
    with pytest.raises(NerpipeError, match=r"raw\.conll:3: a sentence of over 10,000 words begins here"):
        clean(tmp_path, GOOD + b"o\tO\n" * 10_001 + end)


def test_the_longest_sentence_is_fine(tmp_path):
    assert clean(tmp_path, b"o\tO\n" * 10_000)[0]["tokens"] == reading.LONGEST_SENTENCE == 10_000


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b"-DOCSTART- O\n\n \n"])
def test_a_split_without_a_sentence_is_fatal(tmp_path, data):
    with pytest.raises(NerpipeError, match=r"raw-dev\.conll: the file holds no sentence"):
        corpus(tmp_path, train=GOOD, dev=data)
    assert list((tmp_path / "clean").iterdir()) == []


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
        (b"\xff\xfe\0\0", "UTF-32"),
        (b"\0\0\xfe\xff", "UTF-32"),
    ],
)
def test_wide_encodings_are_named(tmp_path, mark, encoding):
    with pytest.raises(NerpipeError, match=f"raw.conll:1: the file is {encoding}.*iconv -f {encoding} -t UTF-8"):
        clean(tmp_path, mark + b"a\0\t\0O\0\n\0")


def test_a_missing_file_is_found_before_anything_is_read(tmp_path):
    sources = {"train": tmp_path / "train.conll", "dev": tmp_path / "dev.conll"}
    sources["train"].write_bytes(b"\xff\xfe")
    with pytest.raises(NerpipeError, match=r"dev\.conll: the file is not there"):
        clean_corpus(Corpus(tmp_path, CorpusSettings(), sources), tmp_path / "clean", max_rejected=0)
    sources["dev"].mkdir()
    with pytest.raises(NerpipeError, match=r"dev\.conll: this is a folder"):
        clean_corpus(Corpus(tmp_path, CorpusSettings(), sources), tmp_path / "clean", max_rejected=0)


def test_an_unreadable_file(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(NerpipeError, match=r"raw\.conll: cannot be read \(Permission denied\)"):
        raw_files.open_raw(tmp_path / "raw.conll")


def test_too_much_quarantined(tmp_path):
    with pytest.raises(NerpipeError) as caught:
        corpus(tmp_path, train=b"bad\n\n" * 12 + GOOD * 88, dev=b"a\t0\n\n" + GOOD, test=GOOD, max_rejected=0.1)
    message = str(caught.value)
    assert "12 of 100 sentences of train" in message
    assert "1 of 2 sentences of dev" in message
    assert "of test" not in message
    assert "raw-train.conll:19: only one column and no tag (one_column): 'bad'" in message
    assert message.count("one_column") == 10
    assert "rejected.jsonl" in message
    assert "max_rejected" in message
    assert [path.name for path in (tmp_path / "clean").iterdir()] == ["rejected.jsonl"]
    rejected = (tmp_path / "clean" / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["split"] for line in rejected] == ["train"] * 12 + ["dev"]


@pytest.mark.parametrize(("bad", "good", "allowed"), [(29, 71, 0.29), (1, 9, 0.1), (0, 1, 0.0)])
def test_exactly_max_rejected_is_allowed(tmp_path, bad, good, allowed):
    report = corpus(tmp_path, train=b"bad\n\n" * bad + ENTITY * good, max_rejected=allowed)
    assert report[0]["rejected_sentences"] == bad
    assert (tmp_path / "clean" / "train.conll").read_bytes() == ENTITY * good


def test_a_split_that_is_quarantined_whole_is_fatal_whatever_is_allowed(tmp_path):
    with pytest.raises(NerpipeError, match="at least one sentence that is kept"):
        corpus(tmp_path, train=GOOD, dev=b"bad\n\n", max_rejected=1.0)


def test_duplicates_are_counted_by_tokens(tmp_path):
    report = corpus(
        tmp_path,
        train=b"a\tO\nb\tO\n\na\tB-x\nb\tO\n\nA\tO\nb\tO\n\na b\tO\n\na\tO\nb\tO\n\n",
        dev=b"a\tO\nb\tO\n\na\tO\nb\tO\n\nc\tO\n\n",
        test=b"c\tO\n\na b\tO\n\nd\tO\n\n",
    )
    assert [row["duplicate_sentences"] for row in report] == [2, 1, 0]
    assert [row["sentences_also_in"] for row in report] == [
        {"dev": 3, "test": 1},  # the three times a, b; the token "a b"
        {"train": 2, "test": 1},
        {"train": 1, "dev": 1},
    ]


def test_the_report_is_json_and_does_not_depend_on_the_folder(tmp_path):
    places = [tmp_path / "a/mine", tmp_path / "b/mine"]
    for place in places:
        place.mkdir(parents=True)
    runs = [json.dumps(corpus(place, train=ENTITY, dev=DIRTY, max_rejected=1)) for place in places]
    assert runs[0] == runs[1]
    files = [{path.name: path.read_bytes() for path in (place / "clean").iterdir()} for place in places]
    assert files[0] == files[1]


def test_shown_name():
    assert shown_name(Path("data/raw/sample/train.conll")) == "data/raw/sample/train.conll"
    assert shown_name(Path("../shared/wnut17/dev.conll")) == "dev.conll"
    assert shown_name(Path("some/cache/dev.conll").absolute()) == "dev.conll"


# Any text but: LF and tab, which separate; NUL, CR and surrogates, which are quarantined; spaces around it,
# which are trimmed; U+FEFF, which at the start of a file is a byte-order mark.
words = st.text(st.characters(codec="utf-8", exclude_characters="\n\t\r\0\ufeff"), min_size=1).filter(
    lambda word: word.strip(" ") == word and word != "-DOCSTART-"
)
types = st.sampled_from(["person", "creative-work", "B-x", "é"])
tags = st.one_of(st.just("O"), st.tuples(st.sampled_from("BI"), types).map("-".join))
sentences = st.lists(st.tuples(words | st.just(" "), tags), min_size=1)
ids = st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1).map(
    lambda id_: f"d-{id_}"
)
documents = st.lists(st.tuples(st.none() | st.tuples(ids), sentences), min_size=1)


@given(documents)
def test_parse_format_parse(found):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = "".join((format_boundary(starts[0]) if starts else "") + format_sentence(row) for starts, row in found)
        once = clean(folder, raw.encode())
        assert not once[2]
        read = list(read_conll(folder / "clean.conll"))
        for sentence, (starts, row) in zip(read, found, strict=True):
            assert sentence.tokens == tuple(token for token, _ in row)
            assert sentence.starts_document == bool(starts)
            assert not starts or sentence.document == starts[0]
            for mine, (_, given_tag) in zip(sentence.tags, row, strict=True):
                assert mine[1:] == given_tag[1:]
        again = clean(folder, once[1].encode(), scheme="IOB2")
        assert again[1] == once[1] == clean(folder, once[1].encode())[1]
        assert again[0]["repairs"] == {}


@given(
    st.lists(st.sampled_from([b"a\tO", b"b B-x", b"\t", b"", b"c", b"d\tI-x\r", b"\xff", b"e\t0\t"]), min_size=1),
    st.booleans(),
)
def test_no_line_is_lost(lines, ended):
    data = b"good\tO\nbad\tB-x\n" * 9 + b"\n" + b"\n".join(lines) + b"\n" * ended
    with tempfile.TemporaryDirectory() as name:
        row, text, rejected = clean(Path(name), data)
    assert row["lines"]["read"] == data.count(b"\n") + (not data.endswith(b"\n"))
    assert row["lines"]["kept"] == row["tokens"] == len(text.split("\n")) - 1 - row["sentences"]
    assert row["lines"]["rejected"] == sum(len(record["lines"]) for record in rejected)
    for record in rejected:
        for line in record["lines"]:
            assert unescape(line) == data.replace(b"\r\n", b"\n").split(b"\n")[line["line"] - 1]


def test_golden_counts_on_wnut17(tmp_path, wnut17):
    files = {"train": "wnut17train.conll", "dev": "emerging.dev.conll", "test": "emerging.test.annotated"}
    sources = {split: wnut17 / file for split, file in files.items()}
    report = clean_corpus(Corpus(tmp_path, CorpusSettings(multi_tag="reject"), sources), tmp_path, max_rejected=0)
    golden = {
        "train": (3394, 62730, 1975, {"blank_with_whitespace": 2394}),
        "dev": (1009, 15733, 836, {}),
        "test": (1287, 23394, 1079, {}),
    }
    for row, (split, expected) in zip(report, golden.items(), strict=True):
        assert row["split"] == split
        assert (row["sentences"], row["tokens"], row["entities"], row["repairs"]) == expected
        assert row["scheme"] == "IOB2"
        assert row["rejects"] == {}
        assert row["file"] == files[split]
    assert report[0]["sha256"] == "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5"
    assert all(not any(row["sentences_also_in"].values()) for row in report)
    assert (tmp_path / "rejected.jsonl").read_bytes() == b""


def test_golden_counts_on_the_raw_judgements_of_wnut17(tmp_path, wnut17):
    data = (wnut17 / "emerging.test.conll").read_bytes()
    row, _, _ = clean(tmp_path, data)
    assert (row["sentences"], row["tokens"], row["entities"]) == (1287, 23394, 995)
    assert row["repairs"] == {"multi_tag": 297, "orphan_i": 17}
    row, _, rejected = clean(tmp_path, data, multi_tag="reject")
    assert row["rejects"] == {"several_tags": len(rejected)} == {"several_tags": 182}


@pytest.mark.parametrize("token", ["\ufeff", "\ufeffAda", "\ufeff\ufeffAda"])
@pytest.mark.parametrize("before", ["", "bad\nx\tO\n\n"])  # The first sentence of the file is quarantined.
def test_a_first_token_that_begins_with_a_byte_order_mark_survives_a_second_cleaning(tmp_path, token, before):
    data = f"\ufeff{before}{token}\tB-person\nslept\tO\n\n".encode()
    _, once, _ = clean(tmp_path, data)
    again, twice, _ = clean(tmp_path, once.encode())
    assert once.count(token) == 1 or token == "\ufeff"
    assert once.startswith(f"\ufeff{token}\tB-person\n")
    assert twice == once
    assert again["repairs"].get("bom") == 1


def test_a_pipe_is_refused_because_files_are_read_several_times(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDWR)  # Without a second end, the opening would wait.
    with pytest.raises(NerpipeError, match=r"pipe: this is a pipe or a device"):
        lines.look_at(tmp_path / "pipe")
    os.close(reader)
