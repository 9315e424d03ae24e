"""The whole chain on other languages than English, and on two corpora at once, with a tiny model."""

import json
import re
import shutil

import pytest

from places import MIRROR
from repository import STAGES, write_corpus
from tiny import save_tiny, spec_of

CORPORA = MIRROR / "corpora"


def use(repo, name, file, settings=""):
    """Put an excerpt where a data set lies, and make a tiny model that knows its characters."""
    if not CORPORA.is_dir():
        pytest.skip(f"{CORPORA} is not there; it holds the excerpts of public corpora that this test needs")
    folder = repo.path / "data/raw" / name
    folder.mkdir()
    shutil.copy(CORPORA / file, folder / f"train.{file.rpartition('.')[2]}")
    if settings:
        (folder / "corpus.yaml").write_text(settings)
    shutil.rmtree(repo.path / "tiny-model")
    alphabet = set((CORPORA / file).read_text(encoding="utf-8")) - set("\t\n\r ")
    save_tiny(repo.path / "tiny-model", "bert", alphabet=alphabet)
    model = spec_of(repo.path / "tiny-model").removeprefix(f"{repo.path}/")
    repo.set(dataset=name, model=model, unknown_labels="outside")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file", "settings", "counts", "rules"),
    [
        ("german", "germeval14.tsv", "token_column: 2\ntag_column: 3\n", (150, 2769, 188), {"general", "punctuation"}),
        ("chinese", "uner_chinese.iob2", "", (120, 3301, 177), {"mixed", "characters"}),
        ("korean", "klue_ner.tsv", "", (120, 7049, 385), {"blanks"}),
    ],
)
def test_the_whole_chain(repo, name, file, settings, counts, rules):
    use(repo, name, file, settings)
    assert repo.repro()[0] == STAGES
    clean = repo.read("metrics/clean.json")
    assert tuple(sum(row[key] for row in clean) for key in ("sentences", "tokens", "entities")) == counts
    evaluated = {row["split"]: (row["sentences"], row["tokens"]) for row in repo.read("metrics/evaluate.json")}
    assert evaluated == {row["split"]: (row["sentences"], row["tokens"]) for row in clean if row["split"] != "train"}
    rule = repo.read("models/exported/decoding.json")["word_rule"]
    assert rule in rules

    # Words that are given come back as the text that they came from, and plain text keeps every character.
    shutil.copy(repo.path / "data/clean/test.conll", repo.path / "some.conll")
    predict = ("nerpipe", "predict", "models/exported", "--to", "jsonl", "--output")
    repo.run(*predict, "given.jsonl", "--input", "some.conll", "--from", "conll")
    given = [json.loads(line)["text"] for line in repo.read("given.jsonl").splitlines()]
    (repo.path / "some.txt").write_text("\n".join(given) + "\n", encoding="utf-8")
    repo.run(*predict, "plain.jsonl", "--input", "some.txt", "--from", "lines")
    plain = [json.loads(line) for line in repo.read("plain.jsonl").splitlines()]
    assert [record["text"] for record in plain] == given
    for record in plain:
        for entity in record["entities"]:
            assert record["text"][entity["start"] : entity["end"]] == entity["text"] == entity["text"].strip()
    raw = next((repo.path / "data/raw" / name).glob("train.*")).read_text(encoding="utf-8")
    if name == "korean":  # `## ID<TAB>text`, with entities as `<words:TYPE>`
        assert set(given) <= {
            re.sub(r"<([^<>]*):[A-Z]{2}>", r"\1", text) for text in re.findall(r"(?m)^## \S+\t(.+)", raw)
        }
    if name == "chinese":
        texts = re.findall(r"(?m)^# text = (.+)", raw)
        assert len(set(given) & set(texts)) > 0.8 * len(given)


@pytest.mark.slow
def test_a_second_corpus_is_added_to_train_alone_even_in_a_temporary_run(repo):
    write_corpus(repo.path / "data/raw/more", seed=1)
    repo.commit("another corpus")
    before = {split: repo.read(f"data/clean/{split}.conll") for split in ("train", "dev", "test")}
    repo.run("dvc", "exp", "run", "--temp", "-S", "extra=more", "-S", "epochs=1")
    repo.run("dvc", "exp", "apply", *repo.run("dvc", "exp", "list", "--name-only").split()[:1])
    rows = {row["split"]: row for row in repo.read("metrics/clean.json")}
    assert {split: repo.read(f"data/clean/{split}.conll") for split in before} == before
    encoded = {row["split"]: row for row in repo.read("metrics/encode.json") if "split" in row}
    assert encoded["train"]["sentences_by_corpus"] == {"tiny": 60, "more": rows["extra"]["sentences"]}
    assert encoded["train"]["sentences"] == 60 + rows["extra"]["sentences"] > 60
    assert "with the training split of more added" in repo.read("models/exported/README.md")
    repo.set(extra="typo")
    assert "typo" in repo.try_run("dvc", "repro").stderr
