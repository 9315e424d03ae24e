"""`nerpipe runs` in a terminal of 100 and 80 columns, in Markdown and as CSV."""

import csv
import io
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from nerpipe.comparison.run_lines import print_run_tables
from nerpipe.comparison.run_notes import Note
from nerpipe.comparison.run_outputs import csv_of_runs, csv_of_settings, markdown_of
from nerpipe.comparison.run_queue import FAILED_RUN, QUEUED, RUNNING_NOW
from nerpipe.comparison.run_tables import tables_of_runs, tables_of_settings
from nerpipe.comparison.runs import overview_of
from run_files import baseline, finished, pending

NOW = 1_700_000_000
NOTEBOOK = {  # Many params at once.
    "lr": 2e-5,
    "warmup": 0.0,
    "layer_decay": 1.0,
    "word_embeddings": "trained",
    "frozen_layers": 0,
    "model": "distilbert/distilbert-base-cased@6ea81172465e8b0ad3fddeed32b986cdcdcffcf0",
    "launcher": "torchrun --nproc-per-node=2",
}


@pytest.fixture
def many():
    """Several data sets, branches and states, a long name, and a run with many params."""
    return overview_of(
        [
            baseline("main, v1.0", seconds=NOW),
            finished("workspace", lr=0.0005, is_experiment=False),
            finished(
                "feature/a-branch-whose-name-says-all-that-was-tried-in-it", 0.6, is_experiment=False, seconds=NOW
            ),
            finished("itchy-newt", 1.0, 1.0, origin="main, v1.0", seconds=NOW - 3600 * 24 * 900, **NOTEBOOK),
            *(
                pending(f"run-{number}", state, lr=0.1)
                for number, state in enumerate((QUEUED, RUNNING_NOW, FAILED_RUN))
            ),
            finished("nosy-toad", dataset="wnut17", gold="w", origin="1234567", seed=2, seconds=NOW - 3600 * 24 * 9),
            pending("next", QUEUED, dataset="new"),
        ]
    )


