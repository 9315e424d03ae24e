"""What stands in which column: the tables of docs/data.md, and ten corpora as their authors ship them."""

import re
import shutil

import pytest

from documented import examples, table
from nerpipe.corpus.clean_conll import clean_conll
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.errors import NerpipeError


def write(folder, data, ending="conll", **keys):
    """Write three splits of these bytes, and a corpus.yaml."""
    for split in ("train", "dev", "test"):
        (folder / f"{split}.{ending}").write_bytes(data)
    if keys:
        lines = [f"{key}: {value}" for key, value in keys.items() if key != "types"]
        lines += ["types:", *(f"  {old}: {new}" for old, new in keys["types"].items())] if "types" in keys else []
        (folder / "corpus.yaml").write_text("".join(f"{line}\n" for line in lines))


def cleaned(folder):
    rows = clean_corpus(resolve_corpus(folder), folder / "clean", max_rejected=0)
    return rows[0], (folder / "clean/train.conll").read_bytes()


def cases(after):
    for *_, raw, clean in table(after):
        ((keys, data),) = examples(raw)
        ((_, expected),) = examples(clean)
        yield pytest.param(keys, data, expected, id=raw[:60])


@pytest.mark.parametrize(
    ("keys", "data", "expected"), [*cases("## What is read"), *cases("These lines of raw files begin a document")]
)
def test_documented_reading(tmp_path, keys, data, expected):
    write(tmp_path, data, **keys)
    row, clean = cleaned(tmp_path)
    assert clean == expected
    assert row["documents"] == clean.count(b"-DOCSTART-")


@pytest.mark.parametrize(("keys", "data", "expected"), [*cases("## What is read"), *cases("These lines of raw files")])
def test_cleaning_a_clean_file_changes_nothing(tmp_path, keys, data, expected):
    del keys, data
    write(tmp_path, expected)
    row, clean = cleaned(tmp_path)
    assert (clean, row["repairs"]) == (expected, {})


@pytest.mark.parametrize("row", table("**Schemes.**"), ids=lambda row: row[0])
def test_documented_scheme(tmp_path, row):
    scheme, looked, raw, clean = row
    ((_, data),), ((_, expected),) = examples(raw), examples(clean)
    scheme = scheme.strip("`")
    if looked == "yes":
        write(tmp_path, data)
        assert cleaned(tmp_path)[1] == expected
        assert cleaned(tmp_path)[0]["scheme"] == scheme
    else:
        write(tmp_path, data)
        with pytest.raises(NerpipeError):
            cleaned(tmp_path)
    write(tmp_path, data, scheme=scheme)
    assert cleaned(tmp_path)[1] == expected


@pytest.mark.parametrize(("found", "raw", "lines"), table("## Where the program stops"))
def test_documented_stop(tmp_path, found, raw, lines):
    ((_, data),) = examples(raw)
    write(tmp_path, data)
    with pytest.raises(NerpipeError) as caught:
        cleaned(tmp_path)
    message = str(caught.value)
    assert re.findall(r"(?m)^    (\w+: \S+)$", message) == re.findall(r"`([^`]+)`", lines), found
    assert message.splitlines()[-1].startswith("    ")
    assert str(tmp_path / "corpus.yaml") in message


# What the README beside the excerpts counts: sentences, tokens, entities by type.
EXCERPTS = {
    "germeval14.tsv": (
        150,
        2769,
        "LOC 58, PER 40, ORG 35, OTH 23, LOCderiv 15, ORGpart 8, LOCpart 7, PERpart 1, ORGderiv 1",
    ),
    "uner_danish.iob2": (150, 2980, "PER 49, ORG 27, LOC 17"),
    "uner_chinese.iob2": (120, 3301, "LOC 110, ORG 40, PER 27"),
    "norne_bokmaal.conllu": (120, 1988, "GPE_ORG 38, PER 27, GPE_LOC 23, PROD 4, ORG 4, LOC 4, DRV 1"),
    "hipe2022_ajmc_de.tsv": (56, 1428, "pers 53, scope 50, work 30, object 3, loc 1"),
    "klue_ner.tsv": (120, 7049, "PS 105, QT 104, OG 59, DT 59, LC 47, TI 11"),
    "skillspan.conll": (150, 2903, "Knowledge 49"),
    "german_ler.conll": (
        150,
        4749,
        "GS 54, RS 23, VT 8, GRT 8, INN 6, EUN 5, LIT 4, LD 3, ST 3, RR 3, ORG 2, VS 2, LDS 1, VO 1, PER 1",
    ),
    "masakhaner_amharic.txt": (150, 2258, "LOC 84, PER 38, ORG 25"),
    "ncbi_disease.tsv": (150, 3768, "Disease 133"),
}
STOPS = {"germeval14.tsv": (0, 2), "hipe2022_ajmc_de.tsv": (0, 2), "skillspan.conll": (1, 2)}  # right reading, readings
DOCUMENTS = {"germeval14.tsv": 150, "hipe2022_ajmc_de.tsv": 4, "uner_chinese.iob2": 4}


