"""The example texts of the model card: sentences of dev that show many types."""

from hypothesis import given

from nerpipe.contracts.joining import BLANKS, NO_BLANKS
from nerpipe.export.examples import MOST_EXAMPLES, choose_examples, examples_of
from tagrows import gold_and_predicted


def row(text):
    """A sentence from words such as `Ann/person`."""
    words = [word.split("/") for word in text.split()]
    return [word[0] for word in words], [f"B-{word[1]}" if len(word) > 1 else "O" for word in words]


def test_the_sentences_show_all_types_then_those_of_a_good_length():
    rows = [
        row("nothing here"),
        row("Ann/person in Ulm/place"),
        row("Ann/person in Ulm/place with Acme/group"),
        row("a Kindle/product"),
        row("again a Kindle/product"),  # Its length is nearer to 100.
        row("Bo/person " + "and so on " * 30),  # too long
    ]
    assert choose_examples(rows, BLANKS) == [
        "Ann in Ulm with Acme",
        "again a Kindle",
        "Ann in Ulm",  # All types are shown, so counting begins anew.
    ]
    assert choose_examples(rows[:1], BLANKS) == []
    assert choose_examples([row("我 在 北京/place")], NO_BLANKS) == ["我在北京"]


def test_a_sentence_stands_once_and_none_controls_a_terminal():
    rows = [row("Ann/person"), row("Ann/place"), row("\x1b[2J/person"), row("\u202egnp/person")]
    assert choose_examples(rows, BLANKS) == ["Ann"]


@given(gold_and_predicted())
def test_the_choice_is_small_and_of_the_corpus(both):
    gold, _ = both
    rows = [([f"w{place}.{number}" for number in range(len(tags))], tags) for place, tags in enumerate(gold)]
    with_entity = [" ".join(words) for words, tags in rows if set(tags) - {"O"}]
    chosen = choose_examples(rows, BLANKS)
    assert len(chosen) == min(MOST_EXAMPLES, len(with_entity))
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(with_entity)
    assert chosen == choose_examples(rows, BLANKS)


def test_the_examples_are_read_from_the_encoded_data_set(tmp_path):
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value

    from nerpipe.contracts.files import write_json

    labels = ["O", "B-person", "I-person"]
    features = Features({"tokens": Sequence(Value("string")), "ner_tags": Sequence(ClassLabel(names=labels))})
    data = Dataset.from_dict({"tokens": [["Ann", "Lee", "sings"], ["no"]], "ner_tags": [[1, 2, 0], [0]]}, features)
    DatasetDict(dict.fromkeys(("train", "dev", "test"), data)).save_to_disk(tmp_path / "dataset")
    write_json(tmp_path / "labels.json", labels)
    assert examples_of(tmp_path) == ["Ann Lee sings"]
