import pytest
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.contracts.schemes import SCHEMES, Span, is_tag, read_tag, spans_of, split_tag, to_iob2


@pytest.mark.parametrize(
    ("tags", "expected", "orphans", "plain_begins"),
    [
        ("", "", 0, 0),
        ("O O", "O O", 0, 0),
        # IOB2: every entity begins with B
        ("B-a I-a O B-b", "B-a I-a O B-b", 0, 2),
        ("B-a B-a I-a", "B-a B-a I-a", 0, 1),
        ("B-a I-b", "B-a B-b", 1, 1),  # orphan: another type
        ("O I-a I-a", "O B-a I-a", 1, 0),  # orphan: after O
        # IOB1: B only where two entities of a type touch
        ("I-a I-a O I-b", "B-a I-a O B-b", 2, 0),
        ("I-a B-a I-a", "B-a B-a I-a", 1, 0),
        ("I-a I-b", "B-a B-b", 2, 0),
        # IOBES
        ("B-a I-a E-a S-a O S-b", "B-a I-a I-a B-a O B-b", 0, 1),
        ("S-a E-a", "B-a B-a", 1, 0),  # nothing is open after S
        ("B-a E-a I-a", "B-a I-a B-a", 1, 1),  # nor after E
        ("E-a", "B-a", 1, 0),
        # BILOU
        ("B-a I-a L-a U-a O U-b", "B-a I-a I-a B-a O B-b", 0, 1),
        ("U-a L-a", "B-a B-a", 1, 0),
        # BMES and BMEWO
        ("B-a M-a E-a S-a W-a", "B-a I-a I-a B-a B-a", 0, 1),
        ("M-a M-a W-a E-a", "B-a I-a B-a B-a", 2, 0),
        # types with hyphens
        ("B-creative-work I-creative-work I-creative", "B-creative-work I-creative-work B-creative", 1, 1),
    ],
)
def test_to_iob2(tags, expected, orphans, plain_begins):
    assert to_iob2(tags.split()) == (expected.split(), orphans, plain_begins)


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("", []),
        ("O", []),
        ("B-a I-a O B-b", [("a", 0, 2), ("b", 3, 4)]),
        ("B-a B-a", [("a", 0, 1), ("a", 1, 2)]),
        ("I-a I-b O I-b", [("a", 0, 1), ("b", 1, 2), ("b", 3, 4)]),
        ("O B-a I-a", [("a", 1, 3)]),
    ],
)
def test_spans_of(tags, spans):
    assert spans_of(tags.split()) == [Span(*span) for span in spans]


@pytest.mark.parametrize("tag", ["O", "B-a", "I-creative-work", "E-a", "L-a", "S-a", "U-a", "B--"])
def test_a_tag(tag):
    assert is_tag(tag)


@pytest.mark.parametrize("tag", ["", "o", "0", "b-a", "B", "B-", "B_a", "PERSON", "X-a", "O-a", "-a"])
def test_no_tag(tag):
    assert not is_tag(tag)


@pytest.mark.parametrize(
    ("scheme", "missing"),
    [
        ("IOB1", "ELMSUW"),
        ("IOB2", "ELMSUW"),
        ("IOBES", "LMUW"),
        ("BILOU", "EMSW"),
        ("BMES", "ILUW"),
        ("BMEWO", "ILSU"),
    ],
)
def test_a_scheme_lacks_prefixes(scheme, missing):
    assert not any(is_tag(f"{prefix}-a", SCHEMES[scheme]) for prefix in missing)
    assert set(SCHEMES[scheme]) | set(missing) == set(SCHEMES["auto"])


@pytest.mark.parametrize(
    ("tag", "scheme", "expected"),
    [
        ("O", "plain", "O"),
        ("person-actor", "plain", "I-person-actor"),
        ("E-mail", "plain", "I-E-mail"),
        ("", "plain", ""),
        ("B_PER", "underscore", "B-PER"),
        ("B_creative_work", "underscore", "B-creative_work"),
        ("B-PER", "underscore", ""),
        ("B_", "underscore", ""),
        ("X_PER", "underscore", ""),
        ("PER-B", "suffix", "B-PER"),
        ("creative-work-I", "suffix", "I-creative-work"),
        ("B-PER", "suffix", ""),
        ("-B", "suffix", ""),
        ("b-per", "lower", "B-per"),
        ("e-mail", "lower", "E-mail"),
        ("B-per", "lower", ""),
        ("b-", "lower", ""),
        ("S-PER", "auto", "S-PER"),
        ("S-PER", "IOB2", ""),
    ],
)
def test_read_tag(tag, scheme, expected):
    assert read_tag(tag, scheme) == expected


def test_split_tag():
    assert split_tag("B-creative-work") == ("B", "creative-work")
    assert split_tag("O") == ("O", "")


def tag_rows(prefixes):
    return st.lists(
        st.one_of(
            st.just("O"),
            st.tuples(st.sampled_from(prefixes), st.sampled_from(["a", "b", "a-b"])).map("-".join),
        )
    )


def entities_of(tags):
    """Read the entities as seqeval's port of conlleval.pl does."""
    from seqeval.metrics.sequence_labeling import get_entities

    return [Span(kind, start, end + 1) for kind, start, end in get_entities(tags)]


@given(tag_rows("BI"))
def test_spans_are_those_of_conlleval(tags):
    assert spans_of(tags) == entities_of(tags)


@given(tag_rows("BIES"))
def test_translated_iobes_has_the_entities_of_conlleval(tags):
    assert spans_of(to_iob2(tags)[0]) == entities_of(tags)


@given(tag_rows("BILU"))
def test_translated_bilou_has_the_entities_of_conlleval(tags):
    as_iobes = [tag.replace("L-", "E-").replace("U-", "S-") for tag in tags]
    assert spans_of(to_iob2(tags)[0]) == entities_of(as_iobes)


@given(tag_rows("BIELSU"))
def test_iob2_stays_iob2(tags):
    once, orphans, _ = to_iob2(tags)
    again, none, _ = to_iob2(once)
    assert (again, none) == (once, 0)
    assert len(once) == len(tags)
    assert orphans == sum(new[0] == "B" and old[0] in "IEL" for old, new in zip(tags, once, strict=True))


WRITERS = {  # scheme -> prefixes of an entity of one word, and of the first, middle and last of several
    "IOB2": ("B", "B", "I", "I"),
    "IOBES": ("S", "B", "I", "E"),
    "BILOU": ("U", "B", "I", "L"),
}


def write(lengths, scheme):
    """Write entities of these (type, words) with that scheme; type O is no entity."""
    tags = []
    for kind, words in lengths:
        single, first, middle, last = WRITERS.get(scheme, WRITERS["IOB2"])
        prefixes = [single] if words == 1 else [first, *[middle] * (words - 2), last]
        if scheme == "IOB1" and not (tags and tags[-1][2:] == kind):
            prefixes[0] = "I"
        tags += ["O"] * words if kind == "O" else [f"{prefix}-{kind}" for prefix in prefixes]
    return tags


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "IOBES", "BILOU"])
@given(st.lists(st.tuples(st.sampled_from(["O", "a", "b"]), st.integers(1, 4))))
def test_tags_to_spans_to_tags(scheme, lengths):
    tags = write(lengths, scheme)
    assert all(is_tag(tag, SCHEMES[scheme]) for tag in tags)
    iob2, orphans, _ = to_iob2(tags)
    assert iob2 == write(lengths, "IOB2")
    assert orphans == 0 or scheme == "IOB1"
    assert [(span.type, span.end - span.start) for span in spans_of(iob2)] == [row for row in lengths if row[0] != "O"]
