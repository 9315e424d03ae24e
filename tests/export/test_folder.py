"""The exported folder: what is in it, that it loads anywhere, and that a difference is noticed."""

import hashlib
import html
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from exported_folder import LABELS
from nerpipe.contracts.ledger import tally
from nerpipe.contracts.terminal import printable
from nerpipe.errors import NerpipeError
from nerpipe.evaluation.score_table import SAMPLE_NOTE
from nerpipe.evaluation.split_predictions import predict_split, write_predictions
from nerpipe.export.card import model_card
from nerpipe.export.folder import check_same_predictions
from nerpipe.export.network_comparison import NetworkComparison
from nerpipe.inference.decoding import UNWEIGHTED
from nerpipe.inference.word_predictions import load_trained, predict_words
from nerpipe.params import load_params
from nerpipe.serving.card_facts import read_card
from nerpipe.tokenizing.window_dataset import tokenize_split
from places import ROOT

SENTENCES = [["Ann", "reads", "the", "paper"], ["the", "London", "train"]]


INTERVAL = {"f1_low": 0.2, "f1_high": 0.4567, "resampled": "sentences"}


def card(
    dataset="mine",
    *,
    int8_kept=True,
    interval=INTERVAL,
    kinds=("person",),
    about=("", ""),
    ties=0,
    onnx_ties=0,
    data_files=(),
    examples=(),
    **changes,
):
    of_corpus = dict(zip(("language", "license"), about, strict=True))
    params = replace(load_params(ROOT / "params.yaml"), dataset=dataset, **changes)
    scores = {"precision": 0.5, "recall": 0.25, "f1": 0.3333, "token_accuracy": 0.9}
    return model_card(
        params,
        [
            {"split": s, "corpus": dataset, "sentences": 2, "tokens": 7, "entities": 1, "sha256": s * 3} | of_corpus
            for s in ("train", "dev", "test")
        ],
        {"dataset": dataset, "dev": scores, "test": scores | interval},
        {split: f"{split}|micro:`x`" for split in ("test", "dev")},
        [{"split": "test", "type": kind, **scores, "support": 1} for kind in kinds],
        "# a comment\ntorch==2.13.0\n",
        "f" * 64,
        [
            NetworkComparison("fp32", 0.5, 0.0, 1.0, 1e-6, True, onnx_ties),
            NetworkComparison("int8", 0.4, 0.1, 0.9, 0.5, int8_kept, 0),
        ],
        "mixed",
        ties=ties,
        data_files=data_files,
        examples=examples,
    )


@pytest.fixture(scope="module")
def exported(exported_tiny):
    return exported_tiny


