"""Files that are not UTF-8: the import names the encoding and the command."""

import pytest

from nerpipe.annotations.file_encodings import conversion_advice, other_encodings
from nerpipe.annotations.import_command import summary_lines
from nerpipe.annotations.importing import import_annotations
from nerpipe.errors import NerpipeError

ROWS = [f"{n},{word},{tag}" for n in range(40) for word, tag in (("Ada", "B-PER"), (str(n), "O"))]


def write(tmp_path, *rows, encoding="cp1252"):
    path = tmp_path / "some.csv"
    path.write_bytes("\n".join(("sentence,word,tag", *rows)).encode(encoding))
    return path


def test_the_summary_says_the_encoding_and_the_command(tmp_path):
    report = import_annotations([write(tmp_path, *ROWS, "99,Zürich,B-LOC", "98,Köln,B-LOC")], tmp_path / "mine")
    assert report["rejected"]["invalid_utf8"]["count"] == 2
    assert report["other_encodings"] == [{"file": "some.csv", "encoding": "CP1252", "mostly_utf8": False}]
    said = "\n".join(summary_lines(report, tmp_path / "mine"))
    assert (
        "some.csv: the file is probably CP1252; convert it, and import the new file: iconv -f CP1252 -t UTF-8" in said
    )


@pytest.mark.parametrize(
    ("encoding", "word", "name"),
    [("cp1252", "Zürich", "CP1252"), ("koi8_r", "Москва большой город", "KOI8-R"), ("euc_kr", "서울", "EUC-KR")],
)
def test_the_error_says_them_too(tmp_path, encoding, word, name):
    path = write(tmp_path, *(f"{n},{word},B-LOC" for n in range(9)), encoding=encoding)
    with pytest.raises(NerpipeError, match=rf"9 invalid_utf8 .*iconv -f {name} -t UTF-8 OLD > NEW"):
        import_annotations([path], tmp_path / "mine")


def test_a_file_that_is_mostly_utf8_is_not_to_be_converted_whole(tmp_path):
    path = tmp_path / "some.csv"
    path.write_bytes("Zürich,Köln,Genève,".encode() + "Aßling".encode("cp1252"))
    (found,) = other_encodings([path])
    assert found.mostly_utf8
    assert "iconv" not in conversion_advice(found)
    assert other_encodings([write(tmp_path, "Zürich", encoding="utf-8")]) == []
