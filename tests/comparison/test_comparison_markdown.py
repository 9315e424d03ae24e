"""The comment of a pull request: what it says, that no data leaves its code spans, and that it is short enough."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nerpipe.comparison.comparison_markdown import comparison_as_markdown
from nerpipe.comparison.display import MEANING
from nerpipe.comparison.revisions import SystemOutput
from nerpipe.comparison.run_inputs import RunInputs
from nerpipe.comparison.systems import compare

GOLD = [["B-a", "O"], ["B-b", "I-b"], ["O", "O"], ["B-a", "O"]]
ONE = [["B-a", "O"], ["B-b", "O"], ["O", "B-a"], ["O", "O"]]
TWO = [["O", "O"], ["B-b", "I-b"], ["B-b", "O"], ["B-a", "O"]]
INPUTS = RunInputs({"lr": 0.1, "seed": 1}, {"data/raw/mine": "1", "src": "1"})


def markdown(first, other, show=10):
    found = compare(first, other, resamples=100, seed=1)
    return comparison_as_markdown(found, first, other, show=show)


def side(name, predicted, inputs=INPUTS, **changed):
    tokens = [[f"w{place}" for place in range(len(row))] for row in GOLD]
    return replace(SystemOutput(name, name, tokens, GOLD, predicted, inputs=inputs), **changed)


def test_what_a_reviewer_reads():
    other = INPUTS._replace(params={"lr": 0.2, "seed": 1, "new": "x"}, sources={"data/raw/mine": "2", "src": "1"})
    lines = markdown(side("origin/main", ONE), side("workspace", TWO, other)).split("\n")
    assert lines[0] == "### `workspace` compared with `origin/main`"
    assert lines[2].startswith("**+33.3 F1, 95% CI ")
    assert lines[2].endswith(": not distinguishable from noise at this test size**")
    counts = ", ".join(f"{n} {kind} ({MEANING[kind]})" for n, kind in ((1, "broken"), (2, "fixed"), (1, "changed")))
    for part in (
        "| param that differs | `origin/main` | `workspace` |",
        "| `lr` | `0.1` | `0.2` |",
        "| `new` | none | `x` |",
        "- `data/raw/mine`",
        f"Of 4 sentences: {counts}.",
        "<details><summary>1 broken sentence: correct before, wrong now</summary>",
        "| 1 | `w0 w1` | `w0` (`a`) | `w0` (`a`) | none |",
        "<details><summary>2 fixed sentences: wrong before, correct now</summary>",
        "| 2 | `w0 w1` | `w0 w1` (`b`) | `w0` (`b`) | `w0 w1` (`b`) |",
        "| 4 | `w0 w1` | `w0` (`a`) | none | `w0` (`a`) |",
    ):
        assert part in lines
    assert lines.count("</details>") == 3
    assert not any(line.startswith("| 3 |") for line in lines)  # wrong before and now
    (row,) = (line for line in lines if line.startswith("| `origin/main` |"))
    assert row.startswith("| `origin/main` | 33.3 | ")  # 1 of 3 and 3: with its interval
    assert " to " in row
    assert any(line.startswith("| `a` | 50.0 | 66.7 | +16.7 | ") and line.endswith("| 2 (too few) |") for line in lines)
    assert "- `src`" not in lines
    assert any("Entity F1 in points, `workspace`: 4 sentences with 3 entities." in line for line in lines)


def test_a_bar_in_a_name_has_a_backslash_in_tables_alone():
    lines = markdown(side("a|b", ONE), side("c`|", TWO, None)).split("\n")
    assert lines[0] == "### ``c`|`` compared with `a|b`"
    assert "| | F1 | 95% interval |" in lines
    assert any(line.startswith("| `a\\|b` | 33.3 |") for line in lines)
    assert any("in points, ``c`|``: 4 sentences" in line for line in lines)
    assert any("The params and inputs of ``c`|`` are not known" in line for line in lines)
    assert "| type | `a\\|b` | ``c`\\|`` | difference | 95% interval | entities |" in lines


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        ((side("a.conll", ONE, None), side("workspace", TWO)), "The params and inputs of `a.conll` are not known"),
        ((side("one", ONE, None), side("two", TWO, None)), "The params and inputs of `one` and `two` are not known"),
        ((side("main", ONE), side("workspace", TWO)), "Params and inputs (data, code, pinned versions) are the same."),
        ((side("main", ONE), side("workspace", ONE)), "All predicted tags are the same."),
        ((side("main", ONE), side("workspace", ONE)), "Of 4 sentences: none differs."),
        ((side("main", ONE), side("other", TWO, INPUTS._replace(sources={}))), "No param differs."),
    ],
)
def test_what_is_not_known_or_the_same_is_said(sides, said):
    assert said in markdown(*sides)


def test_as_many_sentences_as_asked_of_each_kind_and_the_rest_is_counted():
    text = markdown(side("main", ONE), side("workspace", TWO), show=1)
    assert "| 1 |" in text
    assert "| 2 |" in text
    assert "| 4 |" not in text
    assert "\n1 more are left out here." in text
    assert "sentence |" not in markdown(side("main", ONE), side("workspace", TWO), show=0)


class Comment(HTMLParser):
    """The elements of a comment, and the text outside of code."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.outside, self.depth = set(), "", 0
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))
        self.close()

    def handle_starttag(self, tag, attrs):
        assert not [name for name, _ in attrs if name != "style"]  # style: the alignment of cells
        self.elements.add(tag)
        self.depth += tag == "code"

    def handle_endtag(self, tag):
        self.depth -= tag == "code"

    def handle_data(self, data):
        if not self.depth:
            self.outside += data

    def handle_comment(self, data):
        self.elements.add(data)


