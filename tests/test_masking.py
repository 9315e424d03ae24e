"""Word dropout: whole words, their labels kept, the same again for the same seed and epoch."""

from types import SimpleNamespace

import pytest

from nerpipe.errors import NerpipeError
from nerpipe.masking import MaskedWindows, mask_id

# [CLS] two sub-words, one, three [SEP]
IDS = [2, 10, 11, 12, 13, 14, 15, 3]
WORDS = [-1, 4, 4, 5, 6, 6, 6, -1]
LABELS = [-100, 1, -100, 0, 2, -100, -100, -100]


def windows(rate, seed=1):
    from datasets import Dataset

    columns = {"input_ids": IDS, "labels": LABELS, "word_ids": WORDS}
    data = Dataset.from_dict({name: [column] * 500 for name, column in columns.items()})
    return MaskedWindows(data, rate=rate, mask=99, seed=seed)


def test_words_are_hidden_whole_and_labels_stay():
    data = windows(0.3)
    hidden = 0
    for index in range(len(data)):
        row = data[index]
        assert row["labels"] == LABELS
        assert row["attention_mask"] == [1] * 8
        assert (row["input_ids"][0], row["input_ids"][-1]) == (2, 3)
        for word in (4, 5, 6):
            now = [i for i, w in zip(row["input_ids"], WORDS, strict=True) if w == word]
            before = [i for i, w in zip(IDS, WORDS, strict=True) if w == word]
            assert now in (before, [99] * len(before))
            hidden += now != before
    # of 1,500 words; 4 standard deviations of the binomial distribution
    assert hidden == pytest.approx(450, abs=4 * (1500 * 0.3 * 0.7) ** 0.5)


def test_rate_0_changes_nothing():
    assert windows(0.0)[7]["input_ids"] == IDS


def test_it_is_a_function_of_seed_epoch_and_window():
    def draw(data, epoch):
        data.set_epoch(epoch)
        return [data[index]["input_ids"] for index in range(100)]

    first = draw(windows(0.3), 1)
    later = windows(0.3)
    draw(later, 0)
    assert draw(later, 1) == first
    assert draw(windows(0.3), 2) != first
    assert draw(windows(0.3, seed=2), 1) != first
    assert len(set(map(tuple, first))) > 4


def test_what_hides_a_word():
    assert mask_id(SimpleNamespace(mask_token_id=4, unk_token_id=1)) == 4
    assert mask_id(SimpleNamespace(mask_token_id=None, unk_token_id=1)) == 1
    with pytest.raises(NerpipeError, match="set word_dropout to 0"):
        mask_id(SimpleNamespace(mask_token_id=None, unk_token_id=None))
