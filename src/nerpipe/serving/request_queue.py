"""Micro-batches: texts of requests that arrive together are predicted together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from nerpipe.prediction.predictor import Entity

MOST_TEXTS_IN_BATCH = 64  # of a batch; whole requests, so that one of more texts is a batch of its own


class _Request(NamedTuple):
    texts: Sequence[str]
    answer: "asyncio.Future[list[list[Entity]]]"


class RequestQueue:
    """Predicts in a thread of its own; while it is busy, requests gather to the next batch.

    So that nobody waits for company: an idle predictor takes what is there at once.
    """

    def __init__(
        self, predict: Callable[[Sequence[str]], list[list[Entity]]], observe: Callable[[int], object]
    ) -> None:
        """Take what predicts a list of texts, and what is told the size of each batch."""
        self._predict = predict
        self._observe = observe
        self._waiting: asyncio.Queue[_Request] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work off requests, in the running event loop."""
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Finish what was accepted, then end."""
        await self._waiting.join()
        if self._task:
            self._task.cancel()
        self._thread.shutdown()

    async def predict(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the entities of each text, once a batch with them is through."""
        answer: asyncio.Future[list[list[Entity]]] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait(_Request(texts, answer))
        return await answer

    async def _work(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            count = len(batch[0].texts)
            while not self._waiting.empty() and count < MOST_TEXTS_IN_BATCH:
                batch.append(self._waiting.get_nowait())
                count += len(batch[-1].texts)
            await self._answer(batch, count)
            for _ in batch:
                self._waiting.task_done()

    async def _answer(self, batch: Sequence[_Request], count: int) -> None:
        self._observe(count)
        texts = [text for request in batch for text in request.texts]
        try:
            results = iter(await asyncio.get_running_loop().run_in_executor(self._thread, self._predict, texts))
        except Exception as error:  # noqa: BLE001 - each request hears of it
            for request in batch:
                if not request.answer.done():
                    request.answer.set_exception(error)
            return
        for request in batch:
            mine = [next(results) for _ in request.texts]
            if not request.answer.done():  # its client may have gone
                request.answer.set_result(mine)
