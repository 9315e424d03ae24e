"""Checks of the texts and words that a caller gives."""

from collections.abc import Iterable

from nerpipe.errors import NerpipeError


def check_text(text: object) -> None:
    """Check that a text can be predicted.

    Raises:
        NerpipeError: If it is not text, or holds half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise NerpipeError(f"text was expected, not {type(text).__name__}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NerpipeError(
            f"character {error.start} is half of a surrogate pair ({text[error.start]!r}), which is not a character"
        ) from None


def list_texts(texts: object) -> list[str]:
    """List texts. A generator is used up, and a single text is not taken for its characters.

    Raises:
        NerpipeError: If this is one text, or nothing that holds texts, or `check_text` raises it.
    """
    if isinstance(texts, str | bytes):
        raise NerpipeError("a list of texts was expected, not one text; put the text in brackets")
    if not isinstance(texts, Iterable):
        raise NerpipeError(f"a list of texts was expected, not {type(texts).__name__}")
    listed = list(texts)
    for text in listed:
        check_text(text)
    return listed


def list_words(sentences: object) -> list[list[str]]:
    """List the words of sentences.

    Raises:
        NerpipeError: If a text stands where words or sentences were expected, or `check_text` raises it for a word.
    """
    if isinstance(sentences, str | bytes) or not isinstance(sentences, Iterable):
        raise NerpipeError(
            f"a list of sentences was expected, each a list of words, not {type(sentences).__name__}; to find the "
            "words of a text too, call the predictor itself"
        )
    listed = []
    for number, words in enumerate(sentences, start=1):
        if isinstance(words, str | bytes) or not isinstance(words, Iterable):
            raise NerpipeError(
                f"sentence {number} is {type(words).__name__}, not a list of words; to find the words of a text too, "
                "call the predictor itself"
            )
        listed.append(list(words))
        for word in listed[-1]:
            check_text(word)
    return listed