def test_the_folder_holds_safetensors_labels_card_and_checksums(exported):
    names = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    model = {"config.json", "labels.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert names == model | {"README.md", "SHA256SUMS", "decoding.json", "onnx/model.onnx", "onnx/model_int8.onnx"}
    assert json.loads((exported / "labels.json").read_text()) == LABELS
    decoding = json.loads((exported / "decoding.json").read_text())
    assert decoding["labels"] == LABELS
    assert decoding["word_rule"] == "general"
    assert [LABELS[index] for index in decoding["begin"]] == [label for label in LABELS if label[0] != "I"]
    assert json.loads((exported / "config.json").read_text())["id2label"]["2"] == "I-location"
    lines = (exported / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == len(names) - 1
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == digest


def test_no_file_holds_a_path_of_this_machine(exported, tiny_model):
    for path in exported.rglob("*.*"):
        content = path.read_bytes()
        for place in (str(ROOT), str(tiny_model.parent), str(exported.parent)):
            assert place.encode() not in content, path.name


def test_transformers_pipeline_loads_it(exported):
    from transformers import pipeline

    ner = pipeline("token-classification", model=str(exported), aggregation_strategy="first")
    found = ner("Ann reads the London paper")
    assert all(entity["entity_group"] in {"person", "location"} for entity in found)


def test_the_same_predictions_pass_and_others_are_named(exported, tmp_path):
    from datasets import Dataset

    tags = [["B-person", "O", "O", "O"], ["O", "O", "O"]]
    ids = [[LABELS.index(tag) for tag in row] for row in tags]
    data = Dataset.from_dict({"tokens": SENTENCES, "ner_tags": ids}, split="dev")
    model, tokenizer, labels = load_trained(exported)
    options = {"expected": tally(tags), "max_length": 32, "stride": 4, "continuation": None}
    windows, _ = tokenize_split(tokenizer, data, labels, **options)
    gold, predicted = tmp_path / "gold.conll", tmp_path / "dev.conll"
    gold.write_text(
        "".join(
            "".join(f"{w}\t{t}\n" for w, t in zip(*row, strict=True)) + "\n"
            for row in zip(SENTENCES, tags, strict=True)
        )
    )
    write_predictions(predicted, predict_split(model, windows, gold, labels=labels, expected=tally(tags), pad_id=0))
    told = {"weights": UNWEIGHTED, "labels": labels, "pad_id": 0, "expected": tally(tags)}
    assert check_same_predictions(model, windows, predicted, **told) == (7, 0)

    rows = predicted.read_text().split("\n")
    token, tag, guess, sure = rows[1].split("\t")
    rows[1] = "\t".join([token, tag, "I-person" if guess != "I-person" else "O", sure])
    predicted.write_text("\n".join(rows))
    with pytest.raises(NerpipeError, match=r"1 of 7 words of dev.conll differ; the first is 'reads' in sentence 1 \("):
        check_same_predictions(model, windows, predicted, **told)
    predicted.write_text("")
    with pytest.raises(NerpipeError, match=r"at evaluate -> export, dev.conll: sentences: 2 before, 0 after"):
        check_same_predictions(model, windows, predicted, **told)


def test_the_card_says_what_when_and_how_well_without_date_or_path():
    text = card()
    for part in (
        "| lr | `0.0003` |",
        "torch==2.13.0",
        "traintraintrain",
        "f" * 64,
        "## Limits",
        "## Intended use",
        "| test | 0.5000",
        "from resampled sentences: 0.2000 to 0.4567",
        "| person | 0.5000 | 0.2500 | 0.3333 | 1 (too few) |",
    ):
        assert part in text
    assert "# a comment" not in text
    assert SAMPLE_NOTE not in text
    assert SAMPLE_NOTE in card("sample")
    assert "from resampled documents: none, because test holds entities in fewer than two documents" in card(
        interval={"resampled": "documents"}
    )


def test_the_metadata_survives_loading_and_the_scores_read_back(tmp_path):
    from huggingface_hub import ModelCard

    (tmp_path / "README.md").write_text(card(about=("no, pt-BR", "cc-by-4.0")), encoding="utf-8")
    found = ModelCard.load(tmp_path / "README.md").data
    assert found.to_dict()["language"] == ["no", "pt-BR"]
    assert (found.license, found.base_model) == ("apache-2.0", "sentence-transformers/all-MiniLM-L6-v2")
    assert (found.datasets, found.pipeline_tag, found.model_name) == (["mine"], "token-classification", "mine-ner")
    scores = {(row.dataset_split, row.metric_type): row.metric_value for row in found.eval_results}
    assert scores == {("test", "f1"): 0.3333, ("test", "precision"): 0.5, ("test", "recall"): 0.25}
    assert r"apply (mine: cc-by-4\.0)." in card(about=("", "cc-by-4.0"))
    plain = card(model="folder@" + "0" * 64)
    assert not re.search("(?m)^(license|base_model|language):", plain)
    assert "base_model: some/model" in card(model="some/model@" + "0" * 40)


def test_the_snippets_of_the_card_run(exported):
    code = re.findall(r"(?m)^    (.*)", card().partition("# Named-entity")[2].partition("## Scores")[0])
    assert len(code) == 4
    script = "\n".join(code).replace("FOLDER", str(exported)) + "\nner('Greetings')\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[[")


def test_hostile_names_are_text_in_the_card():
    kinds = ["a|b", "<img/src=x/onerror=alert(1)>", "[x](javascript:1)", "`c`", "\x1b[2J", "creative-work"]
    page = MarkdownIt("commonmark").enable("table").render(card(kinds=kinds, model="folder|`x`<b>@1"))
    assert "<img" not in page
    assert "<b>" not in page
    assert "javascript:" not in re.sub(r"<[^>]*>", "", page).replace("[x](javascript:1)", "")
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>\n(.*?)</tr>", page, re.DOTALL)]
    by_type = [html.unescape(row[0]) for row in rows if len(row) == 5 and row[4].startswith("1 ")]
    assert by_type == [printable(kind) for kind in kinds]
    model = next(row[1] for row in rows if row and row[0] == "model")
    assert html.unescape(model) == "<code>folder|`x`<b>@1</code>"
    assert "creative-work" in card(kinds=kinds)


def test_the_card_holds_the_examples_and_says_where_they_come_from(tmp_path):
    from huggingface_hub import ModelCard

    assert "widget" not in card()
    examples = ['a "b": c', "---", "- 'x' # y", "{{ card_data }} 👩‍👩‍👧 שלום", "no", "a  b " + "long " * 30]
    text = card(examples=examples)
    assert "The 6 example texts in the header of this card (`widget`) are sentences of dev." in text
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    assert [row["text"] for row in ModelCard.load(tmp_path / "README.md").data["widget"]] == examples
    facts = read_card(text)
    assert (facts.name, facts.dataset, facts.examples) == ("mine-ner", "mine", examples)
    assert facts.scores == {"precision": 0.5, "recall": 0.25, "f1": 0.3333}


def test_the_card_signs_the_scores_of_each_split_as_text_to_copy():
    said = card().partition("adds its signature")[2]
    assert said.partition("\n| type")[0].split("\n")[1:4] == [
        "",
        "- test: `` test|micro:`x` ``",
        "- dev: `` dev|micro:`x` ``",
    ]


def test_the_card_says_what_int8_loses_or_that_it_is_left_out():
    assert "| `onnx/model_int8.onnx` | 0.4000 | 0.1000 less than PyTorch | 90.00% | 0.5 |" in card()
    assert "| int8: left out, it loses too much | 0.4000 |" in card(int8_kept=False)


def test_the_card_counts_ties_and_names_the_files_with_the_weights():
    assert "equally probable" not in card()
    assert "more\nthan 0.001 (two sequences of labels are equally probable there): PyTorch: 2, fp32: 1." in card(
        ties=2, onnx_ties=1
    )
    assert ".data" not in card()
    said = card(data_files=["onnx/model.onnx", "onnx/model_int8.onnx"])
    assert "The weights are in `onnx/model.onnx.data` and `onnx/model_int8.onnx.data`, because" in said


def with_a_tie(folder, model):
    """Make B-person and B-location equally probable for every sub-word, and all other labels improbable."""
    import torch

    with torch.no_grad():
        for parameter in (model.classifier.weight, model.classifier.bias):
            parameter[LABELS.index("B-person")] = parameter[LABELS.index("B-location")]
        model.classifier.bias[[LABELS.index("B-person"), LABELS.index("B-location")]] += 500
    model.save_pretrained(folder)
    return model


def test_a_sentence_whose_other_tags_are_as_probable_is_a_tie_and_few_are_allowed(exported, tmp_path):
    from datasets import Dataset

    rows = [["Ann"], ["the"], ["London"]]
    model, tokenizer, labels = load_trained(exported)
    with_a_tie(tmp_path, model)
    ids = [[0] * len(row) for row in rows]
    data = Dataset.from_dict({"tokens": rows, "ner_tags": ids}, split="dev")
    options = {"expected": tally([["O"]] * 3), "max_length": 32, "stride": 4, "continuation": None}
    windows, _ = tokenize_split(tokenizer, data, labels, **options)
    predicted = predict_words(model, windows, [1, 1, 1], labels=labels, pad_id=0)
    kinds = {"B-location": "B-person", "B-person": "B-location"}
    assert all(row[0] in kinds for row in predicted.tags)  # The three sentences have the two labels of the tie.

    def compared(tags):
        path = tmp_path / "dev.conll"
        blocks = [f"{row[0]}\tO\t{tag}\t0.5000\n" for row, tag in zip(rows, tags, strict=True)]
        path.write_text("\n".join(blocks) + "\n")
        return check_same_predictions(
            model, windows, path, labels=labels, pad_id=0, expected=tally([["O"]] * 3), weights=UNWEIGHTED
        )

    own = [row[0] for row in predicted.tags]
    assert compared([kinds[own[0]], *own[1:]]) == (3, 1)
    with pytest.raises(
        NerpipeError, match=r"the tags of 2 of 3 words .*; 2 of 2 such sentences are ties, and 1 may be"
    ):
        compared([kinds[own[0]], kinds[own[1]], own[2]])
    with pytest.raises(NerpipeError, match=r"does not predict the same .*; 0 of 1 such sentences are ties"):
        compared(["O", *own[1:]])
