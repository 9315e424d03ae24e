"""Files of many layouts with known words and tags: each is read rightly, or the lines of the refusal make it so."""

import re
import subprocess
import tempfile
import time
from io import BytesIO
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nerpipe.batch.readers import read_records
from nerpipe.comparison.score_files import score_files
from nerpipe.contracts.conll import read_conll
from nerpipe.corpus.cleaning import clean_corpus
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.errors import NerpipeError

WORDS = [
    "the",
    "of",
    "Berlin",
    "Paris",
    "Smith",
    "says",
    "2009",
    "1",
    ",",
    ".",
    "#joe",
    "U.S.",
    "e-mail",
    "東京",
    "x=y",
    "O",
]
TYPES = ["PER", "LOC", "creative-work"]
# For each scheme: the prefixes of an entity of one word, of the first, a middle and the last word of a longer one.
PREFIXES = {
    "IOB2": "BBII",
    "IOBES": "SBIE",
    "BILOU": "UBIL",
    "BMES": "SBME",
    "BMEWO": "WBME",
    "underscore": "BBII",
    "suffix": "BBII",
    "lower": "bbii",
}
DOCUMENTS = ["", "-DOCSTART-\n", "-DOCSTART- (d{})\n", "#DOCSTART d{}", "# newdoc id = d{}", "# doc_id = d{}"]
COMMENTS = ["", "# sent_id = s{}", "# sent_id = s{}\n# text = some words", "## s{} words"]
CONSTANTS = {"part": ["NN", "VB", ".", "RB"], "chunk": ["B-NP", "I-NP", "O", "B-VP"], "fields": ["_", "SpaceAfter=No"]}
NAMES = {"token": "TOKEN", "tag": "NER_TAG", "number": "ID", "part": "POS", "chunk": "CHUNK", "fields": "MISC"}


def write_tag(kind, prefix, scheme):
    between = "_" if scheme == "underscore" else "-"
    return f"{kind}-{prefix}" if scheme == "suffix" else prefix + between + kind


