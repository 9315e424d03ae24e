"""Windows and alignment, as pure functions of numbers."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from nerpipe.contracts.labels import IGNORED, NO_WORD
from nerpipe.tokenizing.alignment import align_labels
from nerpipe.tokenizing.windows import Window, plan_windows


def test_a_sentence_that_fits_is_one_window():
    assert plan_windows([1, 2, 0, 1], capacity=4, stride=2) == [Window(0, 4, 0, 4)]


def test_windows_overlap_by_the_stride_and_share_words_out_by_context():
    # ten words of one sub-word, windows of six, overlap of four: 0-6, 2-8, 4-10.
    # word 2 has min(2, 3) = 2 in window 0 and min(0, 5) = 0 in window 1; word 3 has 2 and 1; word 4 has 1 and 2.
    assert plan_windows([1] * 10, capacity=6, stride=4) == [
        Window(0, 6, 0, 4),
        Window(2, 8, 4, 6),
        Window(4, 10, 6, 10),
    ]


def test_no_overlap():
    assert plan_windows([1] * 5, capacity=2, stride=0) == [
        Window(0, 2, 0, 2),
        Window(2, 4, 2, 4),
        Window(4, 5, 4, 5),
    ]


def test_an_overlap_gives_way_to_a_large_word():
    # after 0-3 (3 sub-words) the next word takes the whole window, so nothing can be shared
    assert plan_windows([1, 1, 1, 4, 1], capacity=4, stride=3) == [
        Window(0, 3, 0, 3),
        Window(3, 4, 3, 4),
        Window(4, 5, 4, 5),
    ]


def test_a_window_that_would_own_no_word_is_not_made():
    # word 3 has 0 sub-words to one side in 0-4, one in 1-5 (which would own nothing else), and two in 2-6
    assert plan_windows([1, 1, 2, 2, 1, 1], capacity=6, stride=5) == [Window(0, 4, 0, 3), Window(2, 6, 3, 6)]
    # the same, and a word without a sub-word stays with its neighbour
    assert plan_windows([1, 1, 2, 1, 1, 1, 4, 0], capacity=5, stride=4) == [
        Window(0, 4, 0, 3),
        Window(2, 6, 3, 6),
        Window(5, 8, 6, 8),
    ]


@settings(max_examples=500)
@given(st.data())
def test_every_word_is_owned_once_and_every_window_fits(data):
    capacity = data.draw(st.integers(1, 12))
    stride = data.draw(st.integers(0, capacity - 1))
    sizes = data.draw(st.lists(st.integers(0, capacity), min_size=1, max_size=40))
    windows = plan_windows(sizes, capacity, stride)
    owned = [word for window in windows for word in range(window.own_start, window.own_end)]
    assert [word for word in owned if sizes[word]] == [word for word, size in enumerate(sizes) if size]
    for window in windows:
        assert sum(sizes[window.start : window.end]) <= capacity
        assert len(windows) == 1 or sum(sizes[window.own_start : window.own_end]) > 0
        assert window.start <= window.own_start <= window.own_end <= window.end
    for earlier, later in itertools.pairwise(windows):
        assert earlier.start < later.start
        assert earlier.end < later.end
        assert sum(sizes[later.start : earlier.end]) <= stride


WORDS = [NO_WORD, 0, 0, 1, 2, 2, NO_WORD]


def test_labels_on_the_first_sub_word():
    x = IGNORED
    assert align_labels(WORDS, [3, 0, 4], None, (0, 3)) == [x, 3, x, 0, 4, x, x]


def test_labels_on_all_sub_words_continue_by_name():
    x = IGNORED
    continuation = [0, 2, 2, 4, 4]
    assert align_labels(WORDS, [3, 0, 4], continuation, (0, 3)) == [x, 3, 4, 0, 4, 4, x]


def test_words_that_another_window_owns_carry_no_label():
    x = IGNORED
    assert align_labels(WORDS, [3, 0, 4], None, (1, 2)) == [x, x, x, 0, x, x, x]
