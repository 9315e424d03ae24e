"""What the summary warns of, and what the error says when nothing is left."""

import json

import pytest

from nerpipe.annotations.import_command import summary_lines
from nerpipe.annotations.importing import import_annotations
from nerpipe.errors import NerpipeError

TEXT = "Ñandú\r\nAda Byron of Oslo saw Kit"


def imported(tmp_path, *records):
    lines = [json.dumps({"id": n, **record}) for n, record in enumerate(records)]
    (tmp_path / "some.jsonl").write_text("\n".join(lines))
    report = import_annotations([tmp_path / "some.jsonl"], tmp_path / "mine", dev=0.3, test=0.3)
    return report, summary_lines(report, tmp_path / "mine")


def shifted(text, name, start=0, end=0):
    at = text.index(name)
    return {"text": text, "label": [[at + start, at + len(name) + end, "PER"]]}


@pytest.mark.parametrize("shift", [(0, -1), (2, 2), (-1, -1)], ids=["end counted in", "bytes", "CRLF as one"])
def test_shifted_offsets_are_warned_of_at_the_end(tmp_path, shift):
    records = [shifted(TEXT, "Byron", *shift) for _ in range(20)]
    report, lines = imported(tmp_path, *records)
    assert report["annotations_inside_words"] == 20
    assert lines[-1].startswith("warning: 20 of 20 annotations (100%) begin or end inside a word.")
    assert str(tmp_path / "mine/train.conll") in lines[-1]


@pytest.mark.parametrize(
    ("bad", "count", "warned"),
    [
        ({"text": ""}, 3, True),
        ({"text": ""}, 2, False),
        ({"text": "Ada 0", "id": 0, "label": [[0, 3, "PER"]]}, 9, False),
    ],
    ids=["many", "few", "repeated"],
)
def test_a_large_share_of_rejected_records_is_warned_of_before_the_next_command(tmp_path, bad, count, warned):
    good = [shifted(f"Ada {n}", "Ada") for n in range(20)]
    report, lines = imported(tmp_path, *good, *[{"label": [], **bad}] * count)
    assert report["records"]["rejected"] == count
    assert lines[-1].startswith("next:")
    assert lines[-2].startswith("WARNING: 3 of 23 records (13%) were rejected, 3 of them as no_words: the") == warned
    assert f"{tmp_path / 'mine/import_rejects.jsonl'} holds each" in lines[-2] or not warned


def test_a_few_entities_inside_words_and_scripts_without_spaces_are_no_sign_of_a_shift(tmp_path):
    records = [shifted("Nordseekrabben", "Nordsee"), *(shifted(f"Ada {n}", "Ada") for n in range(4))] * 4
    report, lines = imported(tmp_path, *records)
    assert report["annotations_inside_words"] == 4
    assert lines[-1].startswith("next:")
    report, lines = imported(tmp_path, *(shifted(f"在北京大学学习{n}", "北京") for n in range(20)))
    assert report["annotations_inside_words"] == 0
    assert lines[-1].startswith("next:")


def test_offsets_in_bytes_are_found_though_most_texts_are_ascii(tmp_path):
    bytes_counted = [shifted(TEXT, "Byron", 2, 2) for _ in range(12)]
    report, lines = imported(tmp_path, *bytes_counted, *(shifted(f"Ada {n}", "Ada") for n in range(60)))
    assert report["annotations_behind_non_ascii"] == {"all": 12, "inside_words": 12}
    assert lines[-1].startswith("warning: 12 of 12 annotations behind a character that is not ASCII (100%)")


def test_documents_without_an_annotation_are_told_if_there_are_any(tmp_path):
    full = [shifted(f"Ada {n}", "Ada") for n in range(20)]
    said = "documents without an annotation"
    report, lines = imported(tmp_path, *full, *({"text": f"Bo {n}", "label": []} for n in range(5)))
    assert report["documents_without_annotation"] == {"all": 25, "empty": 5}
    assert f"{said}: 5 of 25; all their words become O: leave out what nobody has annotated yet" in lines
    _, lines = imported(tmp_path, *full)
    assert said not in "".join(lines)


def test_what_no_number_is_is_not_to_be_exported_again_as_it_is(tmp_path):
    with pytest.raises(NerpipeError, match=r"1 not_a_number .*as whole numbers, without quotes") as error:
        imported(tmp_path, {"text": "Ada", "label": [["0", "3", "PER"]]})
    assert "Export the annotated records" not in str(error.value)


def test_the_advice_is_that_of_the_most_frequent_problem(tmp_path):
    wrong = [{"text": f"Ada {n}", "label": [["0", "3", "PER"]]} for n in range(3)]
    with pytest.raises(
        NerpipeError, match=r"left of 4 records: 3 not_a_number .*; 1 no_text .*as whole numbers"
    ) as error:
        imported(tmp_path, {"label": [[0, 3, "PER"]]}, *wrong)
    assert "rejected_record" not in str(error.value)
