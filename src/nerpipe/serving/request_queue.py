"""A queue that forms batches: the texts of requests that wait at the same time are predicted together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from nerpipe.prediction.predictor import Entity

# Number of texts at which a batch takes no further request. Requests are not split, so a batch can hold more texts.
MOST_TEXTS_IN_BATCH = 64


class _Request(NamedTuple):
    texts: Sequence[str]
    answer: "asyncio.Future[list[list[Entity]]]"


class RequestQueue:
    """Predicts in a separate thread. Requests that arrive while it is busy form the next batch.

    No request waits for other requests to arrive: an idle predictor takes all waiting requests at once.
    """

    def __init__(
        self, predict: Callable[[Sequence[str]], list[list[Entity]]], observe: Callable[[int], object]
    ) -> None:
        """Take the functions that predict and observe.

        Args:
            predict: Function that finds the entities of each text of a list.
            observe: Function that receives the number of texts of each batch.
        """
        self._predict = predict
        self._observe = observe
        self._waiting: asyncio.Queue[_Request] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start to answer requests in the running event loop."""
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Answer all accepted requests, then stop."""
        await self._waiting.join()
        if self._task:
            self._task.cancel()
        self._thread.shutdown()

    async def predict(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return the entities of each text as soon as the batch with these texts is predicted."""
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
        except Exception as error:  # noqa: BLE001 - every request of the batch gets the error
            for request in batch:
                if not request.answer.done():
                    request.answer.set_exception(error)
            return
        for request in batch:
            mine = [next(results) for _ in request.texts]
            if not request.answer.done():  # The client may have closed the connection.
                request.answer.set_result(mine)
