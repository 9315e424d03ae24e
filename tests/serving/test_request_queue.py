"""The queue: requests take turns, and one that is gone, too many or broken harms no other."""

import asyncio
import logging
import threading

import pytest

pytest.importorskip("fastapi", reason="serving is an extra: pip install -r requirements/serve.txt")

from capitals import capitals_predictor
from nerpipe.serving.request_queue import MOST_WAITING, QueueClosedError, QueueFullError, RequestQueue

LONG = ["Ann so " * 1400] * 20  # some 600 batches
MOMENT = 0.1


class Batches:
    """Counts batches, lets only so many through, and fails on a batch that holds a question mark."""

    def __init__(self, *, allowed=100_000):
        self.count = 0
        self.allowed = threading.Semaphore(allowed)
        self.held = threading.Event()
        self.finder = capitals_predictor(before=self._before)
        self.bad = self.finder._tokenizer.token_to_id("?")

    def _before(self, input_ids):
        if not self.allowed.acquire(blocking=False):
            self.held.set()
            self.allowed.acquire(timeout=20)
        self.count += 1
        if self.bad in input_ids:
            raise RuntimeError("broken")

    def release(self):
        self.allowed.release(100_000)


def written(text, entities):
    return f"{text}: {' '.join(entity.text for entity in entities)}".encode()


def run(main, batches, observe=lambda _: None):
    """Run a coroutine function with a queue that is started before and stopped after it."""

    async def whole():
        queue = RequestQueue(batches.finder, observe, written)
        queue.start()
        try:
            return await main(queue)
        finally:
            await queue.stop()

    return asyncio.run(whole())


async def begin_long(queue, batches):
    """Start a long request, and wait until the network has had all batches that it may have."""
    long = asyncio.create_task(queue.predict(LONG))
    await asyncio.to_thread(batches.held.wait, 20)
    return long


def test_a_long_request_and_short_ones_take_turns():
    batches = Batches(allowed=20)

    async def main(queue):
        long = await begin_long(queue, batches)
        batches.release()
        needed = []
        for number in range(5):
            before = batches.count
            assert await queue.predict([f"so Ann {number}"]) == [f"so Ann {number}: Ann".encode()]
            needed.append(batches.count - before)
        assert not long.done()
        return needed, await long

    needed, answers = run(main, batches)
    # The batch at hand, the one that the short request is in, and what passes while the answer goes to its task: a
    # batch here takes the network a millisecond.
    assert sorted(needed)[2] <= 10
    assert answers == [written(text, batches.finder([text])[0]) for text in LONG]


def test_what_no_one_waits_for_is_dropped():
    batches = Batches(allowed=20)

    async def main(queue):
        long = await begin_long(queue, batches)
        long.cancel()
        await asyncio.sleep(MOMENT)
        assert len(queue) == 0
        batches.release()
        return await queue.predict(["Bob"])

    assert run(main, batches) == [b"Bob: Bob"]
    assert batches.count < 30


def test_requests_that_wait_share_batches_and_get_their_own_answers():
    batches, sizes = Batches(allowed=0), []

    async def main(queue):
        tasks = [asyncio.create_task(queue.predict([f"Ann {n}", "", f"b Bob{n}"])) for n in range(40)]
        await asyncio.sleep(MOMENT)
        tasks[3].cancel()  # a client that went away
        batches.release()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = run(main, batches, sizes.append)
    assert isinstance(answers[3], asyncio.CancelledError)
    for n, answer in enumerate(answers):
        if n != 3:
            assert answer == [f"Ann {n}: Ann".encode(), b": ", f"b Bob{n}: Bob{n}".encode()]
    assert max(sizes) > 20


def test_a_text_that_fails_leaves_its_neighbours_alone(caplog):
    batches = Batches(allowed=0)

    async def main(queue):
        tasks = [
            asyncio.create_task(queue.predict(texts)) for texts in (["x"], ["Ann", "why? " * 40, "Bob"], ["C"], ["?"])
        ]
        await asyncio.sleep(MOMENT)
        batches.release()
        return await asyncio.gather(*tasks)

    with caplog.at_level(logging.ERROR):
        answers = run(main, batches)
    assert answers == [[b"x: "], [b"Ann: Ann", None, b"Bob: Bob"], [b"C: C"], [None]]
    lengths = sorted(record.getMessage() for record in caplog.records)
    assert lengths == [f"prediction failed on a text of {length} characters" for length in (1, 200)]


def test_the_queue_is_bounded():
    batches = Batches(allowed=0)

    async def main(queue):
        tasks = [asyncio.create_task(queue.predict(["Ann"])) for _ in range(MOST_WAITING)]
        await asyncio.sleep(MOMENT)
        with pytest.raises(QueueFullError):
            await queue.predict(["Bob"])
        batches.release()
        assert await asyncio.gather(*tasks) == [[b"Ann: Ann"]] * MOST_WAITING
        return await queue.predict(["Bob"])

    assert run(main, batches) == [b"Bob: Bob"]


def test_a_queue_that_closes_refuses_and_drops_the_rest():
    batches = Batches(allowed=20)

    async def main(queue):
        long = asyncio.create_task(queue.predict(LONG))
        await asyncio.to_thread(batches.held.wait, 20)
        queue.close()
        with pytest.raises(QueueClosedError):
            await long
        with pytest.raises(QueueClosedError):
            await queue.predict(["Bob"])
        batches.release()

    run(main, batches)
    assert batches.count < 30


def test_texts_without_words_do_not_hold_a_turn_for_long():
    batches = Batches()

    async def main(queue):
        blank = asyncio.create_task(queue.predict([" " * 10_000] * 128))
        answer = await queue.predict(["Ann"])
        assert not blank.done()
        return answer, await blank

    answer, blank = run(main, batches)
    assert answer == [b"Ann: Ann"]
    assert blank == [b" " * 10_000 + b": "] * 128
