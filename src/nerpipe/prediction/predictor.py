"""`Predictor` finds the entities of texts with an exported folder. All other ways of predicting use this module."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nerpipe.contracts.schemes import OUTSIDE, spans_of
from nerpipe.contracts.word_rules import find_words
from nerpipe.errors import NerpipeError
from nerpipe.inference.word_scores import Item, WordScores, decode_words, first_subwords, score_words
from nerpipe.params import AUTO
from nerpipe.prediction.backends import check_choice, load_network, network_device, usable_cores
from nerpipe.prediction.checksums import AGAIN
from nerpipe.prediction.exported_folder import Decoding, check_exported, load_decoding, load_fast_tokenizer
from nerpipe.tokenizing.subwords import cut_sentence, encode_words, special_tokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from nerpipe.inference.word_scores import Network

# Sub-words of a batch, padding included. The activations of a small batch stay in the processor's cache.
BUDGET = 256
GPU_BUDGET = 4096  # The same on a GPU, as in the stage evaluate. Not measured on a GPU.


class Entity(NamedTuple):
    """An entity of a text. Its text is `text[start:end]`. Positions count characters (Unicode code points)."""

    type: str
    text: str
    start: int
    end: int
    confidence: float  # Probability of the entity, 0 to 1.


class TaggedWords(NamedTuple):
    """The tags of a sentence, one for each word and valid as IOB2, with their confidences."""

    tags: list[str]
    confidences: list[float]  # For each word the probability of its entity, or of its O, 0 to 1.


class Reading(NamedTuple):
    """The words of a text, with their tags and confidences as in `TaggedWords`."""

    words: list[tuple[int, int]]  # Start and end of each word, in characters.
    tags: list[str]
    confidences: list[float]


class Finder:
    """Finds the entities of texts: it finds words, cuts windows, runs the network and decodes its scores.

    The parts may come from any source.
    """

    def __init__(
        self,
        decoding: Decoding,
        tokenizer: "Tokenizer",
        network: "Network",
        *,
        workers: int = 1,
        budget: int = BUDGET,
    ) -> None:
        """Take the parts.

        Args:
            decoding: How texts are cut into windows, and how scores are decoded to tags.
            tokenizer: Tokenizer that neither cuts nor pads.
            network: Function that `load_network` returns, or one of the same form.
            workers: Number of threads that call the network at the same time.
            budget: Largest number of sub-words of a batch, padding included.

        Raises:
            NerpipeError: If the tokenizer is not the one that decoding was made for.
        """
        self.decoding = decoding
        self.workers = workers
        self._budget = budget
        self._tokenizer = tokenizer
        self._network = network
        self._special = special_tokens(tokenizer)
        least = sum(map(len, self._special)) + max(decoding.stride, 0) + 1
        if decoding.max_length < least or decoding.pad_id >= tokenizer.get_vocab_size():
            raise NerpipeError(
                f"decoding.json does not fit the tokenizer: max_length is {decoding.max_length} (expected at least "
                f"{least} with this stride), and pad_id is {decoding.pad_id} (expected less than the "
                f"{tokenizer.get_vocab_size()} sub-words of the tokenizer); {AGAIN}"
            )
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="network") if workers > 1 else None

    def __call__(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Find the entities of each text, from left to right.

        Raises:
            NerpipeError: If `texts` is one text and not a list, or an item is not text or holds half of a surrogate
                pair.
        """
        if isinstance(texts, str):
            raise NerpipeError("a list of texts was expected, not one text; put the text in brackets")
        return [entities for entities, _ in self.read(texts)]

    def read(self, texts: Sequence[str]) -> list[tuple[list[Entity], Reading]]:
        """Find the entities of each text, and also give the words of the text and their tags.

        Raises:
            NerpipeError: If an item is not text, or holds half of a surrogate pair.
        """
        for text in texts:
            check_text(text)
        offsets = [find_words(text, self.decoding.word_rule) for text in texts]
        sentences = [[text[start:end] for start, end in words] for text, words in zip(texts, offsets, strict=True)]
        readings = [Reading(words, *tagged) for words, tagged in zip(offsets, self.tag(sentences), strict=True)]
        return [(entities_of(text, reading), reading) for text, reading in zip(texts, readings, strict=True)]

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[TaggedWords]:
        """Tag sentences whose words are already known, as the evaluation of the pipeline does.

        A sentence without words has no tags.
        """
        if not any(sentences):
            return [TaggedWords([], []) for _ in sentences]
        counts = [len(words) for words in sentences]
        return self.decode(self.score(self.windows(sentences), words=sum(counts)), counts)

    def windows(self, sentences: Sequence[Sequence[str]]) -> list[Item]:
        """Cut sentences into windows. Their words are numbered from 0 through all sentences."""
        capacity = self.decoding.max_length - sum(map(len, self._special))
        items = []
        encoded = encode_words(self._tokenizer, sentences)
        for first, (ids, words, sizes) in zip(accumulate(map(len, sentences), initial=0), encoded, strict=False):
            pieces = cut_sentence(ids, words, sizes, self._special, capacity=capacity, stride=self.decoding.stride)
            for piece in pieces:
                positions, own = first_subwords(piece.word_ids, piece.own)
                items.append(Item(piece.input_ids, positions, [first + word for word in own]))
        return items

    def score(self, windows: Sequence[Item], *, words: int) -> WordScores:
        """Run the network on windows.

        Args:
            windows: Windows that `windows` returned.
            words: Number of words, of which each window owns some.
        """
        return score_words(
            windows,
            self._network,
            words=words,
            labels=len(self.decoding.labels),
            outside=self.decoding.labels.index(OUTSIDE),
            pad_id=self.decoding.pad_id,
            budget=self._budget,
            each=self._pool.map if self._pool else map,
        )

    def decode(self, scores: WordScores, counts: Sequence[int]) -> list[TaggedWords]:
        """Find the tags of sentences.

        Args:
            scores: Scores of all words.
            counts: Number of words of each sentence.
        """
        labels, bias = self.decoding.labels, self.decoding.outside_bias
        tagged = decode_words(scores, counts, labels, outside_bias=bias)
        return [TaggedWords(*row) for row in zip(*tagged, strict=True)]


