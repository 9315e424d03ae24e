"""Entity scores: by hand, and against what the shared task published."""

import pytest

from nerpipe.scoring import score


def rows(path):
    """The last column of each sentence of a CoNLL file."""
    text = path.read_text(encoding="utf-8")
    sentences = [[]]
    for line in text.split("\n"):
        if line.strip():
            sentences[-1].append(line.replace("\t", " ").split(" ")[-1].strip())
        elif sentences[-1]:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def test_by_hand():
    gold = [["B-a", "I-a", "O", "B-b"], ["B-a", "O", "O"]]
    predicted = [["B-a", "I-a", "O", "B-a"], ["O", "O", "B-b"]]
    # gold entities: a(0-2), b(3-4), a(0-1); predicted: a(0-2), a(3-4), b(2-3); one is right
    result = score(gold, predicted)
    assert result["precision"] == pytest.approx(1 / 3)
    assert result["recall"] == pytest.approx(1 / 3)
    assert result["f1"] == pytest.approx(1 / 3)
    assert result["token_accuracy"] == pytest.approx(4 / 7)  # words 0, 1, 2 of the first, word 1 of the second
    assert result["per_type"]["a"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}
    assert result["per_type"]["b"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


def test_the_reading_is_conlleval_s_not_the_strict_one():
    # an I- that follows O begins an entity, so this span counts as found
    assert score([["O", "B-a", "I-a"]], [["O", "I-a", "I-a"]])["f1"] == 1.0


def test_nothing_to_find_and_nothing_found_divides_by_nothing():
    assert score([["O", "O"]], [["O", "O"]]) == {
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "token_accuracy": 1.0,
        "per_type": {},
    }
    assert score([["B-a"]], [["O"]])["f1"] == 0.0
    assert score([["O"]], [["B-a"]])["per_type"]["a"]["support"] == 0


def test_everything_is_a_plain_number():
    result = score([["B-a"]], [["B-a"]])
    assert type(result["f1"]) is float
    assert type(result["per_type"]["a"]["support"]) is int


@pytest.mark.parametrize(
    ("system", "published"), [("uh_ritual", 41.86), ("spinningbytes.txt", 40.78), ("drexel_cci", 26.30)]
)
def test_submissions_get_their_published_f1(wnut17, system, published):
    gold = rows(wnut17 / "emerging.test.annotated")
    result = score(gold, rows(wnut17 / "submissions" / system))
    assert round(100 * result["f1"], 2) == published
    assert sum(row["support"] for row in result["per_type"].values()) == 1079
