"""What is resampled: documents where they are known, and otherwise sentences."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.evaluation.units import few_mark, units_of


def test_without_documents_each_sentence_is_a_unit():
    units = units_of({}, 3)
    assert (units.kind, units.names, units.place.tolist(), units.count) == ("sentences", [], [0, 1, 2], 3)


def test_documents_by_hand():
    units = units_of({1: "x", 2: None, 4: "x"}, 6)
    assert units.names == ["#0", "x", "#2"]
    assert units.place.tolist() == [0, 1, 2, 2, 1, 1]  # one id is one document, wherever it stands
    assert units.sum_counts(np.array([1, 10, 100, 1000, 10_000, 100_000])).tolist() == [1, 110_010, 1100]


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([None, *"abc"]), st.booleans()), min_size=1, max_size=30
    ).filter(lambda rows: any(starts for *_, starts in rows))
)
def test_sums_by_document_are_those_of_a_plain_loop(rows):
    boundaries = {place: name for place, (_, name, starts) in enumerate(rows) if starts}
    units = units_of(boundaries, len(rows))
    expected, name, number = {}, "#0", 0
    for count, document, starts in rows:
        if starts:
            number += 1
            name = document or f"#{number}"
        expected[name] = expected.get(name, 0) + count
    sums = units.sum_counts(np.array([[count] for count, *_ in rows]))
    assert dict(zip(units.names, sums[:, 0].tolist(), strict=True)) == expected


def test_the_mark_begins_below_twenty():
    assert [few_mark(count) for count in (0, 19, 20)] == ["too few", "too few", None]
