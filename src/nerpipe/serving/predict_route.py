"""The route that finds entities: it reads a request's texts, waits for the queue and writes the answer."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from fastapi import HTTPException, Request, Response

from nerpipe.prediction.finder import Entity, Finder
from nerpipe.serving.messages import FoundEntity, Problem, Result
from nerpipe.serving.metrics import CLIENT_LEFT, Metrics
from nerpipe.serving.request_body import MOST_BYTES, RETRY, BodyRoom, Receive, check_content_type, read_body, read_texts
from nerpipe.serving.request_queue import QueueClosedError, QueueFullError, RequestQueue

TEXT_FAILED = "prediction failed on this text; the log of the server has the reason"
BUSY = "the server has as many requests as it can hold; try again later"
ENDING = "the server is shutting down; try again later"

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not UTF-8, or is nested too deeply"},
    408: {"model": Problem, "description": "The body did not arrive in time"},
    413: {"model": Problem, "description": f"The body is longer than {MOST_BYTES:,} bytes"},
    415: {"model": Problem, "description": "The Content-Type is missing, or is not JSON"},
    422: {
        "model": Problem,
        "description": "The body is not JSON, or holds no text or list of texts within the limits",
    },
    500: {"model": Problem, "description": "Prediction failed on every text"},
    503: {"model": Problem, "description": "The server is busy, too slow or shutting down; Retry-After says when"},
}


class PredictRoute:
    """Answers requests with the entities of their texts."""

    def __init__(self, predictor: Finder, metrics: Metrics, *, timeout: float) -> None:
        """Take the parts.

        Args:
            predictor: Finder that answers the requests.
            metrics: Metrics that count texts and batches.
            timeout: Seconds within which a request is answered or refused.
        """
        self.queue = RequestQueue(predictor, metrics.batch.observe, _written)
        self._metrics, self._timeout = metrics, timeout
        self._room = BodyRoom()
        metrics.waiting.set_function(lambda: len(self.queue))

    async def answer(self, request: Request) -> Response:
        """Answer a request, or refuse it by an HTTPException."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout
        check_content_type(request.headers.get("content-type"))
        with self._room.share() as grow:
            content = await read_body(request.receive, grow, seconds=self._timeout)
            if content is None:
                return Response(status_code=CLIENT_LEFT)
            texts = read_texts(content)
            del content
            answers = await self._predict(texts, request.receive, seconds=deadline - loop.time())
        if answers is None:
            return Response(status_code=CLIENT_LEFT)
        failed = answers.count(None)
        self._metrics.texts.inc(len(texts) - failed)
        self._metrics.failed.inc(failed)
        if failed == len(texts):
            raise HTTPException(500, TEXT_FAILED)
        return Response(_joined(texts, answers), media_type="application/json")

    async def _predict(self, texts: list[str], receive: Receive, *, seconds: float) -> list[bytes | None] | None:
        try:
            return await _unless_client_leaves(self.queue.predict(texts), receive, seconds=seconds)
        except QueueFullError:
            raise HTTPException(503, BUSY, RETRY) from None
        except QueueClosedError:
            raise HTTPException(503, ENDING, RETRY) from None
        except TimeoutError:
            limit = f"{self._timeout:g} s"
            problem = f"the answer was not ready within {limit}; send fewer or shorter texts at a time"
            raise HTTPException(503, problem, RETRY) from None


async def _unless_client_leaves(
    work: Awaitable[list[bytes | None]], receive: Receive, *, seconds: float
) -> list[bytes | None] | None:
    """Wait for the work. Cancel it, and return None, if the client leaves.

    Raises:
        TimeoutError: If it is not done within so many seconds.
    """
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait((working, leaving), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return await working
        if leaving.done():
            return None
        raise TimeoutError
    finally:
        working.cancel()
        leaving.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _written(text: str, entities: list[Entity]) -> bytes:
    result = Result(text=text, entities=[FoundEntity(**entity._asdict()) for entity in entities])
    return result.model_dump_json(exclude_none=True).encode()


def _joined(texts: list[str], answers: list[bytes | None]) -> bytes:
    results = [
        Result(text=text, entities=[], error=TEXT_FAILED).model_dump_json().encode() if answer is None else answer
        for text, answer in zip(texts, answers, strict=True)
    ]
    return b'{"results":[' + b",".join(results) + b"]}"
