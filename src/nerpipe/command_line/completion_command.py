"""The command `nerpipe completion`: the script with which a shell completes commands, options, files and folders."""

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from nerpipe.command_line.help_text import add_examples
from nerpipe.command_line.parser import CommandParser
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError

COMPLETED_SHELLS = ("bash", "zsh", "tcsh")
COMPLETION = """Print the script with which a shell completes the commands, options, choices, files and folders of
nerpipe. docs/install.md says where each shell looks for it. The command needs the package of
requirements/completion.txt."""
_FILES = ("FILE", "SIDE", "OTHER")  # Ends of the metavars of arguments that name files, or folders too.
_FOLDERS = "FOLDER"


def add_completion(parser: CommandParser, program: CommandParser) -> None:
    """Add the command's arguments.

    Args:
        parser: The parser of the command.
        program: The parser of the program, whose command lines are completed.
    """
    parser.add_argument(
        "shell", choices=COMPLETED_SHELLS, metavar="SHELL", help=f"shell to complete in: {', '.join(COMPLETED_SHELLS)}"
    )
    add_examples(
        parser,
        {
            "for bash, with `source ~/.nerpipe.bash` in ~/.bashrc": "nerpipe completion bash > ~/.nerpipe.bash",
            "for zsh, if ~/.zfunc is a folder of its fpath": "nerpipe completion zsh > ~/.zfunc/_nerpipe",
            "for tcsh, with `source ~/.nerpipe.tcsh` in ~/.tcshrc": "nerpipe completion tcsh > ~/.nerpipe.tcsh",
        },
    )
    parser.set_defaults(run=partial(print_completion, program))


def print_completion(program: CommandParser, arguments: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        NerpipeError: If shtab is not installed.
    """
    try:
        import shtab
    except ModuleNotFoundError:
        raise NerpipeError(
            "completion needs the package shtab, which is not installed; run `pip install -r "
            "requirements/completion.txt`, or `pip install shtab`"
        ) from None
    for parser in _parsers(program):
        for action in parser._actions:  # noqa: SLF001 - shtab reads them from there too
            if kind := completed_as(action):
                action.complete = kind  # type: ignore[attr-defined] # the attribute that shtab looks at
    say(shtab.complete(program, shell=arguments.shell).rstrip("\n"))


def _parsers(program: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield program
    for action in program._actions:  # noqa: SLF001 - as above
        if isinstance(action.choices, dict):
            yield from action.choices.values()


def completed_as(action: argparse.Action) -> str | None:
    """Return `directory` if an argument names a folder, `file` if it names a file or either, and None if neither."""
    name = action.metavar if isinstance(action.metavar, str) else ""
    if name.endswith(_FOLDERS):
        return "directory"
    return "file" if action.type is Path or name.endswith(_FILES) else None
