"""The queue of requests: it is bounded, and what no one waits for any more leaves it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from nerpipe.prediction.finder import Finder
from nerpipe.serving.turns import Turns, WaitingRequest, Write

MOST_WAITING = 128  # Largest number of requests that wait for their answers at the same time.


class QueueFullError(Exception):
    """As many requests wait as may wait."""


class QueueClosedError(Exception):
    """The queue answers no further request."""


class RequestQueue:
    """Predicts in a separate thread, a batch at a time. The requests that wait take turns in the batches."""

    def __init__(self, finder: Finder, observe: Callable[[int], object], write: Write) -> None:
        """Take the parts.

        Args:
            finder: Finder that reads the texts.
            observe: Function that receives the number of texts of each batch.
            write: Function that writes the answer to a text from the text and its entities.
        """
        self._finder, self._write = finder, write
        self._turns = Turns(finder, observe)
        self._futures: dict[WaitingRequest, asyncio.Future[list[bytes | None]]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._added = asyncio.Event()
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Count the requests that wait for their answers."""
        return len(self._futures)

    def start(self) -> None:
        """Start to answer requests in the running event loop."""
        self._task = asyncio.create_task(self._work())

    def close(self) -> None:
        """Answer no further request, and give up those that wait."""
        self._closed = True
        self._give_up(QueueClosedError())

    async def stop(self) -> None:
        """Close the queue, and end its thread as soon as the batch at hand is predicted."""
        self.close()
        if self._task:
            self._task.cancel()
        await asyncio.to_thread(self._thread.shutdown)

    async def predict(self, texts: Sequence[str]) -> list[bytes | None]:
        """Return the answer to each text, or None for a text on which prediction fails.

        If this is cancelled, the rest of the work is not done.

        Raises:
            QueueFullError: If as many requests wait as may wait.
            QueueClosedError: If the queue closes before the answer is ready.
        """
        if self._closed:
            raise QueueClosedError
        if len(self) >= MOST_WAITING:
            raise QueueFullError
        request = WaitingRequest(self._finder, texts, self._write)
        future: asyncio.Future[list[bytes | None]] = asyncio.get_running_loop().create_future()
        self._futures[request] = future
        self._turns.add(request)
        self._added.set()
        try:
            return await future
        finally:
            request.dropped = True
            del self._futures[request]

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._added.wait()
            self._added.clear()
            while self._turns.busy:
                try:
                    done = await loop.run_in_executor(self._thread, self._turns.run)
                except Exception as error:
                    logging.getLogger(__name__).exception("the requests that wait cannot be answered")
                    self._give_up(error)
                    continue
                for request in done:
                    if request in self._futures and not self._futures[request].done():
                        self._futures[request].set_result(request.answers)

    def _give_up(self, error: Exception) -> None:
        for request, future in self._futures.items():
            request.dropped = True
            if not future.done():
                future.set_exception(error)
