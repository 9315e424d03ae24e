"""What --help shows: descriptions that fill the line, examples as they are typed, and commands in groups."""

import argparse
from collections.abc import Mapping, Sequence

_EXAMPLES = "examples:\n"


class HelpLayout(argparse.HelpFormatter):
    """Fills the lines of all texts, but keeps those of examples, so that they can be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith(_EXAMPLES) else super()._fill_text(text, width, indent)


def add_examples(parser: argparse.ArgumentParser, examples: Mapping[str, str]) -> None:
    """Let the help of a command end with examples.

    Args:
        parser: The parser of the command.
        examples: What each example does, and its command line.
    """
    parser.epilog = _EXAMPLES + "\n".join(f"  # {what}\n  {line}" for what, line in examples.items())


def grouped_help(
    parser: argparse.ArgumentParser, commands: Sequence[argparse.Action], groups: Mapping[str, Sequence[str]]
) -> str:
    """Return the help of the program, with its commands in groups.

    Args:
        parser: The parser of the program.
        commands: The name of each command, with its line of help.
        groups: The title of each group, and the names of its commands.
    """
    layout = HelpLayout(parser.prog)
    layout.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)  # noqa: SLF001 - as argparse does
    layout.add_text(parser.description)
    options = [action for action in parser._actions if action.option_strings]  # noqa: SLF001 - the same
    sections = {title: [row for row in commands if row.dest in names] for title, names in groups.items()}
    for title, rows in (sections | {"options": options}).items():
        layout.start_section(title)
        layout.add_arguments(rows)
        layout.end_section()
    layout.add_text(parser.epilog)
    return layout.format_help()
