"""Each format reads back the text that was put into it. The judges are readers of other projects."""

import csv
import io
import json
import re
import shlex
import subprocess
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nerpipe.contracts.escapes import (
    hydra_value,
    json_in_html,
    json_text,
    markdown_code,
    markdown_text,
    shell_word,
    spreadsheet_cell,
)
from nerpipe.contracts.terminal import printable

MARKS = "\\|`*_[]()<>&#!~$:@=+-'\"/.,;{}^?% \t\n\r\x1b\x9b\u2028\u202e\ufeff\uff1d"
TEXTS = st.text(alphabet=st.sampled_from(MARKS) | st.sampled_from("abhtwps:/.1") | st.characters(), max_size=30)
WHOLE = st.text(alphabet=st.sampled_from(MARKS) | st.characters(codec="utf-8"), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
@example("\udc80")  # half of a surrogate pair, as in the name of a file that is no UTF-8
def test_json_is_the_same_data_and_one_line_without_controls(data):
    text = json_text(data)
    assert json.loads(text) == data
    assert len(text.splitlines()) == 1
    assert printable(text) == text
    text.encode("utf-8")
    assert json.loads(json_text(data, indent=2, sort_keys=True)) == data


def test_json_has_no_nan():
    with pytest.raises(ValueError, match="JSON"):
        json_text(float("nan"))


class Page(HTMLParser):
    """The tags of a page and the text in them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.data = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - as in HTMLParser
        self.tags.append(tag)

    def handle_data(self, data):
        self.data += data

    def handle_comment(self, data):
        self.tags.append(f"<!--{data}")


@given(JSON)
@example(["</script><script>alert(1)</script>", "<!--<script>", "]]>", "&lt;"])
def test_json_in_a_page_stays_in_its_element(data):
    page = Page(f'<script type="application/json">{json_in_html(data)}</script><p>after</p>')
    assert page.tags == ["script", "p"]
    assert json.loads(page.data.removesuffix("after")) == data


@given(st.lists(WHOLE, min_size=1, max_size=4))
@example(['=HYPERLINK("http://a")', "-1+1", "@SUM(1)", "\t=1", "\r=1", "'=1", "''+1", "'s", "＝1"])
def test_no_cell_is_a_formula_and_the_text_can_be_had_back(texts):
    file = io.StringIO(newline="")
    csv.writer(file).writerow(map(spreadsheet_cell, texts))
    (row,) = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) for cell in row)
    again = [cell[1:] if re.match("'+[-=+@\t\r\n＝＋－＠]", cell) else cell for cell in row]
    assert again == texts


def shown(text):
    return printable(re.sub(r"\s+", " ", text))


def of_markdown(text):
    return Page(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))


@given(TEXTS)
@example("a|b\n| c | <img src=x onerror=alert(1)> `x` **b** [l](javascript:1) &lt; www.a.b https://a.b @me :smile:")
def test_a_cell_of_a_markdown_table_shows_the_text_and_no_markup(text):
    page = of_markdown(f"| type | F1 |\n| --- | --- |\n| {markdown_text(text)} | end |\n")
    assert page.tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
    cell = re.sub(r"\n+", "\n", page.data).strip("\n").split("\n")
    assert cell[-2:] in ([shown(text).strip(), "end"], ["F1", "end"])


@given(TEXTS.filter(lambda text: text.strip()))
def test_a_line_of_markdown_shows_the_text_and_no_markup(text):
    page = of_markdown(f"Finds {markdown_text(text)} in text.")
    assert page.tags == ["p"]
    assert re.sub(" +", " ", page.data.strip()) == re.sub(" +", " ", f"Finds {shown(text)} in text.")


@given(TEXTS.filter(lambda text: text.strip()))
@example("`a``b`")
@example("a|b\\|c\\")
def test_code_of_markdown_shows_the_text(text):
    page = of_markdown(f"Model {markdown_code(text)}.")
    assert page.tags == ["p", "code"]
    assert page.data.strip() in (f"Model {shown(text)}.", f"Model {shown(text).strip()}.")
    page = of_markdown(f"| type | F1 |\n| --- | --- |\n| {markdown_code(text, in_table=True)} | end |\n")
    assert page.tags.count("td") == 2
    assert page.tags.count("code") == 1


def test_ordinary_names_stay_readable_in_markdown():
    assert markdown_text("creative-work") == "creative-work"
    assert markdown_code("pkg:a_b@12") == "`pkg:a_b@12`"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_word_of_a_command_is_one_word(text):
    assert shlex.split(f"dvc exp apply {shell_word(text)}") == ["dvc", "exp", "apply", text]


def test_a_real_shell_takes_the_word_as_it_is():
    hostile = "$(id) `id` ; ls | cat > x & 'a' \"b\" \\ * ? ~ #\n!"
    command = f"printf %s {shell_word(hostile)}"
    assert subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout == hostile


@given(st.text(st.sampled_from("ab'\"\\,=:;[]{}() \t#@%*~/.-") | st.characters(categories=["L", "N", "P"])))
@example("torchrun --nproc-per-node=2")
@example("1e-3")
@example("\\'")
def test_a_value_for_dvc_exp_run_is_one_text(text):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    override = OverridesParser.create().parse_override(f"key={hydra_value(text)}")
    assert not override.is_sweep_override()
    assert type(override.value()).__name__ in ("str", "QuotedString")
    assert str(getattr(override.value(), "text", override.value())) == text
