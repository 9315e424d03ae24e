"""CSV: three layouts by their header, separators, quotes, and rows that do not fit."""

import json

import pytest

from nerpipe.annotations.csv_tables import csv_documents, csv_layout
from nerpipe.annotations.documents import Broken, Document
from nerpipe.annotations.formats import find_files
from nerpipe.errors import NerpipeError


def write(tmp_path, content):
    path = tmp_path / "some.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    ("header", "layout"),
    [
        ("text,start,end,label", "annotations"),
        ("\ufeffText;Start;End;Type", "annotations"),
        ("id\ttext\tstart\tend\tlabel", "annotations"),
        ("Sentence #,Word,POS,Tag", "words"),
        ("sentence_id,token,ner_tags", "words"),
        ("sent_id,words,pos,labels", "words"),
        ("Sentence,Tokens,NER", "words"),
        ("text,label", "lists"),
        ("text", ""),
        ("word,tag", ""),
        ("", ""),
    ],
)
def test_layouts(tmp_path, header, layout):
    path = write(tmp_path, header + "\n")
    assert csv_layout(path) == layout
    if not layout:
        with pytest.raises(NerpipeError, match="A CSV file needs the columns" if header else "the file is empty"):
            find_files([path])


def test_rows_of_one_text_are_one_document_and_offsets_may_be_floats(tmp_path):
    path = write(
        tmp_path, 'text,start,end,label\n"Ada,\r\nBo",0,3,PER\n"Ada,\r\nBo",6.0,8.0,PER\nnone,,,\nx,a,1e400,PER\n'
    )
    first, none, odd = csv_documents(path)
    assert first.text == "Ada,\r\nBo"
    assert [annotation.parts for annotation in first.annotations] == [((0, 3),), ((6.0, 8.0),)]
    assert (none.text, none.annotations) == ("none", [])
    assert odd.annotations[0].parts == (("a", "1e400"),)


def test_a_row_that_does_not_fit_is_rejected_and_the_others_go_on(tmp_path):
    path = write(
        tmp_path, b'text,start,end,label\nAda,0,3\nAda,0,3,PER\ncaf\xe9,0,3,PER\n\n"x"y,0,1,PER\nBo,0,2,PER\n"half'
    )
    rows = list(csv_documents(path))
    assert [(row.place.rpartition(":")[2], row.problem) for row in rows] == [
        ("2", "bad_row"),
        ("3", ""),
        ("4", "invalid_utf8"),
        ("6", "bad_row"),
        ("7", ""),
        ("8", "bad_row"),
    ]
    assert rows[-1].raw == '"half'


@pytest.mark.parametrize(
    ("cell", "spans"),
    [
        ([{"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}], [("PER", ((0, 3),))]),
        ([[0, 3, "PER"]], [("PER", ((0, 3),))]),
        ([{"start": 0, "end": 3, "label": "PER"}], [("PER", ((0, 3),))]),
        ([], []),
    ],
)
def test_lists_in_a_cell(tmp_path, cell, spans):
    shown = json.dumps(cell).replace('"', '""')
    (document,) = csv_documents(write(tmp_path, f'text,label\nAda,"{shown}"\n'))
    assert isinstance(document, Document)
    assert [(annotation.label, annotation.parts) for annotation in document.annotations] == spans


def test_a_cell_that_is_no_list_is_broken(tmp_path):
    found = list(csv_documents(write(tmp_path, "text,label\nAda,PER\nBo,[[\n")))
    assert [(type(row), row.problem) for row in found] == [(Broken, "not_json")] * 2
