"""The three commands that the project exists for, as people type them."""

import json
import os
import re
import shutil

import pytest
import yaml

from repository import STAGES, Repo, copy_repository
from tiny import save_tiny, spec_of

TRAINING = ["train", "evaluate", "export"]


def test_a_second_repro_runs_nothing_and_status_is_clean(repo):
    assert repo.repro() == ([], [])
    assert "up to date" in repo.run("dvc", "status")
    assert repo.run("git", "status", "--porcelain") == ""


@pytest.mark.slow
def test_two_cold_runs_in_two_folders_give_the_same_bits(built, start):
    again = start("again")
    again.repro()
    assert again.read("dvc.lock") == built.read("dvc.lock")


@pytest.mark.parametrize("name", ["a b", "$(touch caught)", "a; touch caught", "`touch caught`", "x'; touch caught; '"])
def test_a_data_set_s_name_is_no_command(start, name):
    repo = start("named")
    if "'" not in name:
        shutil.copytree(repo.path / "data/raw/tiny", repo.path / "data/raw" / name)
    repo.set(dataset=json.dumps(name))
    said = repo.try_run("dvc", "repro", "clean_conll").stderr
    assert not (repo.path / "caught").exists()
    # DVC looks for the folder before it runs the stage, and the stage checks the name.
    assert ("No such file or directory" if "'" in name else "[params.yaml -> dataset]") in said


def test_pycache_never_dirties_a_stage(repo):
    repo.run("python", "-c", "import stages.train, nerpipe.contracts.schemes, sys; sys.dont_write_bytecode = False")
    (repo.path / "data/raw/tiny/__pycache__").mkdir()
    (repo.path / "data/raw/tiny/__pycache__/x.pyc").write_text("x")
    assert repo.repro() == ([], [])


def test_an_edit_reruns_the_stages_that_use_the_package_and_no_other(repo):
    def changed():
        return set(json.loads(repo.run("dvc", "status", "--json")))

    def edit(*names):
        for name in names:
            with (repo.path / name).open("a") as file:
                file.write("\n")

    package = "src/nerpipe"
    edit(f"{package}/serving/page.html", f"{package}/batch/stream.py", f"{package}/comparison/seeds.py")
    edit(f"{package}/training/.trainer.py.swp", f"{package}/contracts/files.py~", f"{package}/scoring/.#spans.py")
    edit(f"{package}/params.py", f"{package}/errors.py", "README.md", "requirements/dev.txt")
    repo.set(report_to="tensorboard")
    assert changed() == set()
    edit(f"{package}/evaluation/error_page.js")
    assert changed() == {"evaluate", "export"}
    edit(f"{package}/training/loss.py")
    assert changed() == {"train", "evaluate", "export"}
    edit(f"{package}/contracts/files.py")
    assert changed() == set(STAGES)


def test_a_new_lr_reruns_what_depends_on_it_and_the_old_one_comes_from_the_cache(repo):
    before = repo.read("metrics/train.json")
    lock = repo.read("dvc.lock")
    repo.run("git", "checkout", "-qb", "faster")
    repo.set(lr="3e-5")
    assert repo.repro() == (TRAINING, [])
    assert repo.read("metrics/train.json") != before
    repo.commit("another lr")

    diff = repo.run("dvc", "metrics", "diff", "main")
    assert len(diff.splitlines()) < 24  # a screenful
    for line in ("test.f1", "dev.f1", "test.precision", "test.recall"):
        assert line in diff

    repo.set(lr="0.01")
    ran, cached = repo.repro()
    assert (ran, cached) == ([], TRAINING)
    assert repo.read("metrics/train.json") == before
    assert repo.read("dvc.lock") == lock


def test_exp_run_trains_with_the_float_and_a_typo_fails(repo):
    repo.run("dvc", "exp", "run", "-S", "lr=3e-5")
    assert re.search(r"(?m)^lr: 3e-05", repo.read("params.yaml"))
    assert re.search(r"lr: 3e-05", repo.read("dvc.lock"))
    assert re.search(r"`lr` \| `3e-05`|\| lr \| `3e-05` \|", repo.read("models/exported/README.md"))
    assert "3e-05" in repo.run("dvc", "exp", "show", "--csv")

    done = repo.try_run("dvc", "exp", "run", "-S", "lrr=3e-5")
    assert done.returncode != 0
    assert "lrr" in done.stderr
    done = repo.try_run("dvc", "exp", "run", "-S", "unknown_labels=fial")
    assert done.returncode != 0
    assert "did you mean 'fail'" in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["launcher", "dataset"])
def test_no_param_reaches_the_shell(repo, name):
    hostile = "tiny;touch pwned;" if name == "dataset" else "python; touch pwned #"
    shutil.copytree(repo.path / "data/raw/tiny", repo.path / "data/raw/tiny;touch pwned;")
    done = repo.try_run("dvc", "exp", "run", "-S", f"{name}='{hostile}'")
    assert done.returncode != 0
    assert f"params.yaml -> {name}" in done.stdout + done.stderr
    assert not list(repo.path.rglob("pwned"))


