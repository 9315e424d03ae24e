"""What --help shows is true: the order of the commands, their examples, and one vocabulary of options."""

import re
import shlex
import subprocess
import sys
from collections import defaultdict

import pytest

from nerpipe.cli import make_parser
from places import ROOT

COMMANDS = make_parser().commands.choices
EXAMPLES = [
    (name, line.strip())
    for name, parser in COMMANDS.items()
    for line in (parser.epilog or "").splitlines()[1:]
    if not line.startswith("  # ")
]


def test_the_commands_stand_in_the_order_of_the_work():
    shown = re.findall(r"(?m)^  (\w+)  +\w.*", make_parser().format_help())
    assert shown == "import check suspects score runs compare predict serve search summary completion".split()  # noqa: SIM905
    assert shown == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_ends_with_two_to_four_examples(name):
    text = COMMANDS[name].format_help()
    lines = text.partition("\nexamples:\n")[2].splitlines()
    assert 2 <= len(lines) / 2 <= 4
    assert all(re.fullmatch("  # .+[^.]", line) for line in lines[::2])
    assert all(line.startswith(f"  nerpipe {name}") for line in lines[1::2])
    assert COMMANDS[name].description


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_every_example_is_a_command_line(name, line):
    words = list(shlex.shlex(line, posix=True, punctuation_chars=">"))
    assert words[:2] == ["nerpipe", name]
    split = shlex.split(line)
    end = split.index(">") if ">" in split else len(split)
    arguments = make_parser().parse_args(split[1:end])
    assert arguments.run
    assert getattr(arguments, "model", None) is None or str(arguments.model) == "models/exported"
    if name == "check":
        assert (ROOT / "data/raw" / arguments.name).is_dir()


def test_the_descriptions_fill_the_lines(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert (
        "\nFind the entities of texts with an exported model. The exit code is 0 if all\n"
        in COMMANDS["predict"].format_help()
    )


def test_an_option_is_the_same_in_every_command():
    """One name for one thing: the same metavar, choices, number of values and reading of them."""
    kinds = defaultdict(dict)
    for name, parser in COMMANDS.items():
        for action in parser._actions:
            for option in action.option_strings:
                kind = (action.metavar, tuple(action.choices or ()), action.nargs, type(action), action.dest)
                kinds[option].setdefault(kind, []).append(name)
    assert {option: found for option, found in kinds.items() if len(found) > 1} == {}


def test_a_number_is_n_and_a_path_is_a_file_or_a_folder():
    for parser in COMMANDS.values():
        for action in parser._actions:
            if action.option_strings and action.nargs != 0 and not action.choices and action.dest != "host":
                assert re.fullmatch("N|NAME|FRACTION|SECONDS|FOLDER|(NUMBER_OR_)?FILE", action.metavar or ""), action


def test_the_start_loads_nothing_heavy():
    code = (
        "import sys; from nerpipe.cli import make_parser; make_parser().parse_args(['predict', 'm', 'a text']);"
        "print(sorted({'torch', 'transformers', 'pandas', 'shtab', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    assert done.stdout == "[]\n"
