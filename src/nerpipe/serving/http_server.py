"""The HTTP server: uvicorn with limits on how long a client may do nothing, and how long a shutdown may take."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 20.0  # Seconds after which a client that neither asks anything nor takes its answer is disconnected.
SHUTDOWN = 8.0  # Seconds in which accepted requests are answered after SIGTERM. Docker kills after 10 seconds.
LAST_WORDS = 0.5  # Seconds in which those that were not answered can receive their refusal.


class Connection(H11Protocol):
    """A connection that is closed if nothing moves on it, between its requests and after an answer.

    A request that has begun has a deadline of its own.
    """

    _check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to watch the connection."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop to watch the connection."""
        if self._check:
            self._check.cancel()
        super().connection_lost(exc)

    def abort(self) -> None:
        """Close the connection without sending what is left to send."""
        self.transport.abort()

    def _watch(self) -> None:
        self._check = self.loop.call_later(PATIENCE, self._compare, self._state())

    def _state(self) -> tuple[int, int]:
        # An unfinished head of a request is no progress, however many bytes of it arrive.
        return id(self.cycle), self.transport.get_write_buffer_size()

    def _compare(self, before: tuple[int, int]) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if not answering and self._state() == before:
            self.abort()
        else:
            self._watch()


class HttpServer(uvicorn.Server):
    """A server that ends within SHUTDOWN + LAST_WORDS seconds and the moment that the batch at hand takes."""

    def __init__(self, app: FastAPI, close: Callable[[], object]) -> None:
        """Take the app.

        Args:
            app: The app.
            close: Function that refuses the requests that are not answered when the time is up.
        """
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                log_level="warning",
                access_log=False,
                server_header=False,
            )
        )
        self._close = close

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer the accepted requests, as long as there is time, and end."""
        loop = asyncio.get_running_loop()
        loop.call_later(SHUTDOWN, self._close)
        loop.call_later(SHUTDOWN + LAST_WORDS, self._abort)
        await super().shutdown(sockets)

    def _abort(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, Connection):
                connection.abort()