class Predictor(Finder):
    """Finds the entities of texts with an exported folder.

    >>> predictor = Predictor("models/exported")  # doctest: +SKIP
    >>> predictor(["Greetings from Empire State Building"])  # doctest: +SKIP
    [[Entity(type='location', text='Empire State Building', start=15, end=36, confidence=0.83)]]
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        backend: str = "onnx",
        precision: str = "fp32",
        device: str = AUTO,
        threads: int | None = None,
    ) -> None:
        """Load the folder.

        Args:
            folder: Folder that the export stage wrote.
            backend: `onnx`, which needs neither torch nor transformers, or `torch`.
            precision: `fp32`, or `int8` if the folder holds an int8 model.
            device: What runs the network of the backend `torch`: `cuda` or `mps` (a GPU), `cpu`, or `auto`, a GPU if
                PyTorch can use one. The backend `onnx` runs on the processor.
            threads: Number of processor threads. The default is the number of cores that this process may use.

        Raises:
            NerpipeError: If the export stage did not write the folder, a file of it is damaged, the folder holds no
                such model, or the device cannot be used.
        """
        folder = Path(folder)
        check_choice(backend, precision)
        chosen = network_device(backend, device)
        check_exported(folder, backend=backend, precision=precision)
        decoding, tokenizer = load_decoding(folder), load_fast_tokenizer(folder)
        threads = threads or usable_cores()
        # ONNX Runtime is faster with one batch on each thread than with all threads on one batch. PyTorch is not.
        super().__init__(
            decoding,
            tokenizer,
            load_network(
                folder,
                backend=backend,
                precision=precision,
                threads=1 if backend == "onnx" else threads,
                device=chosen,
                labels=len(decoding.labels),
            ),
            workers=threads if backend == "onnx" else 1,
            budget=BUDGET if chosen == "cpu" else GPU_BUDGET,
        )


def check_text(text: object) -> None:
    """Check that a text can be predicted.

    Raises:
        NerpipeError: If it is not text, or holds half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise NerpipeError(f"text was expected, not {type(text).__name__}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NerpipeError(
            f"character {error.start} is half of a surrogate pair ({text[error.start]!r}), which is not a character"
        ) from None


def entities_of(text: str, reading: Reading) -> list[Entity]:
    """Read the entities from the tags of a text. All words of an entity have the confidence of the entity."""
    found = []
    for span in spans_of(reading.tags):
        start, end = reading.words[span.start][0], reading.words[span.end - 1][1]
        found.append(Entity(span.type, text[start:end], start, end, reading.confidences[span.start]))
    return found