@st.composite
def entities(draw, scheme):
    """Words of one entity or none, with their IOB2 tags and the tags of the scheme."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
    kind = draw(st.sampled_from(["", "", *TYPES]))
    if not kind:
        return [(word, "O", "O") for word in words]
    one, first, middle, last = PREFIXES[scheme]
    written = [one] if len(words) == 1 else [first, *[middle] * (len(words) - 2), last]
    return [
        (word, f"{'I' if index else 'B'}-{kind}", write_tag(kind, prefix, scheme))
        for index, (word, prefix) in enumerate(zip(words, written, strict=True))
    ]


@st.composite
def raw_files(draw):
    """The text of a file, its sentences of words and IOB2 tags, and its number of documents."""
    scheme = draw(st.sampled_from([*["IOB2"] * 3, *PREFIXES]))
    extra = draw(st.lists(st.sampled_from([*CONSTANTS]), unique=True))
    columns = [*draw(st.sampled_from([[], ["number"]])), "token", *extra]
    columns.insert(draw(st.integers(columns.index("token") + 1, len(columns))), "tag")
    if draw(st.booleans()) and not extra:
        columns = [*columns[:-2], "tag", "token"]
    separator, end = draw(st.sampled_from("\t ")), draw(st.sampled_from(["\n", "\n", "\r\n"]))
    document, comment = draw(st.sampled_from(DOCUMENTS)), draw(st.sampled_from(COMMENTS))
    lines = [separator.join(NAMES[name] for name in columns)] if draw(st.booleans()) else []
    # Sentences that every file has, so that there is evidence for the scheme, words and several lengths.
    usual = [[(word, "O", "O") for word in ("Then", "we", "went", "to")], [("home", "O", "O"), (".", "O", "O")]] * 3
    one, first, _, last = PREFIXES[scheme]
    usual[0] += [("Rome", "B-LOC", write_tag("LOC", one, scheme))]
    usual[1] += [
        (word, tag, write_tag("PER", prefix, scheme))
        for word, tag, prefix in (("Ada", "B-PER", first), ("King", "I-PER", last))
    ]
    drawn = draw(
        st.lists(st.lists(entities(scheme), min_size=1, max_size=4).map(lambda parts: [*chain(*parts)]), max_size=8)
    )
    sentences = [list(map(tuple, sentence)) for sentence in [*usual, *drawn]]
    for index, sentence in enumerate(sentences):
        if index % 3 == 0 and document:
            lines += document.format(index).split("\n")
        lines += comment.format(index).split("\n") if comment else []
        for number, (word, _, tag) in enumerate(sentence, start=1):
            cells = {"token": word, "tag": tag, "number": str(number)}
            cells |= {name: values[(index + number) % len(values)] for name, values in CONSTANTS.items()}
            lines.append(separator.join(cells[name] for name in columns))
        lines.append("")
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    expected = [(tuple(row[0] for row in rows), tuple(row[1] for row in rows)) for rows in sentences]
    return mark + text, expected, -(-len(sentences) // 3) if document else 0


def cleaned(folder):
    rows = clean_corpus(resolve_corpus(folder), folder / "clean", max_rejected=0)
    return rows[0], [(sentence.tokens, sentence.tags) for sentence in read_conll(folder / "clean/train.conll")]


def blocks(message):
    """The lines to paste of each reading of a message."""
    parts = re.split(r"for reading \d+:\n", message)[1:] or [message]
    return ["\n".join(re.findall(r"(?m)^    (\w+: .*)$", part)) for part in parts]


def write(folder, text):
    for split in ("train", "dev", "test"):
        (folder / f"{split}.conll").write_text(text, encoding="utf-8", newline="")


def cleaned_as_said(folder, message, expected):
    """Try the lines of each reading until one gives what is expected."""
    for lines in blocks(message):
        (folder / "corpus.yaml").write_text(lines)
        try:
            row, found = cleaned(folder)
        except NerpipeError:
            continue
        if found == expected:
            return row, found
    raise AssertionError(f"no reading of this message is right:\n{message}")


@settings(max_examples=60)
@given(raw_files())
def test_a_file_is_read_rightly_or_the_refusal_says_how(drawn):
    text, expected, documents = drawn
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, text)
        try:
            row, found = cleaned(folder)
        except NerpipeError as error:
            row, found = cleaned_as_said(folder, str(error), expected)
        assert found == expected
        assert row["documents"] == documents
        assert row["lines"]["kept"] == sum(len(words) for words, _ in expected)
        records = list(read_records([str(folder / "train.conll")], "conll", BytesIO(), lambda _: None))
        assert [tuple(record.words) for record in records] == [words for words, _ in expected]
        scores = score_files(folder / "clean/train.conll", folder / "train.conll")
        assert (scores.words_differ, scores.scores.readings["conlleval"].f1) == (0, 1.0)
        again = folder / "again"
        again.mkdir()
        write(again, (folder / "clean/train.conll").read_text(encoding="utf-8"))
        row, found = cleaned(again)
        assert (found, row["repairs"], row["documents"]) == (expected, {}, documents)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        # The tag is first, and nothing says whether lemmas or words come first.
        (["B-LOC\tNN\tBerlin\tberlin", "O\tVB\tis\tbe", "O\tRB\there\there"], "can be read in 2 ways"),
        # The lemma stands before the word.
        (["berlin\tBerlin\tB-LOC", "be\tis\tO", "here\tHere\tO", "there\tthere\tO"], "can be read in 2 ways"),
    ],
)
def test_words_and_lemmas_in_an_unusual_order_are_asked_for(tmp_path, rows, said):
    write(tmp_path, "\n".join(rows) + "\n\n")
    with pytest.raises(NerpipeError, match=said) as caught:
        cleaned(tmp_path)
    assert len(blocks(str(caught.value))) == 2


@pytest.mark.parametrize(
    ("rows", "token"),
    [
        (["NN\tBerlin\tB-LOC", "VBZ\tis\tO", "RB\there\tO"], 2),  # parts of speech are no words
        (["Berlin\tberlin\tB-LOC", "Is\tbe\tO", "here\there\tO"], 1),
        (["0.1\tBerlin\tB-LOC", "0.2\tBerlin\tO"], 2),  # no ids of empty nodes
        (["TOKEN\tX\tNER", "# newdoc id = 1", "a\tb\tB-x"], 1),  # a comment behind a header row
        (["NER_TAG\tTOKEN", "B-x\tI-95"], 2),  # a header tells a tag from a word that looks like one
        (["b-LOC\tO", "O\tis", "O\tso", "i-LOC\ta"], None),  # the tags of both columns are a matter of taste
    ],
)
def test_evidence_in_few_rows(tmp_path, rows, token):
    write(tmp_path, "\n".join(rows) + "\n\n")
    if token:
        assert cleaned(tmp_path)[0]["layout"]["token"] == str(token)
    else:
        with pytest.raises(NerpipeError, match="scheme: lower"):
            cleaned(tmp_path)


@pytest.mark.parametrize("scheme", ["BILOU", "BMEWO"])
def test_the_scheme_that_a_refusal_proposes_has_the_prefixes_of_the_file(tmp_path, scheme):
    prefix = {"BILOU": "U", "BMEWO": "W"}[scheme]
    write(tmp_path, f"a\t{prefix}-x\nb\t{prefix}-y\nc\tO\n\n")
    with pytest.raises(NerpipeError) as caught:
        cleaned(tmp_path)
    (tmp_path / "corpus.yaml").write_text(blocks(str(caught.value))[0])
    assert (cleaned(tmp_path)[0]["scheme"], cleaned(tmp_path)[0]["entities"]) == (scheme, 2)


def test_a_comment_that_could_be_a_row_is_no_word(tmp_path):
    write(tmp_path, "# text = a b O\na _ _ _ _ B-x\nb _ _ _ _ O\n\n## c1 _ _ _ B-12\nb _ _ _ _ O\n\n")
    row, found = cleaned(tmp_path)
    assert ([words for words, _ in found], row["lines"]["comments"]) == ([("a", "b"), ("b",)], 2)


ROWS = [("Ann", "B-x"), ("Lee", "I-x"), ("is", "O"), ("in", "O"), ("Ulm", "B-y"), (".", "O")]


@pytest.mark.parametrize(
    ("mark", "convert"),
    [
        ("\t", lambda tag: "_" if tag == "O" else tag),
        (" ", lambda tag: "0" if tag == "O" else tag),
        (",", str),
        (";", str),
        ("\t", lambda tag: tag.replace("-", ":")),
        ("\t", lambda tag: tag.replace("-", ".")),
        ("\t", lambda tag: tag[0]),
        ("CR", str),
    ],
)
def test_the_command_that_a_message_gives_makes_the_file_readable(tmp_path, mark, convert):
    text = "\n".join(f"{word}{mark.replace('CR', ' ')}{convert(tag)}" for word, tag in ROWS) + "\n\n"
    write(tmp_path, text.replace("\n", "\r") if mark == "CR" else text)
    with pytest.raises(NerpipeError) as caught:
        cleaned(tmp_path)
    command = re.search(r"(?:sed|tr) .* < OLD > NEW|sed .* OLD > NEW", str(caught.value))[0]
    for split in ("train", "dev", "test"):
        path = tmp_path / f"{split}.conll"
        path.rename(tmp_path / "old")
        filled = command.replace("TYPE", "x").replace("OLD", str(tmp_path / "old")).replace("NEW", str(path))
        subprocess.run(["sh", "-c", filled], check=True)
        (tmp_path / "old").unlink()
    words, tags = zip(*ROWS, strict=True)
    untyped = "TYPE" in command
    assert cleaned(tmp_path)[1] == [(words, tuple(tag.replace("y", "x") for tag in tags) if untyped else tags)]


def test_a_header_whose_names_are_not_known_is_found_by_its_tags(tmp_path):
    write(tmp_path, "word\tcoarse\tfine\nAnn\tB-x\tB-a\nis\tO\tO\n\n")
    with pytest.raises(NerpipeError, match=r"column 3 \(fine\)") as caught:
        cleaned(tmp_path)
    assert cleaned_as_said(tmp_path, str(caught.value), [(("Ann", "is"), ("B-a", "O"))])
    write(tmp_path, "word\tO\nword\tB-x\n\n")
    (tmp_path / "corpus.yaml").unlink()
    assert cleaned(tmp_path)[1] == [(("word", "word"), ("O", "B-x"))]


NUMBERED = "1\tEU\tB-ORG\n2\tis\tO\n3\tbig\tO\n\n"
WITH_SPEECH = "EU\tNNP\tB-ORG\nis\tVBZ\tO\nbig\tJJ\tO\n\n"
WITH_LEMMAS = "Ajax\tajax\tB-ORG\nwon\twin\tO\n3-1\t3-1\tO\nin\tin\tO\nParis\tparis\tB-ORG\n\n"
PLAIN = "Ann\tperson\nLee\tperson\nwent\tO\nto\tO\n\n"
PREFIXED = "Ann\tB-person\nLee\tI-person\nwent\tO\nto\tO\n\n"
MARKED = "Ann\tB_person\nLee\tI_person\nwent\tO\nto\tO\n\n"


@pytest.mark.parametrize(
    ("train", "dev"),
    [
        (WITH_SPEECH * 200, NUMBERED * 10),
        (NUMBERED * 100, WITH_LEMMAS * 5),
        (PLAIN * 20, PREFIXED * 2),
        (PLAIN * 200, PREFIXED * 10),
        (MARKED * 20, PREFIXED * 5),
        (PREFIXED * 20, PLAIN * 8),
    ],
)
def test_a_split_in_another_layout_is_never_read_by_that_of_train(tmp_path, train, dev):
    write(tmp_path, train)
    (tmp_path / "dev.conll").write_text(dev)
    with pytest.raises(
        NerpipeError, match=r"dev\.conll: by itself|in another notation|columns can be read|quarantined"
    ):
        cleaned(tmp_path)


@pytest.mark.parametrize(
    "ids", [["0_2", "3_6"], ["[0,9]", "[10,12]"], ["PMID0|0-9", "PMID0|10-12"], ["s1.w1", "s1.w2"]]
)
def test_places_and_ids_of_rows_are_no_words(tmp_path, ids):
    rows = [f"{ids[0]}\tAnn\tB-PER\n{ids[1]}\tran\tO\n\n", f"{ids[0]}\tBo\tB-PER\n{ids[1]}\tsat\tO\n\n"]
    write(tmp_path, "".join(rows))
    assert cleaned(tmp_path)[1][0] == (("Ann", "ran"), ("B-PER", "O"))


def test_a_first_word_that_names_a_column_is_a_word(tmp_path):
    write(tmp_path, "Text\tB-entity\nmining\tI-entity\nis\tO\n\nWe\tO\nuse\tO\nBERT\tB-entity\n\n")
    assert cleaned(tmp_path)[1][0] == (("Text", "mining", "is"), ("B-entity", "I-entity", "O"))


def test_an_encoding_that_would_garble_another_split_is_refused(tmp_path):
    text = "Köln\tB-LOC\nliegt\tO\n\nZürich\tB-LOC\nist\tO\nschön\tO\n\n" * 8
    write(tmp_path, text)
    (tmp_path / "test.conll").write_bytes(text.encode("cp1252"))
    with pytest.raises(NerpipeError, match=r"    encoding: cp1252$"):
        cleaned(tmp_path)
    (tmp_path / "corpus.yaml").write_text("encoding: cp1252\n")
    with pytest.raises(NerpipeError, match=r"train\.conll: this file is UTF-8.*iconv -f cp1252"):
        cleaned(tmp_path)


def test_a_long_file_is_looked_at_in_four_places_whatever_its_line_ends(tmp_path):
    first, later = "Ann\tB-x\tO\nis\tO\tO\n\n", "Ann\tO\tB-y\nis\tO\tO\n\n"
    text = first * 60_000 + later * 60_000
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.conll").write_text(text.replace("\n", "\r\n"), newline="")
    with pytest.raises(NerpipeError, match="can be read in 2 ways"):
        cleaned(tmp_path)


def test_a_split_that_is_no_file_is_not_cut_from_train(tmp_path):
    write(tmp_path, PREFIXED * 20)
    (tmp_path / "dev.conll").unlink()
    (tmp_path / "dev.conll").symlink_to("nowhere")
    with pytest.raises(NerpipeError, match=r"dev\.conll: the file is not there"):
        cleaned(tmp_path)
    (tmp_path / "dev.conll").unlink()
    (tmp_path / "dev.conll").mkdir()
    with pytest.raises(NerpipeError, match=r"dev\.conll: this is a folder"):
        cleaned(tmp_path)


def test_words_and_tags_are_never_one_column(tmp_path):
    write(tmp_path, "B-x\tAnn\nO\tis\n\n")
    (tmp_path / "corpus.yaml").write_text("tag_column: 1\n")
    assert cleaned(tmp_path)[1] == [(("Ann", "is"), ("B-x", "O"))]
    (tmp_path / "corpus.yaml").write_text("token_column: 1\ntag_column: 1\n")
    with pytest.raises(NerpipeError, match=r"tag_column\] '1' is the column of the words too"):
        cleaned(tmp_path)


def test_score_renames_types_as_the_corpus_yaml_beside_the_file_says(tmp_path):
    (tmp_path / "corpus.yaml").write_text("types: {PER: PERSON}\n")
    (tmp_path / "gold.conll").write_text("Ann\tB-PER\nran\tO\n\n")
    (tmp_path / "system").mkdir()
    (tmp_path / "system/out.conll").write_text("Ann\tB-PERSON\nran\tO\n\n")
    assert score_files(tmp_path / "gold.conll", tmp_path / "system/out.conll").scores.readings["conlleval"].f1 == 1


def test_a_column_of_very_many_fields_takes_no_long_time(tmp_path):
    fields = "|".join(f"k{number}={number}" for number in range(5000))
    write(tmp_path, f"Ann\tB-x\t{fields}\nis\tO\t{fields}\n\n" * 5)
    started = time.monotonic()
    assert cleaned(tmp_path)[0]["entities"] == 5
    assert time.monotonic() - started < 20
