"""Requests take turns: their texts are cut into windows, and each batch holds windows of the next requests in turn."""

import logging
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple

from nerpipe.inference.word_scores import Item
from nerpipe.prediction.finder import BUDGET, Entity, Finder
from nerpipe.prediction.partial_reading import PartialReading, score_windows

# Sub-words after which a request's turn ends. A window is not divided, so a turn can take more.
TURN = 128
# Characters that take as long to cut into windows as one sub-word takes in the network.
CHARACTERS_PER_SUBWORD = 64

Write = Callable[[str, list[Entity]], bytes]


class _Text:
    """A text of a request that is being read."""

    def __init__(self, number: int, reading: PartialReading) -> None:
        self.number = number
        self.reading = reading
        self.left = len(reading.windows)
        self.failed = False


class _Piece(NamedTuple):
    request: "WaitingRequest"
    text: _Text
    window: Item


class WaitingRequest:
    """The texts of one request, and their answers."""

    def __init__(self, finder: Finder, texts: Sequence[str], write: Write) -> None:
        """Take the texts.

        Args:
            finder: Finder that reads the texts.
            texts: Texts.
            write: Function that writes the answer to a text from the text and its entities.
        """
        self.answers: list[bytes | None] = [None] * len(texts)  # None: not ready, or prediction failed.
        self.dropped = False  # No one waits for the answers any more.
        self.cut = False  # All texts are cut into windows, and each window was taken.
        self._left = len(texts)
        self._finder, self._texts, self._write = finder, texts, write
        self._steps = self._cut()

    @property
    def done(self) -> bool:
        """Whether each text has an answer, or failed."""
        return self._left == 0

    def take_turn(self) -> tuple[list[_Piece], float]:
        """Take the next windows, up to the length of a turn, and return them and the cost of the turn in sub-words."""
        pieces, cost = [], 1.0
        for piece, price in self._steps:
            cost += price
            if piece:
                pieces.append(piece)
            if cost >= TURN:
                return pieces, cost
        self.cut = True
        return pieces, cost

    def close(self) -> None:
        """Let the texts go."""
        self._steps.close()

    def _cut(self) -> Generator[tuple[_Piece | None, float], None, None]:
        for number, content in enumerate(self._texts):
            try:
                text = _Text(number, PartialReading(self._finder, content))
            except Exception as error:  # noqa: BLE001 - the other texts are answered
                self.fail(number, error)
                continue
            yield None, len(content) / CHARACTERS_PER_SUBWORD
            for window in text.reading.windows:
                if text.failed:
                    break
                yield _Piece(self, text, window), len(window.input_ids)
            if not text.reading.windows:
                self.finish(text)

    def finish(self, text: _Text) -> None:
        """Write the answer to a text whose windows are all scored."""
        try:
            self.answers[text.number] = self._write(text.reading.text, text.reading.entities())
        except Exception as error:  # noqa: BLE001 - the other texts are answered
            self.fail(text.number, error)
        else:
            self._left -= 1

    def fail(self, number: int, error: Exception) -> None:
        """Leave a text without an answer, and write the error to the log."""
        length = len(self._texts[number])
        logging.getLogger(__name__).error("prediction failed on a text of %d characters", length, exc_info=error)
        self._left -= 1


class Turns:
    """Reads texts of several requests at the same time."""

    def __init__(self, finder: Finder, observe: Callable[[int], object]) -> None:
        """Take the parts.

        Args:
            finder: Finder that reads the texts.
            observe: Function that receives the number of texts of each batch.
        """
        self._finder = finder
        self._observe = observe
        self._waiting: deque[WaitingRequest] = deque()
        self._capacity = BUDGET * finder.workers  # One batch of the network for each of its threads.

    @property
    def busy(self) -> bool:
        """Whether a request waits."""
        return bool(self._waiting)

    def add(self, request: WaitingRequest) -> None:
        """Let a request wait for its first turn. Any thread may call it."""
        self._waiting.append(request)

    def run(self) -> list[WaitingRequest]:
        """Give the next requests a turn, predict what they took, and return those that are done."""
        pieces: list[_Piece] = []
        touched, size = [], 0.0
        while self._waiting and size < self._capacity:
            request = self._waiting.popleft()
            if request.dropped:
                request.close()
                continue
            taken, cost = request.take_turn()
            pieces += taken
            size += cost
            if request.cut:
                touched.append(request)
            else:
                self._waiting.append(request)
        if pieces:
            self._observe(len({id(piece.text) for piece in pieces}))
            self._score(pieces)
        return [request for request in touched if request.done]

    def _score(self, pieces: list[_Piece]) -> None:
        try:
            score_windows(self._finder, [(piece.text.reading, piece.window) for piece in pieces])
        except Exception:  # noqa: BLE001 - each text is tried by itself
            for text in {id(piece.text): piece.text for piece in pieces}.values():
                self._score_text([piece for piece in pieces if piece.text is text])
        for piece in pieces:
            piece.text.left -= 1
            if piece.text.left == 0 and not piece.text.failed:
                piece.request.finish(piece.text)

    def _score_text(self, pieces: list[_Piece]) -> None:
        text = pieces[0].text
        try:
            score_windows(self._finder, [(text.reading, piece.window) for piece in pieces])
        except Exception as error:  # noqa: BLE001 - the other texts are answered
            text.failed = True
            pieces[0].request.fail(text.number, error)
