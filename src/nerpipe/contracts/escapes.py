"""Text of data inside of other formats: JSON, spreadsheets, Markdown, HTML, commands of a shell, and Hydra.

Each function belongs to one format. docs/reliability.md lists the places that use it. The functions for the terminal
are in `terminal`, and the one for YAML is in `yaml_reader`.
"""

import json
import re
import shlex
from typing import Any

from nerpipe.contracts.terminal import printable

# What JSON allows within a string although a terminal obeys it, an editor ends a line at it, or UTF-8 lacks it.
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_MARKUP = re.compile("[<>&]")
# A spreadsheet reads a cell that begins with one of these characters as a formula, or leaves the character out and then
# reads a formula. The last four are the wide forms, which spreadsheets in East Asian languages read like the others.
_FORMULA = re.compile("'*[-=+@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# All of ASCII but the hyphen, which has a meaning at the beginning of a line only.
_PUNCTUATION = re.compile(r"[!-,./:-@\[-`{-~]")
_BLANKS = re.compile(r"\s+")
_BACKTICKS = re.compile("`+")
# Neither begins in the middle of backslashes, so that many of them take linear time.
_QUOTE, _LAST_BACKSLASHES = re.compile(r"(?<!\\)(\\*)'"), re.compile(r"(?<!\\)\\+\Z")


def json_text(data: Any, **layout: Any) -> str:  # noqa: ANN401 - JSON can hold any type
    r"""Return JSON that can be shown on a terminal and is read back as the same data.

    >>> json_text({"text": "é\x9b31m"})
    '{"text": "é\\u009b31m"}'

    Args:
        data: The data.
        layout: The arguments `indent`, `separators` and `sort_keys` of json.dumps.

    Raises:
        ValueError: If the data holds NaN or infinity.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, **layout)
    return text if text.isascii() and "\x7f" not in text else _UNSAFE_IN_JSON.sub(_json_escape, text)


def json_in_html(data: Any, **layout: Any) -> str:  # noqa: ANN401
    r"""Return JSON for a script element of an HTML page. Nothing in it can end the element or be markup.

    >>> json_in_html(["</script>"])
    '["\\u003c/script\\u003e"]'

    Args:
        data: The data.
        layout: The arguments of `json_text`.
    """
    return _MARKUP.sub(_json_escape, json_text(data, **layout))


def _json_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def spreadsheet_cell(text: str) -> str:
    """Return the cell of a CSV file that a spreadsheet shows as text and never takes for a formula.

    An apostrophe is put before a formula, and also before apostrophes that a formula follows, so that the text can be
    had back: remove one apostrophe from every cell that begins with apostrophes and one of `= + - @`.

    >>> [spreadsheet_cell(text) for text in ("=1+1", "'=1", "'s", "Ulm")]
    ["'=1+1", "''=1", "'s", 'Ulm']
    """
    return f"'{text}" if _FORMULA.match(text) else text


def markdown_text(text: str) -> str:
    r"""Return a text for a line or a table cell of Markdown, which shows it as it is.

    Control characters are shown as on a terminal, and white space becomes one blank.

    >>> print(markdown_text("<b>a|b"))
    \<b\>a\|b
    """
    return _PUNCTUATION.sub(r"\\\g<0>", _one_line(text))


def markdown_code(text: str, *, in_table: bool = False) -> str:
    """Return a code span of Markdown, which shows a text as it is.

    >>> print(markdown_code("a`b"))
    ``a`b``

    Args:
        text: The text.
        in_table: Whether the code span is in a cell of a table.
    """
    shown = _one_line(text)
    fence = "`" * (1 + max(map(len, _BACKTICKS.findall(shown)), default=0))
    room = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) else ""
    code = f"{fence}{room}{shown}{room}{fence}"
    return code.replace("|", r"\|") if in_table else code


def _one_line(text: str) -> str:
    return printable(_BLANKS.sub(" ", text))


def shell_word(text: str) -> str:
    """Return a text as one word of a command that people paste into a shell.

    >>> "dvc exp apply " + shell_word("mine; ls")
    "dvc exp apply 'mine; ls'"
    """
    return shlex.quote(text)


def hydra_value(value: Any) -> str:  # noqa: ANN401 - a param's value
    """Return a value for `-S KEY=VALUE` of `dvc exp run`. Text is quoted: Hydra reads a comma as a list of values.

    >>> [hydra_value(value) for value in (0.5, "a,b")]
    ['0.5', "'a,b'"]
    """
    if not isinstance(value, str):
        return str(value)
    # Hydra reads backslashes as escapes only where they precede a quote.
    return "'" + _QUOTE.sub(r"\1\1\'", _LAST_BACKSLASHES.sub(lambda last: last[0] * 2, value)) + "'"
