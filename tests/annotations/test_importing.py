"""What each tool exports becomes the same data set: golden files in the tools' own layouts, counts and refusals."""

import json
import shutil
from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.annotations.corpus_folder import content_hash
from nerpipe.annotations.import_command import summary_lines
from nerpipe.annotations.importing import import_annotations
from nerpipe.contracts.files import SPLITS
from nerpipe.contracts.schemes import spans_of
from nerpipe.contracts.splitting import position_of
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.errors import NerpipeError
from places import ROOT

FIXTURES = ROOT / "tests/fixtures/annotations"
FORMATS = {
    "doccano.jsonl": "doccano",
    "doccano_relations.jsonl": "doccano",
    "label_studio.json": "Label Studio JSON",
    "label_studio_min.json": "Label Studio JSON-MIN",
    "label_studio.csv": "CSV",
    "prodigy.jsonl": "Prodigy",
    "spacy.jsonl": "spaCy",
    "brat": "brat",
    "annotations.csv": "CSV",
    "hugging_face.jsonl": "Hugging Face",
    "words.csv": "CSV",
}
# Counted by hand: four of the names stand behind an emoji, and one is written from right to left.
ENTITIES = {
    ("PER", "Ada Byron"),
    ("LOC", "London"),
    ("PER", "Bo"),
    ("PER", "שרה"),
    ("LOC", "Port Ness"),
    ("PER", "Kit Lee"),
    ("LOC", "Oslo"),
    ("PER", "Eve"),
    ("LOC", "Graz"),
}
WORDS = 37  # 6 + 8 + 6 + 5 + 6 + 6


def rows_of(folder):
    """The sentences of each split as rows, and the ids of the documents."""
    found, ids = {}, []
    for split in SPLITS:
        blocks = (folder / f"{split}.conll").read_text(encoding="utf-8").split("\n\n")
        assert blocks.pop() == ""
        found[split] = []
        for block in blocks:
            rows = [line.split("\t") for line in block.split("\n")]
            if rows[0][0] == "-DOCSTART-":
                ((_, tag, name),) = rows
                assert tag == "O"
                ids.append(name)
            else:
                found[split].append(rows)
    return found, ids


def entities_of(folder):
    found, _ = rows_of(folder)
    return Counter(
        (span.type, " ".join(word for word, _ in rows[span.start : span.end]))
        for rows in chain(*found.values())
        for span in spans_of([tag for _, tag in rows])
    )


PLENTY = [{"text": f"Ada {n}", "label": [[0, 3, "PER"]]} for n in range(20)]


