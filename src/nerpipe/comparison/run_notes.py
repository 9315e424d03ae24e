"""Sentences of `nerpipe runs` that hold text of data, such as names of branches: for the terminal and for Markdown."""

from typing import Self

from nerpipe.contracts.escapes import markdown_code


class Note(str):
    """A sentence as it stands on the terminal, which knows what in it is data.

    >>> Note("{} cannot be read", "#12"), Note("{} cannot be read", "#12").markdown()
    ('#12 cannot be read', '`#12` cannot be read')
    """

    __slots__ = ("data", "is_hint", "words")

    words: str
    data: tuple[str, ...]
    is_hint: bool

    def __new__(cls, words: str, *data: str, is_hint: bool = False) -> Self:
        """Make a sentence.

        Args:
            words: Our own words, with commands between backticks, and `{}` for each text of data.
            data: As many texts of data.
            is_hint: Whether it only says what to type next, which a reader of a pull request cannot do.
        """
        self = super().__new__(cls, words.format(*data))
        self.words, self.data, self.is_hint = words, data, is_hint
        return self

    def markdown(self) -> str:
        """Return the sentence in Markdown, with text of data as code, where GitHub makes no mention of `@name`."""
        return " ".join(self.words.split()).format(*map(markdown_code, self.data))
