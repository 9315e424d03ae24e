"""The records that modules hand to each other."""

from typing import NamedTuple


class Sentence(NamedTuple):
    """One sentence of a canonical CoNLL file: as many tags as tokens, at least one of each."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]


class Span(NamedTuple):
    """An entity: its type and the words [start, end) that it covers, counted in its sentence."""

    type: str
    start: int
    end: int


class Tally(NamedTuple):
    """What a stage must neither lose nor invent; a token is a word of the input, not a sub-word."""

    sentences: int
    tokens: int
    entities: int
