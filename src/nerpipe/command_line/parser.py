"""The parser of the command line. A mistyped word is answered with the word that was meant."""

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise, takewhile
from typing import Any, NoReturn

from nerpipe.command_line.help_text import HelpLayout
from nerpipe.contracts.terminal import printable, write_encodable

_HELP = ("-h", "--help")
_NEGATIVE_NUMBER = re.compile(r"-\d+|-\d*\.\d+")


class CommandParser(argparse.ArgumentParser):
    """A parser that blames what is wrong alone, names what was probably meant, and shows the usage of the command.

    Attributes:
        take_rest: Takes the words that argparse leaves over. Without it, such words are an error.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of ArgumentParser
        super().__init__(**{"formatter_class": HelpLayout} | options)
        self.take_rest: Callable[[argparse.Namespace, Sequence[str]], None] | None = None

    def error(self, message: str) -> NoReturn:
        """End the program with code 2, and print the usage and a message, which may quote names of files."""
        super().error(printable(message))

    def _print_message(self, message: str, file: Any = None) -> None:  # noqa: ANN401 - as in argparse
        """Print a help or usage. argparse says nothing if it cannot be written."""
        write_encodable(message, file or sys.stderr)

    def parse_known_args(
        self,
        args: Iterable[str] | None = None,
        namespace: Any = None,  # noqa: ANN401 - as in argparse
    ) -> tuple[Any, list[str]]:
        """Parse the arguments as argparse does, but look first for an option that does not exist."""
        if args is not None:
            args = list(args)
            self._refuse_unknown_option(args)
        found, left = super().parse_known_args(args, namespace)
        if left and self.take_rest:
            self.take_rest(found, left)
        elif left:
            self.error(f"nothing can be done with {' '.join(left)}: the command takes no more arguments")
        return found, []

    def _refuse_unknown_option(self, args: Sequence[str]) -> None:
        words = list(takewhile(lambda word: word != "--", args))
        if self._subparsers is not None:  # What follows the name of a command is for the parser of that command.
            words = list(takewhile(lambda word: word.startswith("-"), words))
        if not {*_HELP} & {*words}:
            for before, word in pairwise(["", *words]):
                if self._is_unknown_option(word, before):
                    self.error(self._advice(word))

    def _is_unknown_option(self, word: str, before: str) -> bool:
        name = word.partition("=")[0]
        if not word.startswith("-") or word in ("-", "--") or " " in word or name in self._option_string_actions:
            return False
        if _NEGATIVE_NUMBER.fullmatch(word):
            return not before.startswith("--")  # Behind an option it is a value of it, which argparse judges.
        short_for = [option for option in self._option_string_actions if option.startswith(name)]
        return not (name.startswith("--") and short_for)

    def _advice(self, word: str) -> str:
        name = word.partition("=")[0]
        if near := nearest(name, self._option_string_actions):
            return f"there is no option {name} (did you mean {near}?)"
        positionals = [action for action in self._get_positional_actions() if action.choices is None]
        if not positionals:
            return f"there is no option {name}"
        what = "text" if positionals[-1].metavar == "TEXT" else "name"
        return f"there is no option {name}; put -- before a {what} that begins with a dash, as in `-- {word}`"

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 - as in argparse
        if action.choices is None or value in action.choices:
            return
        near = nearest(str(value), action.choices)
        meant = f" (did you mean {near}?)" if near else ""
        allowed = ", ".join(action.choices)
        if isinstance(action.choices, dict):
            self.error(f"there is no command {value}{meant}; the commands are {allowed}")
        raise argparse.ArgumentError(action, f"{value!r} is not allowed{meant}; expected one of {allowed}")


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant by a word, or None.

    >>> nearest("--outptu", ["--input", "--output"])
    '--output'
    >>> nearest("-o", ["--input", "--output"])
    '--output'
    >>> nearest("--train", ["--input", "--output"])
    """
    if re.fullmatch("-[a-z]", word):
        alike = [name for name in names if name.startswith(f"-{word}")]
        return alike[0] if len(alike) == 1 else None
    plain = {name.lstrip("-").casefold(): name for name in names}
    near = difflib.get_close_matches(word.lstrip("-").casefold(), plain, n=1)
    return plain[near[0]] if near else None