OWN = "h3 p strong table thead tbody tr th td ul li details summary code".split()  # noqa: SIM905 - reads better
MARKS = st.sampled_from("@#`|\\<>&![]()*_~$:/\n\r\t \x1b\u202eab1")
HOSTILE = st.text(MARKS | st.characters(), min_size=1, max_size=12)
HOSTILE_UTF8 = st.text(MARKS | st.characters(codec="utf-8"), min_size=1, max_size=12)  # What a file can hold.


@given(HOSTILE_UTF8, HOSTILE_UTF8, HOSTILE, HOSTILE)
@example("@octocat #1", "</details>", "`|`", "a\\|b\n\n# c")
@settings(max_examples=150)
def test_text_of_data_stays_in_code(word, kind, name, value):
    tokens = [[word, "x"]] * 3
    sides = [
        SystemOutput(each, each, tokens, [[f"B-{kind}", "O"]] * 3, tags, inputs=RunInputs({name: given}, {word: given}))
        for each, tags, given in ((name, [["O", "O"]] * 3, value), (f"{name}2", [[f"B-{kind}", "O"]] * 3, f"{value}2"))
    ]
    for pair in (sides, sides[::-1]):
        comment = Comment(markdown(*pair))
        assert comment.elements <= set(OWN)
        assert not set(comment.outside) & set("@#`\\[]{}_~$!/\x1b\u202e")
        assert comment.depth == 0


def test_a_comment_is_never_longer_than_github_takes():
    long, wide = "🌈" * 5_000, 1_500
    gold = [[f"B-{long}{kind}", "O"] for kind in range(wide)]
    none, tokens = [["O", "O"]] * wide, [[long, "\u202e" * 5_000]] * wide
    sides = [
        SystemOutput(
            f"{long}{number}",
            long,
            tokens,
            gold,
            tags,
            inputs=RunInputs(
                {f"{long}{key}": number for key in range(wide)}, {f"{long}{key}": long * number for key in range(wide)}
            ),
        )
        for number, tags in ((1, none), (2, gold))
    ]
    for show in (10, wide):
        text = markdown(*sides, show=show)
        assert len(text.encode()) < 60_000
        assert "more are left out here." in text
        assert Comment(text).elements <= set(OWN)
