"""The limits of a body, and what is said about a body that holds no texts."""

import asyncio
import json
import time

import pytest

pytest.importorskip("fastapi", reason="serving is an extra: pip install -r requirements/serve.txt")

from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from nerpipe.serving.messages import LONGEST_TEXT, MOST_TEXTS_IN_REQUEST, Query
from nerpipe.serving.request_body import MOST_BYTES, MOST_HELD, SMALL_BODY, BodyRoom, read_body, read_texts


def parts(*bodies, leaves=False):
    """The function of ASGI that gives these parts."""
    messages = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    if leaves:
        messages.append({"type": "http.disconnect"})
    else:
        messages[-1]["more_body"] = False

    async def receive():
        return messages.pop(0)

    return receive


@pytest.mark.parametrize("character", ["a", "é", "東", "𐐀"])
def test_the_largest_query_fits_in_every_way_to_write_it(character):
    texts = [character * LONGEST_TEXT] * MOST_TEXTS_IN_REQUEST
    escaped = "".join(f"\\u{unit:04x}" for unit in memoryview(character.encode("utf-16-le")).cast("H"))
    written = '{"text": [' + ", ".join([f'"{escaped * LONGEST_TEXT}"'] * MOST_TEXTS_IN_REQUEST) + "]}"
    for body in (written.encode(), json.dumps({"text": texts}, ensure_ascii=False, indent=8).encode()):
        assert len(body) <= MOST_BYTES
        with BodyRoom().share() as grow:
            assert asyncio.run(read_body(parts(body), grow, seconds=10)) == body
        assert read_texts(body) == texts


@given(st.text(max_size=30) | st.lists(st.text(max_size=30), min_size=1, max_size=4), st.booleans())
def test_texts_come_back_from_every_json_writer(content, ascii_only):
    body = json.dumps({"text": content}, ensure_ascii=ascii_only).encode()
    texts = [content] if isinstance(content, str) else content
    assert read_texts(body) == texts
    assert read_texts(b"\xef\xbb\xbf" + body) == texts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "x"]), inner, max_size=2),
    max_leaves=6,
)


@given(JSON)
def test_what_is_read_is_what_the_published_schema_allows(value):
    try:
        Query.model_validate(value, strict=True)
    except ValueError:
        with pytest.raises(HTTPException) as caught:
            read_texts(json.dumps(value).encode())
        assert caught.value.status_code == 422
    else:
        assert read_texts(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (
            b'{"text": "\\ud83d"}',
            422,
            "text: character 0 is half of a surrogate pair ('\\ud83d'), which is not a character",
        ),
        (b'{"\\ud83d": 1}', 422, r"body: the field '\ud83d' is unknown; the only field is 'text'"),
        (b'{"' + b"x" * 60_000 + b'": 1}', 422, f"body: the field '{'x' * 40}' is unknown; the only field is 'text'"),
        (b'{"text": ' + b"1" * 5000 + b"}", 422, "the body holds a number that is too long"),
        (b"[" * 50_000, 400, "the body is nested too deeply"),
        (b'{"text": "\xff"}', 400, "the body is not UTF-8: byte 10 is wrong"),
        (b'{"text": ["a", 3]}', 422, "text.1: a text was expected"),
        (b'{"text": "a", "text": "b"}', 422, "body: the key 'text' stands twice in an object; keep one of the two"),
        (b'{"text": "a" "b"}', 422, "the body is not valid JSON: Expecting ',' delimiter at character 13"),
    ],
)
def test_refusals_are_short_and_in_words(body, status, said):
    with pytest.raises(HTTPException) as caught:
        read_texts(body)
    assert (caught.value.status_code, caught.value.detail) == (status, said)


@pytest.mark.parametrize(
    "part", [b"[],", b"0,", b'{"a":0},', b'"",', b'"\\",', b"[", b'"', b"\\", b'"a":0,'], ids=lambda part: part.decode()
)
def test_a_body_of_millions_of_values_is_refused_before_it_is_parsed(part):
    body = b'{"text":[' + part * (MOST_BYTES // len(part) - 10)
    began = time.perf_counter()
    with pytest.raises(HTTPException) as caught:
        read_texts(body)
    assert caught.value.status_code == 422
    assert time.perf_counter() - began < 2  # Searching for strings that do not end took minutes.


def test_a_long_body_is_refused_whatever_it_says_of_its_length():
    with BodyRoom().share() as grow, pytest.raises(HTTPException) as caught:
        asyncio.run(read_body(parts(*[b"x" * (1 << 22)] * 5), grow, seconds=10))
    assert caught.value.status_code == 413


def test_a_body_whose_client_leaves_is_none():
    with BodyRoom().share() as grow:
        assert asyncio.run(read_body(parts(b'{"text"', leaves=True), grow, seconds=10)) is None


def test_a_body_that_does_not_come_is_refused_in_time():
    async def receive():
        await asyncio.sleep(60)

    with BodyRoom().share() as grow, pytest.raises(HTTPException) as caught:
        asyncio.run(read_body(receive, grow, seconds=0.05))
    assert (caught.value.status_code, caught.value.detail) == (408, "the body did not arrive within 0.05 s")


def test_all_bodies_together_have_a_limit_that_small_ones_are_free_of():
    room = BodyRoom()
    with room.share() as first:
        first(MOST_HELD)
        with room.share() as small:
            small(SMALL_BODY)
        with room.share() as second, pytest.raises(HTTPException) as caught:
            asyncio.run(read_body(parts(b"x" * (SMALL_BODY + 1)), second, seconds=10))
    assert (caught.value.status_code, caught.value.headers["Retry-After"]) == (503, "2")
    with room.share() as third:
        third(MOST_HELD)