def test_the_model_is_fetched_by_its_version_and_predicts_what_it_did_at_home(repo, tmp_path):
    repo.run("git", "tag", "ner@v1.0.0")
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Repo(tmp_path / "elsewhere", tmp_path / "cache")
    elsewhere.run("dvc", "get", str(repo.path), "models/exported", "-o", "ner", "--rev", "ner@v1.0.0")
    shutil.copy(repo.path / "data/predictions/test.conll", elsewhere.path / "words.conll")
    elsewhere.run(
        *("nerpipe", "predict", "ner", "--input", "words.conll", "--from", "conll", "--to", "conll"),
        *("--output", "found.conll"),
    )
    at_home = [line.split("\t") for line in repo.read("data/predictions/test.conll").splitlines()]
    here = [line.split("\t") for line in elsewhere.read("found.conll").splitlines()]
    assert [row[:2] for row in here] == [[row[0], row[2]] if row[0] else row for row in at_home]


@pytest.mark.slow
def test_a_queued_sweep_and_a_temporary_run_leave_the_work_tree_alone(repo):
    before = repo.read("dvc.lock")
    repo.run("dvc", "exp", "run", "--queue", "-S", "lr=1e-4,2e-3")
    repo.run("dvc", "exp", "run", "--run-all")
    repo.run("dvc", "exp", "run", "--temp", "-S", "seed=7")
    assert repo.read("dvc.lock") == before
    table = repo.run("dvc", "exp", "show", "--csv")
    rows = [row for row in table.splitlines() if row]
    assert len(rows) == 1 + 2 + 3  # header, workspace and main, three experiments
    assert all("Failed" not in row for row in rows)
    for value in ("0.0001", "0.002", ",7,"):
        assert value in table


@pytest.mark.slow
def test_wnut17_by_a_relative_mirror_in_a_temporary_run(repo, wnut17):
    mirror = os.path.relpath(wnut17.parent, repo.path)
    repo.run("dvc", "exp", "run", "--temp", "-S", "dataset=wnut17", "-S", "epochs=1", NERPIPE_MIRROR=mirror)
    repo.run("dvc", "exp", "apply", *repo.run("dvc", "exp", "list", "--name-only").split()[:1])
    rows = repo.read("metrics/evaluate.json")
    assert {row["split"]: (row["sentences"], row["tokens"], row["entities"]) for row in rows} == {
        "dev": (1009, 15733, 836),
        "test": (1287, 23394, 1079),
    }


@pytest.mark.slow
def test_the_notebook_s_own_run_with_a_tiny_cased_distilbert(repo, wnut17):
    save_tiny(repo.path / "distil", "distilbert")
    model = spec_of(repo.path / "distil").removeprefix(f"{repo.path}/")
    readme = " ".join(repo.read("README.md").replace("\\\n", " ").split())
    command = re.search(r"dvc exp run -S dataset=wnut17 -S model=distilbert\S+ [-\w=. ]*batch_size=16", readme)[
        0
    ].split()
    command = [f"model={model}" if part.startswith("model=") else part for part in command]
    repo.run(*command, NERPIPE_MIRROR=os.path.relpath(wnut17.parent, repo.path))
    config = repo.read("models/exported/config.json")
    assert config["architectures"] == ["DistilBertForTokenClassification"]
    assert config["id2label"]["3"] == "B-creative-work"
    assert len(repo.read("metrics/train.json")) == 3
    labels = repo.read("models/exported/labels.json")
    assert len(labels) == 13


# The sentence of the notebook that this project began as, and that of the model card.
EXAMPLES = {
    "Apple Inc. is planning to open a new store in San Francisco, California.": [
        ("corporation", "Apple Inc."), ("location", "San Francisco"), ("location", "California"),
    ],
    "Greetings from the Empire State Building": [("location", "Empire State Building")],
}  # fmt: skip


@pytest.mark.slow
def test_the_default_model_gives_what_main_says(tmp_path):
    """The real weights on the shipped corpus: the light stages to the bit, the scores within a seed's spread."""
    repo = Repo(tmp_path / "repo", tmp_path / "cache")
    copy_repository(repo.path)
    repo.run("git", "init", "-qb", "main")
    repo.commit("main")
    lock, metrics = yaml.safe_load(repo.read("dvc.lock")), repo.read("metrics/metrics.json")
    assert repo.repro()[0] == STAGES
    again = yaml.safe_load(repo.read("dvc.lock"))
    for stage in ("clean_conll", "encode_labels", "tokenize_align"):
        assert again["stages"][stage]["outs"] == lock["stages"][stage]["outs"]
    assert repo.read("metrics/metrics.json")["test"]["f1"] == pytest.approx(metrics["test"]["f1"], abs=0.06)
    found = [
        json.loads(line)["entities"]
        for line in repo.run("nerpipe", "predict", "models/exported", *EXAMPLES).splitlines()
    ]
    assert [[(entity["type"], entity["text"]) for entity in row] for row in found] == [*EXAMPLES.values()]
    out = repo.run("nerpipe", "summary")
    for part in ("sample", "models/exported/", "compare with nothing published", "source .venv/bin/activate"):
        assert part in " ".join(out.split())
    example = out.partition("finds in it:\n")[2]
    assert re.fullmatch(r"\$ nerpipe predict models/exported '.*'\n.*\[[^\]]+ \d\.\d\d\].*\n", example)


