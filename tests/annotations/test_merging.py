"""`nerpipe import --merge`: what changes in the raw file, and what is refused."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nerpipe.annotations.merging import merge_corrections
from nerpipe.corpus.training_places import SentenceId, hash_of_words
from nerpipe.errors import NerpipeError
from places import ROOT

HERE = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); from nerpipe.cli import main; main()"
# Two copies of a sentence, a comment, CRLF, blanks at the end of a line, and no line break at the end of the file.
TRAIN = (
    "\ufeffAnn NNP B-per\r\nLee NNP I-per\r\nsang VBD O \r\n\r\n# text = Bo\nBo NNP B-per\nsang VBD O\n\n"
    "Bo NNP B-per\nsang VBD O\n\n\n  \nUlm  NNP\t\nsaw VBD O\n\nin IN O\nOslo NNP B-loc\nMay NNP O"
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project with a data set `mine`."""
    folder = tmp_path / "data/raw/mine"
    folder.mkdir(parents=True)
    train = TRAIN.replace("Ulm  NNP\t\n", "Ulm  NNP B-loc\n")
    (folder / "train.conll").write_bytes(train.encode())
    for split in ("dev", "test"):
        (folder / f"{split}.conll").write_text("Ann NNP B-per\nsang VBD O\n\nOslo NNP B-loc\n\n")
    (folder / "corpus.yaml").write_text("token_column: 1\ntag_column: 3\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def named(line, *words, corpus="mine"):
    return str(SentenceId(corpus, line, hash_of_words(words)))


def merge(root, *records, corpus="mine"):
    (root / "export.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return merge_corrections(["export.jsonl"], Path("data/raw") / corpus)


def record(line, words, *label, **more):
    return {"nerpipe_id": named(line, *words), "text": " ".join(words), "label": label} | more


def bytes_of(root):
    return (root / "data/raw/mine/train.conll").read_bytes()


def test_only_the_tags_that_were_corrected_change(root):
    before = bytes_of(root)
    report = merge(
        root,
        record(1, ["Ann", "Lee", "sang"], [0, 3, "per"]),
        record(17, ["in", "Oslo", "May"], [3, 7, "loc"], [8, 11, "per"]),
        record(6, ["Bo", "sang"], [0, 2, "per"]),
    )
    wanted = before.replace(b"Lee NNP I-per\r", b"Lee NNP O\r").replace(b"May NNP O", b"May NNP B-per")
    assert bytes_of(root) == wanted
    assert [(each.place, each.before, each.after) for each in report.changed] == [
        ("data/raw/mine/train.conll:1", [("per", 0, 2)], [("per", 0, 1)]),
        ("data/raw/mine/train.conll:17", [("loc", 1, 2)], [("loc", 1, 2), ("per", 2, 3)]),
    ]
    assert (report.unchanged, report.unanswered, report.refused) == (1, 0, [])
    stamp = (root / "data/raw/mine/train.conll").stat()
    again = merge(root, record(1, ["Ann", "Lee", "sang"], [0, 3, "per"]))
    assert (again.changed, again.unchanged) == ([], 1)
    assert (root / "data/raw/mine/train.conll").stat() == stamp


def test_the_first_line_keeps_its_byte_order_mark(root):
    merge(root, record(1, ["Ann", "Lee", "sang"], [0, 7, "loc"]))
    assert bytes_of(root).startswith("\ufeffAnn NNP B-loc\r\nLee NNP I-loc\r\nsang VBD O \r\n".encode())


def test_of_two_copies_the_one_at_the_line_changes(root):
    before = bytes_of(root)
    merge(root, record(9, ["Bo", "sang"], [0, 2, "loc"]))
    assert bytes_of(root) == before[:-1].replace(b"\n\nBo NNP B-per", b"\n\nBo NNP B-loc") + before[-1:]


def test_a_sentence_that_moved_is_found_by_its_words_unless_there_are_copies(root):
    path = root / "data/raw/mine/train.conll"
    path.write_bytes(b"New NNP O\n\n" + bytes_of(root).removeprefix("\ufeff".encode()))
    report = merge(root, record(17, ["in", "Oslo", "May"], [3, 7, "per"]), record(6, ["Bo", "sang"], [0, 2, "loc"]))
    assert [each.place for each in report.changed] == ["data/raw/mine/train.conll:19"]
    (refused,) = report.refused
    assert refused.place == "export.jsonl:2"
    assert "no longer at data/raw/mine/train.conll:6, and several have its words (lines 8, 11)" in refused.why


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (
            record(17, ["in", "Oslo"], [3, 7, "per"]),
            "the words of its sentence, data/raw/mine/train.conll:17, were changed",
        ),
        (record(1, ["Ann", "Lee", "sang"], [0, 3, "per"], text="Ann Le sang"), "is not that of the sentence"),
        (record(1, ["Ann", "Lee", "sang"], [0, 3, "town"]), "no entity of the file has the type 'town'; its types are"),
        (record(1, ["Ann", "Lee", "sang"], [0, 2, "per"]), "begins or ends inside a word"),
        ({"nerpipe_id": named(1, "Ann", corpus="other"), "text": "Ann", "label": []}, "of the data set 'other'"),
        ({"text": "Ann", "label": [[0, 3, "per"]]}, "no field nerpipe_id"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_the_rest_is_taken(root, wrong, why):
    report = merge(root, wrong, record(17, ["in", "Oslo", "May"], [3, 7, "per"]))
    assert [each.place for each in report.changed] == ["data/raw/mine/train.conll:17"]
    assert [each.place for each in report.refused] == ["export.jsonl:1"]
    assert why in report.refused[0].why


def test_two_corrections_of_one_sentence_must_agree(root):
    words = ["in", "Oslo", "May"]
    one, other = record(17, words, [3, 7, "per"]), record(17, words, [3, 11, "per"])
    before = bytes_of(root)
    report = merge(root, one, one, other)
    assert (report.changed, report.unchanged, bytes_of(root)) == ([], 0, before)
    assert [
        each.why.partition(" corrects the same sentence in another way, so that neither is taken")[0]
        for each in report.refused
    ] == ["export.jsonl:3", "export.jsonl:3", "export.jsonl:1"]
    report = merge(root, one, one)
    assert (len(report.changed), report.unchanged, report.refused) == (1, 1, [])


def test_a_correction_that_is_refused_does_not_stand_in_the_way_of_a_later_one(root):
    words = ["in", "Oslo", "May"]
    report = merge(root, record(17, words, [3, 7, "town"]), record(17, words, [3, 7, "per"]))
    assert [each.after for each in report.changed] == [[("per", 1, 2)]]
    assert ["no entity of the file has the type 'town'" in each.why for each in report.refused] == [True]


def work(*spans, **more):
    values = [{"start": start, "end": end, "labels": [label]} for start, end, label in spans]
    return {"result": [{"type": "labels", "to_name": "text", "value": value} for value in values]} | more


PER, LOC = work((3, 7, "per")), work((3, 7, "loc"))


@pytest.mark.parametrize(
    ("works", "after"),
    [
        ([PER, PER], "per"),
        ([PER, work((2, 7, "per"))], "per"),
        ([PER, LOC | {"was_cancelled": True}], "per"),
        ([LOC, PER | {"ground_truth": True}], "per"),
        ([PER, LOC], "its annotators disagree: (loc|per) 'Oslo' is the work of some of them alone"),
        ([PER, work((3, 11, "per"))], "its annotators disagree: per 'Oslo' is"),
        ([PER, work((4, 7, "per"))], "begins or ends inside a word"),
        ([LOC, *(each | {"ground_truth": True} for each in (PER, LOC))], "its annotators disagree"),
    ],
)
def test_the_annotators_of_a_task_must_agree_unless_one_is_the_ground_truth(root, works, after):
    before = bytes_of(root)
    data = {"text": "in Oslo May", "nerpipe_id": named(17, "in", "Oslo", "May")}
    report = merge(root, {"data": data, "annotations": works})
    if after == "per":
        assert [each.after for each in report.changed] == [[("per", 1, 2)]]
    else:
        assert bytes_of(root) == before
        assert re.search(after, report.refused[0].why)


def write_train(root, content, keys=""):
    folder = root / "data/raw/mine"
    (folder / "train.conll").write_bytes(content)
    (folder / "corpus.yaml").write_text(keys)
    for split in ("dev", "test"):
        (folder / f"{split}.conll").write_text("Ann\tB-per\nsaw\tO\nOslo\tB-loc\n\n")


@pytest.mark.parametrize("cell", ["B-per,B-loc", "<b>B-per</b>", "B-per , B-loc"])
def test_a_cell_that_holds_more_than_a_tag_is_never_replaced(root, cell):
    content = f"Ann\t{cell}\nsaw\tO\nOslo\tB-loc\n\n".encode()
    write_train(root, content, "token_column: 1\ntag_column: 2\nscheme: IOB2\n")
    words = ["Ann", "saw", "Oslo"]
    report = merge(root, record(1, words, [0, 3, "loc"], [8, 12, "loc"]))
    assert bytes_of(root) == content
    assert f"the cell {cell!r} holds more than the tag that is read, B-per, and the rest" in report.refused[0].why
    assert len(merge(root, record(1, words, [0, 3, "per"], [8, 12, "per"])).changed) == 1
    assert bytes_of(root) == content.replace(b"Oslo\tB-loc", b"Oslo\tB-per")


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (b"Ann\tB-per\r\r\nsaw\tO\r\nOslo\tB-loc\r\r\n\r\n", "Ann"),
        ("\ufeff\ufeffAnn\tB-per\nsaw\tO\nOslo\tB-loc\n\n".encode(), "\ufeffAnn"),
        (b"Ann\tB-per\nsaw\tO\nOslo\tB-loc\r", "Ann"),
    ],
)
def test_every_byte_outside_of_the_tags_stays(root, content, first):
    write_train(root, content, "token_column: 1\ntag_column: 2\n")
    end = len(first)
    report = merge(root, record(1, [first, "saw", "Oslo"], [0, end, "loc"], [end + 5, end + 9, "per"]))
    assert report.refused == []
    assert bytes_of(root) == content.replace(b"per", b"LOC").replace(b"loc", b"per").replace(b"LOC", b"loc")


def test_a_link_and_the_mode_of_the_file_stay(root):
    path, real = root / "data/raw/mine/train.conll", root / "real.conll"
    path.rename(real)
    path.symlink_to(real)
    real.chmod(0o600)
    correction = record(17, ["in", "Oslo", "May"], [3, 7, "per"])
    merge(root, correction)
    assert (path.is_symlink(), real.stat().st_mode & 0o777) == (True, 0o600)
    assert b"Oslo NNP B-per" in real.read_bytes()
    real.chmod(0o444)
    with pytest.raises(NerpipeError, match=r"train.conll: this is a link to .*real.conll, .*`dvc unprotect data/raw"):
        merge(root, record(17, ["in", "Oslo", "May"], [3, 7, "loc"]))


def test_a_number_of_thousands_of_digits_ends_no_run(root):
    number = "9" * 5000
    correction = json.dumps(record(17, ["in", "Oslo", "May"], [3, 7, "per"]))
    (root / "export.jsonl").write_text(correction.replace("{", f'{{"score": {number}, ', 1) + "\n")
    assert len(merge_corrections(["export.jsonl"], Path("data/raw/mine")).changed) == 1


def test_tasks_that_nobody_answered_are_counted(root):
    spans = {"spans": [{"start": 3, "end": 7, "label": "per"}], "text": "in Oslo May"}
    meta = {"meta": {"nerpipe_id": named(17, "in", "Oslo", "May")}}
    report = merge(root, spans | meta | {"answer": "ignore"}, spans | meta | {"answer": "accept"})
    assert (len(report.changed), report.unanswered) == (1, 1)


def test_a_file_that_nobody_answered_is_no_success(root):
    task = {"spans": [{"start": 0, "end": 3, "label": "per"}], "text": "Ann", "answer": "ignore"}
    with pytest.raises(NerpipeError, match="nobody has answered any of its 2 records"):
        merge(root, task, task)


def test_a_file_of_another_encoding_keeps_it(root):
    folder = root / "data/raw/mine"
    text = "Zoë NNP B-per\nsang VBD O\n\nin IN O\nOslo NNP B-loc\n\n"
    for split in ("train", "dev", "test"):
        (folder / f"{split}.conll").write_bytes(text.encode("cp1252"))
    (folder / "corpus.yaml").write_text("token_column: 1\ntag_column: 3\nencoding: cp1252\n")
    merge(root, record(1, ["Zoë", "sang"], [0, 3, "loc"]))
    assert bytes_of(root) == text.replace("Zoë NNP B-per", "Zoë NNP B-loc").encode("cp1252")


def test_a_file_that_cannot_be_written_byte_for_byte_stays(root):
    """In cp932 two sequences of bytes are the same character, and only one of them is ever written."""
    folder = root / "data/raw/mine"
    content = b"\x87\x90\x83A NNP B-per\nsang VBD O\n\nin IN O\nOslo NNP B-loc\n\n"
    for split in ("train", "dev", "test"):
        (folder / f"{split}.conll").write_bytes(content)
    (folder / "corpus.yaml").write_text("token_column: 1\ntag_column: 3\nencoding: cp932\n")
    with pytest.raises(NerpipeError, match=r"would have other bytes.*iconv -f cp932 -t UTF-8"):
        merge(root, record(1, ["≒ア", "sang"], [0, 2, "loc"]))
    assert bytes_of(root) == content


def test_without_a_usable_record_nothing_is_read_as_a_success(root):
    with pytest.raises(
        NerpipeError, match=r"no record can be taken into .*train.conll: export.jsonl:1: the record has no"
    ):
        merge(root, {"text": "Ann", "label": [[0, 3, "per"]]})


@pytest.mark.usefixtures("wnut17")
def test_a_data_set_that_is_downloaded_cannot_take_corrections(root):
    folder = root / "data/raw/wnut17"
    folder.mkdir()
    (folder / "corpus.yaml").write_bytes((ROOT / "data/raw/wnut17/corpus.yaml").read_bytes())
    with pytest.raises(NerpipeError, match="the files of this data set are downloaded"):
        merge(root, record(1, ["Ann"], [0, 3, "per"]), corpus=folder.name)


def run(root, *arguments):
    command = [sys.executable, "-c", HERE, "import", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env=os.environ)


def test_the_command_says_what_changed_and_its_exit_code_what_was_refused(root):
    records = [record(17, ["in", "Oslo", "May"], [3, 7, "per"]), record(1, ["Ann"], [0, 3, "per"])]
    (root / "export.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    done = run(root, "export.jsonl", "--merge", "mine")
    assert done.returncode == 1
    assert done.stdout == (
        "data/raw/mine/train.conll:17\n  in Oslo May\n  - loc 'Oslo'\n  + per 'Oslo'\n"
        "records: 2 read = 1 changed a sentence + 0 changed nothing + 0 not answered + 1 not taken\n"
        "written: data/raw/mine/train.conll; only the tags of these sentences changed\n"
        "next: dvc exp run -S dataset=mine\n"
    )
    assert done.stderr.startswith("not taken: export.jsonl:2: the words of its sentence, data/raw/mine/train.conll:1,")
    assert done.stderr.count("\n") == 1
    records[1]["nerpipe_id"] = named(1, "Ann", corpus="a\nnot taken: b")
    (root / "export.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    done = run(root, "export.jsonl", "--merge", "mine")
    assert done.stderr == "not taken: export.jsonl:2: its sentence is one of the data set 'a\\nnot taken: b'\n"
    (root / "export.jsonl").write_text(json.dumps(records[0]))
    done = run(root, "export.jsonl", "--merge", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("data/raw/mine/train.conll is as it was\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--merge", "../mine"), "--merge '../mine': a name begins with a letter or digit"),
        (("--merge", "mine", "--dev", "0.2"), "--dev and --test are about a new data set"),
        (("--merge", "yours"), "[--merge] 'yours': there is no folder data/raw/yours; the data sets here are: mine."),
        ((), "one of the arguments --name --merge is required"),
    ],
)
def test_what_the_command_refuses(root, arguments, message):
    (root / "export.jsonl").write_text(json.dumps(record(17, ["in", "Oslo", "May"], [3, 7, "per"])))
    done = run(root, "export.jsonl", *arguments)
    assert done.returncode in (1, 2)
    assert message in done.stderr
