"""What a teacher says of texts, against its PyTorch network run on one text at a time."""

import shutil

import numpy as np
import pytest

from exported_folder import LABELS
from nerpipe.contracts.files import sha256_of
from nerpipe.contracts.labels import make_labels
from nerpipe.errors import NerpipeError
from nerpipe.params import load_params
from nerpipe.teaching import teacher
from nerpipe.teaching.teacher import LEAST_LIKELY, view_texts
from places import ROOT

TEXTS = ["Ann reads the London paper", "so", "the Zoo in B", "a", "to be or not to be", "London London", "Xy 1 2 3"]


@pytest.fixture
def data(tmp_path):
    """A raw data set with texts, and an encoded one with nothing held out."""
    from datasets import Dataset, DatasetDict

    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/unlabelled.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    split = Dataset.from_dict({"tokens": [["held", "out"]], "ner_tags": [[0, 0]]})
    DatasetDict(dict.fromkeys(("train", "dev", "test"), split)).save_to_disk(str(tmp_path / "encoded/dataset"))
    return [tmp_path / "raw"], tmp_path / "encoded", tmp_path / "models/exported"


def spec_of_exported(folder):
    return f"{folder}@{sha256_of(folder / 'model.safetensors')[:12]}"


def by_torch(folder, text):
    """The probabilities of each word of a text, from the first sub-word of each. Shape: (words, labels)."""
    import torch

    from nerpipe.inference.word_predictions import load_trained

    model, tokenizer, _ = load_trained(folder)
    read = tokenizer(text.split(), is_split_into_words=True, return_tensors="pt")
    ids = read.word_ids()
    with torch.inference_mode():
        found = model(input_ids=read["input_ids"]).logits[0].softmax(-1).numpy()
    return found[[ids.index(word) for word in range(len(text.split()))]]


@pytest.mark.parametrize("at_once", [2, 1000])
def test_texts_in_which_it_sees_an_entity_have_the_probabilities_of_its_network(
    exported_tiny, data, capsys, monkeypatch, at_once
):
    monkeypatch.setattr(teacher, "AT_ONCE", at_once)
    order = [LABELS[index] for index in (3, 0, 4, 1, 2)]
    # A threshold in the middle, because the random network is nearly sure of an entity in most texts.
    expected = {text: by_torch(exported_tiny, text) for text in TEXTS}
    likely = {text: 1 - found[:, LABELS.index("O")].min() for text, found in expected.items()}
    least = sorted(likely.values())[2]
    monkeypatch.setattr(teacher, "LEAST_LIKELY", least - 1e-4)
    views = view_texts(spec_of_exported(exported_tiny), *data, order, "general")
    kept = [text for text in TEXTS if likely[text] >= least]
    assert len(kept) == len(TEXTS) - 2
    assert views.sentences == [text.split() for text in kept]
    theirs = np.concatenate([expected[text] for text in kept])
    np.testing.assert_allclose(views.probabilities, theirs[:, [LABELS.index(label) for label in order]], atol=1e-4)
    assert views.probabilities.dtype == np.float32
    said = capsys.readouterr().out
    assert "asking the teacher about 7 texts" in said
    assert "learnt without labels: 5 texts, in which the teacher sees a name" in said
    assert "left out: 2 without a name, 0 repetitions, 0 sentences of dev or test" in said


def test_a_text_is_learnt_if_a_word_is_in_an_entity_with_a_probability_of_a_tenth():
    assert LEAST_LIKELY == 0.1
    for page in ("data", "experiments"):
        assert f"a probability of {LEAST_LIKELY:.0%}" in (ROOT / f"docs/{page}.md").read_text()


def test_another_model_than_the_one_named_is_no_teacher(exported_tiny, tiny_model, data):
    for spec, said in (
        (str(exported_tiny), r"the revision is missing; .* paste this: `teacher: .*@[0-9a-f]{32}"),
        (f"{exported_tiny}@{'0' * 12}", r"its weights are not 0{12}; .* `teacher: "),
        ("models/nowhere@0123456789ab", r"\[params.yaml -> teacher\] .*there is no folder models/nowhere"),
        (
            spec_of_exported(tiny_model),
            r"\[params.yaml -> teacher\] .*decoding.json.* copy of a folder that the export",
        ),
    ):
        with pytest.raises(NerpipeError, match=said):
            view_texts(spec, *data, LABELS, "general")


def test_a_teacher_with_other_types_is_refused(exported_tiny, data):
    with pytest.raises(NerpipeError, match=r"knows the types location, person, but train has person, place; .* same"):
        view_texts(spec_of_exported(exported_tiny), *data, make_labels(["person", "place"]), "general")


def test_a_teacher_that_sees_nothing_is_an_error(exported_tiny, data, monkeypatch):
    monkeypatch.setattr(teacher, "LEAST_LIKELY", 1.1)
    with pytest.raises(NerpipeError, match=r"sees no entity in any of the 7 texts without labels; give texts"):
        view_texts(spec_of_exported(exported_tiny), *data, LABELS, "general")


def test_the_revision_holds_for_the_network_that_is_asked(exported_tiny, tiny_model, data, tmp_path):
    changed = shutil.copytree(exported_tiny, tmp_path / "changed")
    shutil.copy(tiny_model / "model.safetensors", changed)
    with pytest.raises(NerpipeError, match=r"model.safetensors: the file is damaged or was changed"):
        view_texts(spec_of_exported(changed), *data, LABELS, "general")
    (changed / "SHA256SUMS").unlink()
    with pytest.raises(NerpipeError, match=r"no SHA256SUMS lists model.safetensors, so the network beside it may be"):
        view_texts(spec_of_exported(changed), *data, LABELS, "general")


def test_a_word_that_the_teacher_cannot_read_has_no_view(exported_tiny, data, monkeypatch):
    monkeypatch.setattr(teacher, "LEAST_LIKELY", 0.0)
    (data[0][0] / "unlabelled.txt").write_text("Ann \u00ad London\n\u00ad\n")
    views = view_texts(spec_of_exported(exported_tiny), *data, LABELS, "general")
    read = [word != "\u00ad" for words in views.sentences for word in words]
    assert not all(read)
    assert (views.probabilities.sum(axis=1) > 0).tolist() == read
    assert views.outside_bias == load_params(ROOT / "params.yaml").outside_bias


@pytest.mark.parametrize("name", ["models/exported", "./models/exported/", "models/../models/exported@0123456789ab"])
def test_a_run_does_not_replace_its_own_teacher(data, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NerpipeError, match=r"this run replaces the folder by the student; copy it \(`cp -r "):
        view_texts(name, *data, LABELS, "general")