@pytest.mark.slow
def test_files_unknown_to_git_are_explained_in_a_temporary_run(repo):
    shutil.copytree(repo.path / "data/raw/tiny", repo.path / "data/raw/mine")
    repo.set(dataset="mine")
    done = repo.try_run("dvc", "exp", "run", "--temp")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "data/raw/mine" in said


def test_a_clone_gets_the_model_from_a_remote_without_training(repo, tmp_path):
    repo.run("dvc", "remote", "add", "-d", "store", str(tmp_path / "store"))
    repo.run("dvc", "push", "-q")
    repo.commit("a remote")
    repo.run("git", "clone", "-q", str(repo.path), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", tmp_path / "cache")
    clone.run("dvc", "pull", "-q")
    assert (clone.path / "models/exported/model.safetensors").read_bytes() == (
        repo.path / "models/exported/model.safetensors"
    ).read_bytes()
    assert "up to date" in clone.run("dvc", "status")


@pytest.mark.slow
def test_plots_render_without_a_network(repo):
    titles = (
        "Loss on dev and on a sample of train, without dropout and bias",
        "Loss that training minimises, with dropout and bias",
        "Dev entity F1 by epoch",
        "Entities by gold and predicted type, test",
        "F1 by entity type with 95% interval, test",
        "Share of right entities by confidence, test",
    )
    repo.run("git", "checkout", "-qb", "other")
    repo.set(bootstrap=500)
    repo.repro()
    for command in (("show",), ("diff", "main")):
        repo.run("dvc", "plots", *command)
        page = repo.read("dvc_plots/index.html")
        assert not re.search(r"<(script|link)[^>]+(src|href)=", page)  # nothing is loaded from anywhere
        assert page.count("vegaEmbed('#") == len(titles)
        assert all(title in page for title in titles)
    assert "mean cross entropy of a word (nats)" in page
    assert '"sample_loss"' in page
    assert '"rev": "main"' in page


def test_the_picture_in_the_documentation_is_what_dvc_draws(repo):
    picture = repo.run("dvc", "dag", "--md").rstrip()
    page = repo.read("docs/pipeline.md")
    assert "\n".join(line.rstrip() for line in picture.splitlines()) in page


def test_a_python_without_the_packages_says_so(repo):
    done = repo.try_run("python", "-S", "-m", "stages.clean_conll", "--help")
    assert done.returncode != 0
    assert " lacks " in done.stderr
    assert "source .venv/bin/activate" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_watching_changes_no_result_and_asks_for_nothing(repo):
    before = {name: stage["outs"] for name, stage in yaml.safe_load(repo.read("dvc.lock"))["stages"].items()}
    home = {"HOME": str(repo.path.parent), "WANDB_API_KEY": ""}
    for where, left in (("wandb", "wandb/offline-run-*/*.wandb"), ("tensorboard", "tensorboard/*/events*")):
        repo.set(report_to=where)
        assert repo.repro(**home) == ([], [])  # it changes no output, so it reruns nothing
        out = repo.run("dvc", "repro", "--force", "--single-item", "train", **home)
        assert ("is kept in" in out) is (where == "wandb")
        assert list((repo.path / "logs").glob(left))
        after = {name: stage["outs"] for name, stage in yaml.safe_load(repo.read("dvc.lock"))["stages"].items()}
        assert after == before
    assert "logs" not in repo.run("git", "status", "--porcelain")
    assert repo.run("git", "diff", "--stat", "dvc.yaml") == ""


@pytest.mark.slow
def test_a_search_leaves_experiments_and_the_best_can_be_applied(repo):
    (repo.path / "search.yaml").write_text(
        "lr: {low: 1.0e-4, high: 1.0e-2, log: true}\nbatch_size: {choices: [4, 8]}\n"
    )
    repo.commit("ranges")
    out = repo.run("nerpipe", "search", "--trials", "3")
    names = repo.run("dvc", "exp", "list", "--name-only").split()
    assert sorted(names) == ["search-1", "search-2", "search-3"]
    best = re.search(r"dvc exp apply (search-\d)", out)[1]
    before = repo.read("dvc.lock")
    repo.run("dvc", "exp", "apply", best)
    assert repo.read("dvc.lock") != before
    assert "up to date" in repo.run("dvc", "status")