def import_lines(tmp_path, *records, name="some.jsonl", **more):
    """Import these records and enough others that each split has one."""
    lines = [json.dumps(record) for record in (*records, *PLENTY)]
    (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return import_annotations([tmp_path / name], tmp_path / "mine", **({"dev": 0.3, "test": 0.3} | more))


@pytest.mark.parametrize("name", FORMATS)
def test_every_tool_gives_the_same_entities_and_words(name, tmp_path):
    report = import_annotations([FIXTURES / name], tmp_path / "mine")
    assert report["format"] == FORMATS[name]
    assert entities_of(tmp_path / "mine") == dict.fromkeys(ENTITIES, 1)
    assert report["annotations"]["read"] == 9
    assert report["annotations"]["quarantined"] == 0
    assert report["records"] == {"read": 6, "kept": 6, "rejected": 0}
    found, ids = rows_of(tmp_path / "mine")
    assert sum(len(rows) for sentences in found.values() for rows in sentences) == WORDS
    assert all(found.values())
    assert len(set(ids)) == (0 if name in ("words.csv", "hugging_face.jsonl") else 6)


def test_label_studio_s_offsets_count_utf16_units(tmp_path):
    report = import_annotations([FIXTURES / "label_studio.json"], tmp_path / "mine")
    assert report["annotations"] == {"read": 9, "kept": 5, "repaired": 4, "quarantined": 0}
    assert report["repairs"]["utf16_offsets"]["count"] == 4


def test_relations_and_notes_are_counted(tmp_path):
    for name, count in (("doccano_relations.jsonl", 3), ("brat", 2)):
        assert import_annotations([FIXTURES / name], tmp_path / name)["relations_and_notes_left_out"] == count


def test_the_folder_is_a_data_set_that_the_first_stage_reads(tmp_path):
    import_annotations([FIXTURES / "doccano.jsonl"], tmp_path / "mine")
    assert (tmp_path / "mine/corpus.yaml").read_text() == "scheme: IOB2\ntoken_column: 1\ntag_column: 2\n"
    rows = clean_corpus(resolve_corpus(tmp_path / "mine"), tmp_path / "clean", max_rejected=0.0)
    assert sum(row["entities"] for row in rows) == 9
    assert sum(row["tokens"] for row in rows) == WORDS


def test_a_document_stays_in_its_split_whatever_comes_with_it_and_in_whatever_order(tmp_path):
    lines = [json.dumps({"text": f"Ada {n}", "label": [[0, 3, "PER"]]}) + "\n" for n in range(60)]
    (tmp_path / "few.jsonl").write_text("".join(lines[:30]))
    (tmp_path / "many.jsonl").write_text("".join(reversed(lines)))
    places = []
    for name in ("few", "many"):
        import_annotations([tmp_path / f"{name}.jsonl"], tmp_path / name, dev=0.2, test=0.2)
        found, _ = rows_of(tmp_path / name)
        places.append({rows[1][0]: split for split in SPLITS for rows in found[split]})
    assert places[0].items() <= places[1].items()
    assert len(places[1]) == 60


def test_files_that_are_named_by_splits_keep_them(tmp_path):
    lines = (FIXTURES / "doccano.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    for name, part in (("train", lines[:3]), ("validation", lines[3:5]), ("test", lines[5:])):
        (tmp_path / f"{name}.jsonl").write_text("".join(part), encoding="utf-8")
    report = import_annotations(sorted(tmp_path.glob("*.jsonl")), tmp_path / "mine")
    assert report["splits_by"] == "the names of the files"
    assert [report["splits"][split]["documents"] for split in SPLITS] == [3, 2, 1]


def tiny(tmp_path, *texts):
    records = [{"text": text, "label": [[0, 3, "PER"]]} for text in texts]
    (tmp_path / "some.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    report = import_annotations([tmp_path / "some.jsonl"], tmp_path / "mine")
    found, _ = rows_of(tmp_path / "mine")
    return report, {split: [[word for word, _ in rows] for rows in found[split]] for split in SPLITS}


@pytest.mark.parametrize("count", [3, 4, 5])
def test_the_smallest_sets_put_at_least_one_document_into_each_split_by_the_order_of_the_hashes(tmp_path, count):
    texts = [f"Ada saw {count}{n}" for n in range(count)]
    report, splits = tiny(tmp_path, *texts)
    assert [report["widened"], report["divided_by"]] == [True, "document"]
    assert all(splits.values())
    assert sum(map(len, splits.values())) == report["records"]["kept"] == count
    assert "each split got at least one document, because there are so few" in "\n".join(
        summary_lines(report, tmp_path / "mine")
    )
    _, again = tiny(tmp_path, *reversed(texts))
    assert {split: sorted(rows) for split, rows in again.items()} == {
        split: sorted(rows) for split, rows in splits.items()
    }
    positions = {
        split: [position_of(f"{content_hash(' '.join(words))}\n{' '.join(words)}") for words in rows]
        for split, rows in splits.items()
    }
    assert max(positions["test"]) < min(positions["train"])
    assert max(positions["train"]) < min(positions["dev"])


def test_one_document_of_three_sentences_puts_one_into_each_split(tmp_path):
    report, splits = tiny(tmp_path, "Ada saw Bo\nBo slept\nEve sang")
    assert [report["widened"], report["divided_by"]] == [True, "sentence"]
    assert {split: len(rows) for split, rows in splits.items()} == dict.fromkeys(SPLITS, 1)


@pytest.mark.parametrize(
    "texts", [["Ada saw Bo"], ["Ada saw Bo\nBo slept"], ["Ada saw Bo", "Ada saw"], ["Ada\nAda\nAda"]]
)
def test_fewer_sentences_than_splits_are_refused_with_the_number_that_is_needed(tmp_path, texts):
    said = "would have no sentence: at least 3 documents or sentences that differ are needed for train, dev and test"
    with pytest.raises(NerpipeError, match=said):
        tiny(tmp_path, *texts)
    assert not (tmp_path / "mine").exists()


def test_too_few_documents_because_others_were_rejected_says_so(tmp_path):
    lines = [b'{"text": "Ada", "label": [[0, 3, "PER"]]}', *[b'{"text": "caf\xe9", "label": []}'] * 26]
    (tmp_path / "some.jsonl").write_bytes(b"\n".join(lines))
    with pytest.raises(NerpipeError) as error:
        import_annotations([tmp_path / "some.jsonl"], tmp_path / "mine")
    assert "26 of 27 records (96%) were rejected, 26 of them as invalid_utf8: the record holds" in str(error.value)
    assert "some.jsonl:2). " in str(error.value)
    assert "iconv -f" in str(error.value)


def test_a_named_split_of_which_nothing_is_left_is_blamed_and_not_the_hashes(tmp_path):
    for name, text in (("train", '{"text": "Ada", "label": [[0, 3, "PER"]]}'), ("dev", '{"text": "", "label": []}')):
        (tmp_path / f"{name}.jsonl").write_text(text)
    with pytest.raises(NerpipeError, match=r"nothing is left of the files that are named dev; .*1 of 2 records"):
        import_annotations([tmp_path / "train.jsonl", tmp_path / "dev.jsonl"], tmp_path / "mine")


def few_documents(tmp_path, **more):
    """Import two documents of 40 sentences. The hash of neither puts it into dev or test."""
    texts = ["\n".join(f"Ada{n}-{number} slept" for number in range(40)) for n in (2, 3)]
    rows = [{"id": f"d{n}", "text": text, "label": [[0, 6, "PER"]]} for n, text in enumerate(texts)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return import_annotations([tmp_path / "train.jsonl", *more.pop("others", [])], tmp_path / "mine", **more)


def test_few_documents_with_many_sentences_are_cut_by_sentences(tmp_path):
    report = few_documents(tmp_path)
    assert report["divided_by"] == "sentence"
    said = "\n".join(summary_lines(report, tmp_path / "mine"))
    assert "divided by sentences, because there are too few documents" in said
    found, _ = rows_of(tmp_path / "mine")
    assert sum(len(sentences) for sentences in found.values()) == 80
    assert all(len(found[split]) == report["splits"][split]["sentences"] > 1 for split in SPLITS)
    rows = clean_corpus(resolve_corpus(tmp_path / "mine"), tmp_path / "clean", max_rejected=0.0)
    assert [row["documents"] for row in rows] == [report["splits"][split]["documents"] for split in SPLITS]
    assert sorted(path.name for path in (tmp_path / "mine").iterdir() if path.suffix not in (".conll", ".json")) == [
        "corpus.yaml",
        "import_rejects.jsonl",
    ]


def test_a_split_that_a_file_gives_is_not_cut_again(tmp_path):
    (tmp_path / "dev.jsonl").write_text('{"id": "x", "text": "Bo slept\\nKit saw", "label": [[0, 2, "PER"]]}\n')
    report = few_documents(tmp_path, others=[tmp_path / "dev.jsonl"])
    assert report["divided_by"] == "sentence"
    found, _ = rows_of(tmp_path / "mine")
    assert [[word for word, _ in rows] for rows in found["dev"]] == [["Bo", "slept"], ["Kit", "saw"]]
    assert len(found["train"]) + len(found["test"]) == 80
    assert len(found["test"]) > 1


def test_enough_documents_are_never_cut(tmp_path):
    report = import_lines(tmp_path)
    assert report["divided_by"] == "document"
    assert "divided by" not in "\n".join(summary_lines(report, tmp_path / "mine"))


def test_no_annotation_at_all_is_refused(tmp_path):
    (tmp_path / "some.jsonl").write_text('{"text": "Ada", "label": []}\n{"text": "Bo", "label": [[0, 9, "PER"]]}\n')
    with pytest.raises(
        NerpipeError, match=r"no annotation of an entity is left of 2 records: .*1 out_of_range \(.*some.jsonl:2"
    ):
        import_annotations([tmp_path / "some.jsonl"], tmp_path / "mine")
    assert list(tmp_path.iterdir()) == [tmp_path / "some.jsonl"]


def test_texts_for_a_teacher_stay_before_and_after_an_import(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "unlabelled.txt").write_text("Ann ran\n")
    for _ in range(2):
        import_annotations([FIXTURES / "doccano.jsonl"], folder)
        assert (folder / "unlabelled.txt").read_text() == "Ann ran\n"


def test_importing_again_replaces_the_folder_but_nothing_that_somebody_changed(tmp_path):
    folder, files = tmp_path / "mine", [FIXTURES / "doccano.jsonl"]
    import_annotations(files, folder)
    (folder / "corpus.yaml").write_text("scheme: IOB2\ntypes: {LOC: place}\n")
    import_annotations(files, folder)
    assert "place" in (folder / "corpus.yaml").read_text()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(NerpipeError, match=r"notes.txt: this file was added or changed .* choose another --name"):
        import_annotations(files, folder)
    (folder / "notes.txt").unlink()
    with (folder / "dev.conll").open("a") as file:
        file.write("Hi\tO\n\n")
    with pytest.raises(NerpipeError, match=r"dev\.conll: this file was added or changed"):
        import_annotations(files, folder)


@pytest.mark.parametrize("report", [None, "{", "[]", "{}", '{"written": 3}'])
def test_a_folder_of_somebody_else_is_refused(tmp_path, report):
    shutil.copytree(ROOT / "data/raw/sample", tmp_path / "sample")
    if report:
        (tmp_path / "sample/import_report.json").write_text(report)
    with pytest.raises(NerpipeError, match=r"sample: the folder exists, and no import wrote it; choose another --name"):
        import_annotations([FIXTURES / "doccano.jsonl"], tmp_path / "sample")


def test_two_imports_give_the_same_bytes(tmp_path):
    folders = [tmp_path / "one/mine", tmp_path / "two/mine"]
    for folder in folders:
        folder.parent.mkdir()
        import_annotations([FIXTURES / "label_studio.json"], folder)
    assert [path.read_bytes() for path in sorted(folders[0].iterdir())] == [
        path.read_bytes() for path in sorted(folders[1].iterdir())
    ]


def test_a_document_that_comes_twice_is_taken_once(tmp_path):
    first = {"id": 5, "text": "Ada slept", "label": [[0, 3, "PER"]]}
    other = {**first, "label": []}
    report = import_lines(tmp_path, first, first, other, {**first, "id": 6})
    assert {rule: row["count"] for rule, row in report["rejected"].items()} == {
        "conflicting_document": 1,
        "repeated_document": 1,
    }
    assert report["quarantined"]["rejected_record"]["count"] == 1
    rejects = (tmp_path / "mine/import_rejects.jsonl").read_text().splitlines()
    assert [json.loads(line)["place"].rpartition(":")[2] for line in rejects] == ["2", "2", "3"]


def test_every_line_of_a_text_is_a_sentence_but_no_entity_is_cut(tmp_path):
    text = "Ada saw\r\nPort\nNess.\n\nBo slept"
    start = text.index("Port")
    report = import_lines(tmp_path, {"text": text, "label": [[start, start + 9, "LOC"]]})
    found, _ = rows_of(tmp_path / "mine")
    mine = [[word for word, _ in rows] for rows in chain(*found.values()) if rows[0][0] != "Ada" or len(rows) == 2]
    assert ["Ada", "saw"] in mine
    assert ["Port", "Ness", "."] in mine
    assert ["Bo", "slept"] in mine
    assert report["annotations"]["quarantined"] == 0


def test_a_word_is_split_where_an_entity_begins_or_ends_inside(tmp_path):
    report = import_lines(
        tmp_path, {"text": "Nordseekrabben", "label": [[0, 7, "LOC"]]}, {"text": "日本語", "label": [[1, 2, "X"]]}
    )
    found, _ = rows_of(tmp_path / "mine")
    rows = list(chain(*found.values()))
    assert [["Nordsee", "B-LOC"], ["krabben", "O"]] in rows
    assert [["日", "O"], ["本", "B-X"], ["語", "O"]] in rows
    assert report["words_split"] == 2


def test_types_are_made_fit_for_a_tag_and_merged_types_are_told(tmp_path):
    labels = [[0, 1, "Creative Work"], [2, 3, "Creative_Work"], [4, 5, "a,<b>"], [6, 7, " PER "]]
    report = import_lines(tmp_path, {"text": "a b c d", "label": labels})
    assert report["types_renamed"] == {"Creative_Work": {"Creative Work": 1, "Creative_Work": 1}, "a__b_": {"a,<b>": 1}}
    assert report["repairs"]["type_renamed"]["count"] == 3


NUMBERS = st.one_of(st.integers(-1, 25), st.sampled_from([2.0, 2.5, True, None, "1", 10**30, float("nan")]))
LABELS = st.one_of(st.sampled_from(["PER", "Creative Work", "O", "", None, 3]), st.text(st.characters(), max_size=4))
DOCUMENTS = st.fixed_dictionaries(
    {
        "text": st.text(
            st.one_of(st.sampled_from(" \n\r\t#-\x00\x1c\x85\u2028\ufeffaB.😀א"), st.characters()), max_size=25
        ),
        "label": st.lists(st.one_of(st.tuples(NUMBERS, NUMBERS, LABELS), st.just("junk")), max_size=6),
    },
    optional={"id": st.one_of(st.integers(), st.text(max_size=4))},
)


@given(st.lists(DOCUMENTS, max_size=6))
def test_whatever_the_annotations_are_the_counts_meet_and_the_first_stage_finds_every_entity(tmp_path_factory, rows):

    folder = tmp_path_factory.mktemp("any")
    report = import_lines(folder, *rows)
    counts = report["annotations"]
    assert counts["read"] == sum(len(row["label"]) for row in (*rows, *PLENTY))
    assert counts["read"] == counts["kept"] + counts["repaired"] + counts["quarantined"]
    assert report["records"]["read"] == len(rows) + len(PLENTY)
    rejects = (folder / "mine/import_rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rejects) == counts["quarantined"] + report["records"]["rejected"]
    assert all(json.loads(line)["place"].startswith(str(folder)) for line in rejects)
    cleaned = clean_corpus(resolve_corpus(folder / "mine"), folder / "clean", max_rejected=0.0)
    assert [row["documents"] for row in cleaned] == [row["documents"] for row in report["splits"].values()]
    assert sum(row["entities"] for row in cleaned) == counts["kept"] + counts["repaired"]
    assert sum(row["tokens"] for row in cleaned) == sum(row["tokens"] for row in report["splits"].values())