@pytest.mark.parametrize("columns", [100, 80])
def test_the_tables_fit_the_terminal_and_lose_nothing(many, columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    print_run_tables(tables_of_runs(many, now=NOW), ["a note"])
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert max(map(len, lines)) <= columns
    assert lines[-1] == "a note"
    for score in ("100.0 (97.0 to 102.0)", "50.0 (47.0 to 52.0)"):  # A number is never broken.
        assert score in out
    for group in many.groups:
        assert f"Data set {group.heading}" in out
        assert all(run.state in out for run in group.runs)
        assert all(run.name in out for run in group.runs)  # Nor is a name.
    for text in (*(f"{key}=" for key in NOTEBOOK), "'torchrun --nproc-per-node=2'", "main, v1.0 (baseline) "):
        assert text in out
    assert "from main, v1.0, frozen_layers=0" in out or columns == 100


def test_a_small_table(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    runs = [baseline(), finished("東京", 0.7, lr=0.0005), finished("a" * 33, 0.6, lr=0.0005, model="m" * 60)]
    print_run_tables(tables_of_runs(overview_of(runs)), [])
    assert capsys.readouterr().out.replace("a" * 33, "a...").replace("m" * 60, "m...") == (
        "Data set sample, 20 sentences of dev and 1,300 of test\n"
        "run              dev F1               test F1              params\n"
        "-----------------------------------------------------------------\n"
        "main (baseline)  50.0 (47.0 to 52.0)  40.0 (35.0 to 44.0)  lr=0.0003, no model\n"
        "東京             70.0 (67.0 to 72.0)  40.0 (35.0 to 44.0)  lr=0.0005\n"
        "a...\n"
        "                 60.0 (57.0 to 62.0)  40.0 (35.0 to 44.0)\n"
        "    lr=0.0005, model=m...\n"
        "\n"
    )


def tables_in(html):
    return [
        [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)]
        for table in re.findall(r"<table>(.*?)</table>", html, re.DOTALL)
    ]


def test_markdown_is_read_as_tables_of_the_same_cells(many):
    text = markdown_of(tables_of_runs(many), [Note("a {}: `dvc repro`", "<note>")])
    html = MarkdownIt().enable("table").render(text)
    found = tables_in(html)
    assert len(found) == 3
    assert found[0][0] == ["run", "from", "dev F1", "test F1", "params"]
    row = next(row for row in found[0] if row[0] == "<code>itchy-newt</code>")
    assert row[1:4] == ["<code>main, v1.0</code>", "100.0 (97.0 to 102.0)", "100.0 (95.0 to 104.0)"]
    assert "<code>lr=2e-05</code>, " in row[4]
    assert found[0][1][0] == "<code>main, v1.0</code> (baseline)"
    assert "<strong>Data set <code>wnut17</code>, 20 sentences of dev and 1,300 of test</strong>" in html
    assert "<li>a <code>&lt;note&gt;</code>: <code>dvc repro</code></li>" in html


def test_no_data_is_outside_of_code_in_markdown():
    names = ["@octocat", "#12", "owner/repo#1 `x` {} |"]
    runs = [finished(name, 0.4, lr=name, dataset=name, origin=f"@{name}", gold=name) for name in names]
    runs = [replace(run, record=replace(run.record, signatures={"dev": f"@{run.name}"})) for run in runs]
    runs += [finished(f"{name} 2", 0.5, lr=name, dataset=name, gold=f"{name} 2") for name in names]
    found = overview_of([baseline("@team", lr="@main"), finished("@other", lr="@b"), *runs])
    for tables in (tables_of_runs(found), tables_of_settings(found)):
        html = MarkdownIt().enable("table").render(markdown_of(tables, found.notes))
        outside = re.sub("<code>.*?</code>", "", html)
        assert not re.search("[@#{}`]", outside)
        assert "<code>lr=@b</code>" in html
        assert "<li>dev <code>@@octocat</code></li>" in html


def test_hints_for_the_terminal_are_no_markdown():
    found = overview_of([baseline()], [Note("try `dvc exp run`", is_hint=True), Note("a fact")])
    text = markdown_of(tables_of_settings(found), found.notes)
    assert [line for line in text.splitlines() if line.startswith("- ")] == ["- a fact"]


def test_hostile_names_stay_names_in_markdown_and_csv():
    name, value = "<b>|`=1+1", "=cmd|'`\n|--|"
    found = overview_of([baseline(), finished(name, extra=value)])
    html = MarkdownIt().enable("table").render(markdown_of(tables_of_runs(found), []))
    row = tables_in(html)[0][2]
    assert row[0] == "<code>&lt;b&gt;|`=1+1</code>"
    assert len(row) == 4
    cells = list(csv.DictReader(io.StringIO(csv_of_runs(found), newline="")))[1]
    assert (cells["run"], cells["extra"]) == (name, f"'{value}")


def test_csv_has_fractions_and_a_column_for_each_param_that_differs(many):
    rows = list(csv.DictReader(io.StringIO(csv_of_runs(many), newline="")))
    assert [row["run"] for row in rows][:3] == [
        "main, v1.0",
        "workspace",
        "itchy-newt",
    ]
    first, workspace = rows[:2]
    assert (first["baseline"], first["state"], first["dev_f1"], first["lr"]) == (
        "baseline",
        "finished",
        "0.5",
        "0.0003",
    )
    assert float(first["test_f1_low"]) == pytest.approx(0.35)
    assert (workspace["baseline"], workspace["lr"]) == ("", "0.0005")
    queued = next(row for row in rows if row["run"] == "run-0")
    assert (queued["state"], queued["dev_f1"], queued["lr"]) == ("queued", "", "0.1")
    assert {row["dataset"] for row in rows} == {"sample", "wnut17", "new"}
    assert "dataset" in rows[0]
    assert "seconds" not in rows[0]


def test_seeds_in_all_forms(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    found = overview_of([baseline(), finished("a", 0.52, seed=2), *(finished(f"b{n}", seed=n, lr=0.5) for n in (1, 2))])
    print_run_tables(tables_of_settings(found), [])
    out = capsys.readouterr().out
    assert "runs  seeds  dev F1      test F1     params\n" in out
    assert "   2  1, 2   51.0 ± 1.4  40.0 ± 0.0  lr=0.0003 (baseline)\n" in out
    assert "lr=0.5 minus the baseline, seed by seed:\n  dev   -1.0 F1 (sd 1.4, n = 2)" in out
    text = markdown_of(tables_of_settings(found), [])
    assert "| 2 | 1, 2 | 51.0 ± 1.4 | 40.0 ± 0.0 | `lr=0.0003` (baseline) |" in text
    rows = list(csv.DictReader(io.StringIO(csv_of_settings(found), newline="")))
    assert [(row["lr"], row["runs"], row["seeds"], row["baseline"]) for row in rows] == [
        ("0.0003", "2", "1, 2", "baseline"),
        ("0.5", "2", "1, 2", ""),
    ]
    assert float(rows[0]["dev_f1_mean"]) == pytest.approx(0.51)
