"""The limit on the length of request bodies."""

from typing import Any

from fastapi.responses import JSONResponse

# Largest number of bytes in a request body. The largest allowed number of the longest allowed texts fits as UTF-8.
MOST_BYTES = 1 << 23
MOST_DRAINED = 1 << 26  # Number of bytes after which a body is not read on.


class BodyLimit:
    """Refuses a body that is too long, even if the request does not state its length.

    It never holds more of a body than is allowed. It reads the rest and discards it, up to a limit, because a client
    that is still sending when the connection closes would not receive the answer.
    """

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - ASGI
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Pass the request on with its whole body if the body is short enough."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        chunks, size, more = [], 0, True
        while more and size <= MOST_DRAINED:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
            if size <= MOST_BYTES:
                chunks.append(message.get("body", b""))
        if size > MOST_BYTES:
            await _too_long()(scope, receive, send)
            return
        whole = [{"type": "http.request", "body": b"".join(chunks), "more_body": False}]

        async def again() -> Any:  # noqa: ANN401 - ASGI
            return whole.pop() if whole else await receive()

        await self._app(scope, again, send)


def _too_long() -> JSONResponse:
    problem = {"detail": f"the body is longer than {MOST_BYTES:,} bytes; send fewer texts at a time"}
    return JSONResponse(problem, status_code=413, headers={"Connection": "close"})
