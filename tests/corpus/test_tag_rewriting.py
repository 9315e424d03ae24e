"""New tags in raw files: they are read as what was wanted, in every scheme, and nothing else in the line changes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nerpipe.contracts.schemes import Span, spans_of
from nerpipe.corpus.settings import load_settings
from nerpipe.corpus.sources import resolve_corpus
from nerpipe.corpus.tag_rewriting import FAMILIES, TagWriter, iob2_tags_of
from nerpipe.corpus.training_places import raw_training
from nerpipe.errors import NerpipeError

FILLER = "Ann\tB-x\nLee\tI-x\nsaw\tO\nBo\tB-y\n\n" * 20


def corpus_of(folder, train, keys=""):
    """A corpus whose train is this text, and the writer for it."""
    folder.mkdir(exist_ok=True)
    (folder / "train.conll").write_bytes(train.encode())
    for split in ("dev", "test"):
        (folder / f"{split}.conll").write_text(train.replace("\r", ""))
    (folder / "corpus.yaml").write_text(keys)
    corpus = resolve_corpus(folder)
    layout, sentences = raw_training(corpus)
    sentences = list(sentences)
    return TagWriter(layout, corpus.settings.types, load_settings(folder).multi_tag, sentences), sentences


def scheme_text(scheme):
    """Words and tags of a scheme, with entities of one, two and three words."""
    if scheme == "plain":
        rows = "a x\nb x\nc O\nd y\ne O\nf x\ng x\nh x\n\n"
    elif scheme == "IOB1":
        rows = "a I-x\nb I-x\nc O\nd I-y\ne O\nf I-x\ng I-x\nh I-x\n\n"
    else:
        alone, first, middle, last = FAMILIES[scheme]
        rows = f"a {first}-x\nb {last}-x\nc O\nd {alone}-y\ne O\nf {first}-x\ng {middle}-x\nh {last}-x\n\n"
    return rows * 10


@pytest.mark.parametrize("scheme", [*FAMILIES, "IOB1", "plain"])
def test_every_scheme_is_written_as_the_file_writes_it(tmp_path, scheme):
    writer, sentences = corpus_of(tmp_path / "raw", scheme_text(scheme), "token_column: 1\ntag_column: 2\n")
    assert spans_of(writer.clean_tags(sentences[0])) == [Span("x", 0, 2), Span("y", 3, 4), Span("x", 5, 8)]
    new = writer.rewrite(sentences[0], [Span("x", 0, 3), Span("y", 4, 5), Span("x", 6, 8)])
    wanted = {
        "IOB2": ["c I-x", "d O", "e B-y", "f O", "g B-x"],
        "IOB1": ["c I-x", "d O", "e I-y", "f O"],
        "plain": ["c x", "d O", "e y", "f O"],
        "IOBES": ["b I-x", "c E-x", "d O", "e S-y", "f O", "g B-x"],
        "BILOU": ["b I-x", "c L-x", "d O", "e U-y", "f O", "g B-x"],
        "BMES": ["b M-x", "c E-x", "d O", "e S-y", "f O", "g B-x"],
        "BMEWO": ["b M-x", "c E-x", "d O", "e W-y", "f O", "g B-x"],
    }[scheme]
    assert [*new.values()] == wanted


@pytest.mark.parametrize(
    ("scheme", "before", "after"),
    [("underscore", "B_x", "B_y"), ("suffix", "x-B", "y-B"), ("lower", "b-x", "b-y")],
)
def test_other_notations_are_kept(tmp_path, scheme, before, after):
    text = f"Ann {before}\nis O\nhere O\nBo {after}\n\n" * 10
    writer, sentences = corpus_of(tmp_path / "raw", text, f"token_column: 1\ntag_column: 2\nscheme: {scheme}\n")
    assert writer.rewrite(sentences[0], [Span("y", 0, 1), Span("y", 3, 4)]) == {1: f"Ann {after}"}


def test_an_entity_directly_behind_another_of_its_type_begins_with_b_in_iob1(tmp_path):
    text = "a I-x\nb O\nc I-x\n\n" * 10
    writer, sentences = corpus_of(tmp_path / "raw", text, "token_column: 1\ntag_column: 2\nscheme: IOB1\n")
    assert writer.rewrite(sentences[0], [Span("x", 0, 2), Span("x", 2, 3)]) == {2: "b I-x", 3: "c B-x"}


def test_plain_types_cannot_say_that_two_entities_touch(tmp_path):
    writer, sentences = corpus_of(tmp_path / "raw", "a x\nb O\nc x\n\n" * 10, "token_column: 1\ntag_column: 2\n")
    with pytest.raises(NerpipeError, match="cannot say this"):
        writer.rewrite(sentences[0], [Span("x", 0, 2), Span("x", 2, 3)])


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ("Bo\t7\tB-y\tVBZ", "Bo\t7\tO\tVBZ"),
        ("Bo\t7\t B-y \tVBZ", "Bo\t7\t O \tVBZ"),
        ("Bo\t7\tB-y\tVBZ  ", "Bo\t7\tO\tVBZ  "),
        ("Bo 7 B-y VBZ", "Bo 7 O VBZ"),
        ("Bo   7  B-y VBZ ", "Bo   7  O VBZ "),
        ("Bo\t7\tB-y\tVBZ\r", "Bo\t7\tO\tVBZ\r"),
    ],
)
def test_only_the_tag_of_a_line_changes(tmp_path, line, new):
    text = f"{line}\nsaw\t8\tO\tNN\n\n" + "Bo\t7\tB-y\tVBZ\nAnn\t7\tB-x\tVBZ\nsaw\t8\tO\tNN\n\n" * 20
    writer, sentences = corpus_of(tmp_path / "raw", text, "token_column: 1\ntag_column: 3\n")
    assert {number: row.rstrip("\r") for number, row in writer.rewrite(sentences[0], []).items()} == {
        1: new.rstrip("\r")
    }


def test_a_field_of_a_column_is_changed_alone(tmp_path):
    text = "1\tBo\tno=1|name=B-y|case=O\n2\tsaw\tno=2|name=O|case=N\n\n" * 20
    writer, sentences = corpus_of(tmp_path / "raw", text, "token_column: 2\ntag_column: 3.name\n")
    assert writer.rewrite(sentences[0], [Span("y", 1, 2)]) == {
        1: "1\tBo\tno=1|name=O|case=O",
        2: "2\tsaw\tno=2|name=B-y|case=N",
    }


def test_renamed_types_are_written_under_the_name_of_the_file(tmp_path):
    text = "Ann\tB-PER\nsaw\tO\nUlm\tB-GPE\non\tO\nMay\tB-DATE\n\n" * 20
    keys = "types:\n  PER: person\n  GPE: place\n  DATE: O\n"
    writer, sentences = corpus_of(tmp_path / "raw", text, keys)
    assert writer.clean_tags(sentences[0]) == ["B-person", "O", "B-place", "O", "O"]
    assert writer.rewrite(sentences[0], [Span("place", 0, 1), Span("person", 2, 3)]) == {
        1: "Ann\tB-GPE",
        3: "Ulm\tB-PER",
    }
    with pytest.raises(NerpipeError, match="has the type 'town'; its types are person, place"):
        writer.rewrite(sentences[0], [Span("town", 0, 1)])


def test_of_merged_types_only_that_of_an_entity_there_is_known(tmp_path):
    text = "Ann\tB-PER\nLee\tO\nsaw\tB-NICK\n\n" * 20
    writer, sentences = corpus_of(tmp_path / "raw", text, "types:\n  PER: person\n  NICK: person\n")
    assert writer.rewrite(sentences[0], [Span("person", 0, 2), Span("person", 2, 3)]) == {2: "Lee\tI-PER"}
    with pytest.raises(NerpipeError, match="reads PER and NICK as 'person'"):
        writer.rewrite(sentences[0], [Span("person", 0, 1), Span("person", 1, 2), Span("person", 2, 3)])


TAGS = st.lists(st.sampled_from(["O", "O", "B-x", "I-x", "B-y", "I-y"]), min_size=1, max_size=7)


@settings(max_examples=30)  # Each reads files.
@given(data=st.data(), prefixes=st.sampled_from(["IOB2", "IOBES", "BILOU", "BMES", "BMEWO", "IOB1"]))
def test_what_is_written_is_read_as_it_was_wanted(tmp_path_factory, data, prefixes):
    tags, wanted = data.draw(TAGS), data.draw(TAGS)
    wanted = (wanted + ["O"] * len(tags))[: len(tags)]
    text = "".join(f"w{at} {tag}\n" for at, tag in enumerate(tags)) + "\n" + scheme_text(prefixes)
    folder = tmp_path_factory.mktemp("raw")
    writer, sentences = corpus_of(folder / "raw", text, "token_column: 1\ntag_column: 2\n")
    spans = spans_of(wanted)
    lines = text.split("\n")
    for number, line in writer.rewrite(sentences[0], spans).items():
        lines[number - 1] = line
    writer, again = corpus_of(folder / "raw", "\n".join(lines), "token_column: 1\ntag_column: 2\n")
    assert writer.clean_tags(again[0]) == iob2_tags_of(spans, len(tags))
    assert lines[len(tags) :] == text.split("\n")[len(tags) :]
    assert writer.rewrite(again[0], spans) == {}
