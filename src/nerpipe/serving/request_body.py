"""The body of a request: its limits, and the texts that it holds."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import HTTPException

from nerpipe.contracts.json_objects import RepeatedKeyError, unique_keys
from nerpipe.errors import NerpipeError
from nerpipe.prediction.text_checks import check_text
from nerpipe.serving.messages import LONGEST_TEXT, MOST_TEXTS_IN_REQUEST

# Largest number of bytes in a body. The largest allowed number of the longest allowed texts fits, even if every
# character is written as two \u-escapes (12 bytes).
MOST_BYTES = 1 << 24
MOST_DRAINED = 1 << 26  # Number of bytes after which a body that is refused is not read on.
MOST_HELD = 1 << 27  # Largest number of bytes that all bodies hold together. Small bodies do not count.
SMALL_BODY = 1 << 16  # Number of bytes of a small body.
RETRY = {"Retry-After": "2"}  # Seconds after which a client should try again.
CLOSE = {"Connection": "close"}

_EXAMPLE = '{"text": "Greetings from Berlin"}'
_STRING = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*+"?', re.DOTALL)  # It need not end, so that no search is quadratic.
_MOST_STRUCTURE = 1000  # Largest number of bytes of a large body that are neither white space nor part of a string.

Receive = Callable[[], Awaitable[Any]]


class BodyRoom:
    """The memory that all bodies together may take."""

    def __init__(self) -> None:
        self._held = 0

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that takes room for a body of so many bytes. The room is free again at the end."""
        taken = 0

        def grow(size: int) -> None:
            nonlocal taken
            wanted = size if size > SMALL_BODY else 0
            if self._held - taken + wanted > MOST_HELD:
                raise HTTPException(503, "the server holds as many long requests as it can; try again later", RETRY)
            self._held += wanted - taken
            taken = wanted

        try:
            yield grow
        finally:
            self._held -= taken


async def read_body(receive: Receive, grow: Callable[[int], None], *, seconds: float) -> bytes | None:
    """Read a body.

    It never holds more of a body than is allowed. It reads the rest of a refused body and discards it, up to a limit,
    because a client that is still sending when the connection closes would not receive the answer.

    Args:
        receive: Function of ASGI that gives the next part of the body.
        grow: Function that takes room for a body of so many bytes.
        seconds: Seconds within which the body must arrive.

    Returns:
        The body, or None if the client left.

    Raises:
        HTTPException: If the body is too long or too slow, or there is no room for it.
    """
    try:
        return await asyncio.wait_for(_read(receive, grow), seconds)
    except TimeoutError:
        raise HTTPException(408, f"the body did not arrive within {seconds:g} s", CLOSE) from None


async def _read(receive: Receive, grow: Callable[[int], None]) -> bytes | None:
    body, size, more = bytearray(), 0, True
    refused: HTTPException | None = None
    while more and size <= MOST_DRAINED:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
        if size > MOST_BYTES:
            refused = HTTPException(413, f"the body is longer than {MOST_BYTES:,} bytes; send fewer texts at a time")
        if refused is None:
            try:
                grow(size)
            except HTTPException as error:
                refused = error
        if refused is None:
            body += message.get("body", b"")
        else:
            body.clear()
            grow(0)
    if refused:
        raise HTTPException(refused.status_code, refused.detail, {**(refused.headers or {}), **CLOSE})
    return bytes(body)


def check_content_type(content_type: str | None) -> None:
    """Check that a body is sent as JSON.

    Raises:
        HTTPException: If the header is missing, or names something else.
    """
    if not content_type:
        raise HTTPException(415, "the request has no Content-Type header; send `Content-Type: application/json`")
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not re.fullmatch(r"application/[\w.-]+\+json", kind):
        raise HTTPException(415, "the Content-Type is not JSON; send `Content-Type: application/json`")


def read_texts(body: bytes) -> list[str]:
    """Read the texts of a body.

    Raises:
        HTTPException: If the body is not JSON in UTF-8, or does not hold one text or a list of texts within the limits.
    """
    try:
        written = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"the body is not UTF-8: byte {error.start} is wrong") from None
    if len(body) > SMALL_BODY and _holds_many_values(body):
        raise HTTPException(422, f"the body holds more than one list of up to {MOST_TEXTS_IN_REQUEST} texts")
    try:
        query = json.loads(written, object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        raise HTTPException(422, f"the body is not valid JSON: {error.msg} at character {error.pos}") from None
    except RepeatedKeyError as error:
        raise HTTPException(422, f"body: {error}") from None
    except RecursionError:
        raise HTTPException(400, "the body is nested too deeply") from None
    except ValueError:
        raise HTTPException(422, "the body holds a number that is too long") from None
    return _texts_of(query)


def _holds_many_values(body: bytes) -> bool:
    """Say whether a body is no query, without the time and memory that parsing millions of values would take."""
    rest = _STRING.sub(b"", body, count=2 * MOST_TEXTS_IN_REQUEST + 2)
    return len(rest.translate(None, b" \t\r\n")) > _MOST_STRUCTURE


def _texts_of(query: object) -> list[str]:
    if not isinstance(query, dict):
        raise HTTPException(422, f"body: an object was expected, such as {_EXAMPLE}")
    for name in query:
        if name != "text":
            shown = ascii(name[:40])
            raise HTTPException(422, f"body: the field {shown} is unknown; the only field is 'text'")
    if "text" not in query:
        raise HTTPException(422, f"body: the field 'text' is missing; send for example {_EXAMPLE}")
    found = query["text"]
    if isinstance(found, str):
        _check(found, "text")
        return [found]
    if not isinstance(found, list):
        raise HTTPException(422, "text: one text or a list of texts was expected")
    if not 1 <= len(found) <= MOST_TEXTS_IN_REQUEST:
        raise HTTPException(422, f"text: a list has 1 to {MOST_TEXTS_IN_REQUEST} texts, not {len(found):,}")
    for number, text in enumerate(found):
        _check(text, f"text.{number}")
    return found


def _check(text: object, place: str) -> None:
    if not isinstance(text, str):
        raise HTTPException(422, f"{place}: a text was expected")
    if len(text) > LONGEST_TEXT:
        raise HTTPException(422, f"{place}: a text has at most {LONGEST_TEXT:,} characters, not {len(text):,}")
    try:
        check_text(text)
    except NerpipeError as error:
        raise HTTPException(422, f"{place}: {error}") from None