@pytest.mark.parametrize("name", EXCERPTS)
def test_an_excerpt_has_the_counts_of_its_readme(tmp_path, corpora, name):
    sentences, tokens, types = EXCERPTS[name]
    for split in ("train", "dev", "test"):
        shutil.copy(corpora / name, tmp_path / f"{split}.{name.rpartition('.')[2]}")
    if name in STOPS:
        right, count = STOPS[name]
        with pytest.raises(NerpipeError, match=f"can be read in {count} ways") as caught:
            cleaned(tmp_path)
        block = re.split(r"for reading \d:\n", str(caught.value))[1:][right]
        (tmp_path / "corpus.yaml").write_text("\n".join(re.findall(r"(?m)^    (.*)$", block)) + "\n")
    row, clean = cleaned(tmp_path)
    by_type = {kind: int(count) for kind, count in (pair.split() for pair in types.split(", "))}
    assert (row["sentences"], row["tokens"], row["entities_by_type"]) == (sentences, tokens, by_type)
    assert row["documents"] == DOCUMENTS.get(name, 0)
    assert row["unit"] == ("character" if name == "klue_ner.tsv" else "word")
    assert row["layout"]["rows"] == row["layout"]["rows_with_tag"] == tokens
    if name == "klue_ner.tsv":
        assert clean.count(b"\n \tO\n") + clean.count(b"\n \tI-") == 1524
    (tmp_path / "again").mkdir()
    write(tmp_path / "again", clean)
    assert cleaned(tmp_path / "again")[1] == clean


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("uner_danish", [(4383, 80378, 3028), (564, 10332, 379), (565, 10023, 447)]),
        ("ncbi_disease", [(5424, 135701, 5134), (923, 23969, 787), (940, 24497, 960)]),
    ],
)
def test_a_whole_corpus_has_the_counts_of_its_readme(tmp_path, corpora, name, counts):
    rows = clean_corpus(resolve_corpus(corpora / "full" / name), tmp_path, max_rejected=0)
    assert [(row["sentences"], row["tokens"], row["entities"]) for row in rows] == counts


def test_what_was_found_is_printed_and_other_columns_of_tags_are_named(tmp_path, capsys):
    data = b"EU\tNNP\tB-NP\tB-ORG\nis\tVBZ\tB-VP\tO\nso\tRB\tB-ADVP\tO\n\n"
    write(tmp_path, data)
    clean_conll(raw=tmp_path, extra=None, out=tmp_path / "clean", report=tmp_path / "clean.json", max_rejected=0)
    said = capsys.readouterr().out
    assert "token in column 1, tag in column 4: 3 of 3 rows" in said
    assert "left aside: tags in column 3: 3 entities (ADVP, NP, VP) in 3 rows" in said


def test_two_stray_tags_do_not_make_a_file_of_iob1_into_iob2(tmp_path):
    write(tmp_path, b"a\tI-x\nb\tO\n" * 500 + b"\nc\tB-x\n\nd\tB-x\n\n")
    row, _ = cleaned(tmp_path)
    assert (row["scheme"], row["repairs"], row["entities"]) == ("IOB1", {"iob1_begin": 500}, 502)


def test_types_that_look_like_prefixes_stay_types(tmp_path):
    write(tmp_path, b"a\tE-mail\nb\tO\nc\tS-Bahn\nd\tPerson\ne\tPerson\nf\tLocation\n" + b"g\tO\n" * 5 + b"\n")
    row, _ = cleaned(tmp_path)
    assert row["scheme"] == "plain"
    assert row["entities_by_type"] == {"E-mail": 1, "Location": 1, "Person": 1, "S-Bahn": 1}


def test_utf_8_may_be_named_with_its_mark(tmp_path):
    write(tmp_path, "\ufeffZoë\tB-x\nis\tO\n\n".encode())
    (tmp_path / "corpus.yaml").write_text("encoding: utf-8-sig")
    assert cleaned(tmp_path)[1] == "Zoë\tB-x\nis\tO\n\n".encode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_read_with_the_line_that_is_proposed(tmp_path, encoding):
    write(tmp_path, ("Zoë\tB-x\nis\tO\n\n" * 10).encode(encoding))
    with pytest.raises(NerpipeError) as caught:
        cleaned(tmp_path)
    [line] = re.findall(r"(?m)^    (\w+: .*)$", str(caught.value))
    (tmp_path / "corpus.yaml").write_text(line)
    row, _ = cleaned(tmp_path)
    assert (row["tokens"], row["entities"]) == (20, 10)


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (b"K\xf6ln\tO", ["encoding: cp1252"]),
        (b"a\tB_x", ["scheme: underscore"]),
        (b"a\tPERSON", ["scheme: plain"]),
        (b"a\tb c", []),
        (b"a b\tO\tO", []),
    ],
)
def test_too_much_quarantined_ends_with_the_lines_that_would_help(tmp_path, line, lines):
    write(tmp_path, b"Ada\tB-x\nis\tO\n\n" * 3 + line + b"\n\n")
    with pytest.raises(NerpipeError) as caught:
        cleaned(tmp_path)
    assert re.findall(r"(?m)^    (\w+: .*)$", str(caught.value)) == lines


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("token_column", 9, r"token_column\] '9': .*no such column; allowed are a number from 1 to 2"),
        ("tag_column", "nert", r"tag_column\] 'nert': .*no such column"),
    ],
)
def test_a_column_that_is_not_there_is_refused(tmp_path, key, value, said):
    write(tmp_path, b"Ada\tB-x\nis\tO\n\n", **{key: value})
    with pytest.raises(NerpipeError, match=said):
        cleaned(tmp_path)
