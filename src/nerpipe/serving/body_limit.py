"""Requests whose body is too long."""

from typing import Any

from fastapi.responses import JSONResponse

MOST_BYTES = 1 << 23  # of a request's body: as many texts of that length as are allowed fit in
MOST_DRAINED = 1 << 26


class BodyLimit:
    """Refuses a body that is too long, whether or not it says its length, and never holds more of it than allowed.

    What is too much is read and thrown away, up to a limit: a client that still sends when the connection is closed
    would not see the answer.
    """

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - ASGI
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Pass the request on, body and all, if it is short enough."""
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
