"""`Finder` finds the entities of texts with a tokenizer and a network. All ways of predicting use it."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from nerpipe.contracts.schemes import OUTSIDE, spans_of
from nerpipe.contracts.word_rules import find_words
from nerpipe.errors import NerpipeError
from nerpipe.inference.word_scores import Item, WordScores, decode_words, first_subwords, score_words
from nerpipe.prediction.checksums import AGAIN
from nerpipe.prediction.exported_folder import Decoding
from nerpipe.prediction.min_confidence import leave_out_doubtful
from nerpipe.prediction.text_checks import list_texts, list_words
from nerpipe.tokenizing.subwords import cut_sentence, encode_words, special_tokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from nerpipe.inference.word_scores import Network

# Sub-words of a batch, padding included. The activations of a small batch stay in the processor's cache.
BUDGET = 256


class Entity(NamedTuple):
    """An entity of a text. Its text is `text[start:end]`. Positions count characters (Unicode code points).

    It is a tuple, so `json.dumps` writes a list without names. `entity._asdict()` gives a dictionary.
    """

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
        min_confidence: Mapping[str, float] | None = None,
    ) -> None:
        """Take the parts.

        Args:
            decoding: How texts are cut into windows, and how scores are decoded to tags.
            tokenizer: Tokenizer that neither cuts nor pads.
            network: Function that `load_network` returns, or one of the same form.
            workers: Number of threads that call the network at the same time.
            budget: Largest number of sub-words of a batch, padding included.
            min_confidence: The least confidence of each type, from `least_confidences`. Entities below it are left out.

        Raises:
            NerpipeError: If the tokenizer is not the one that decoding was made for.
        """
        self.decoding = decoding
        self.workers = workers
        self._budget = budget
        self.min_confidence = dict(min_confidence or {})
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

    def __call__(self, texts: Iterable[str]) -> list[list[Entity]]:
        """Find the entities of each text, from left to right.

        Args:
            texts: Texts of any length. Texts that are predicted together take less time than one by one.

        Returns:
            For each text a list of its entities.

        Raises:
            NerpipeError: If `texts` is one text and not a list, or an item is not text or holds half of a surrogate
                pair.
        """
        return [entities for entities, _ in self.read(texts)]

    def read(self, texts: Iterable[str]) -> list[tuple[list[Entity], Reading]]:
        """Find the entities of each text, and also give the words of the text and their tags.

        Args:
            texts: Texts of any length.

        Raises:
            NerpipeError: If `texts` is one text and not a list, or an item is not text or holds half of a surrogate
                pair.
        """
        texts = list_texts(texts)
        offsets = [find_words(text, self.decoding.word_rule) for text in texts]
        sentences = [[text[start:end] for start, end in words] for text, words in zip(texts, offsets, strict=True)]
        readings = [Reading(words, *tagged) for words, tagged in zip(offsets, self._tag(sentences), strict=True)]
        return [(entities_of(text, reading), reading) for text, reading in zip(texts, readings, strict=True)]

    def tag(self, sentences: Iterable[Iterable[str]]) -> list[TaggedWords]:
        """Tag sentences whose words are already known, as the evaluation of the pipeline does.

        A sentence without words has no tags.

        Args:
            sentences: For each sentence a list of its words.

        Raises:
            NerpipeError: If a text stands where a list of words or sentences was expected, or a word is not text or
                holds half of a surrogate pair.
        """
        return self._tag(list_words(sentences))

    def _tag(self, sentences: Sequence[Sequence[str]]) -> list[TaggedWords]:
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
        """Find the tags of sentences. Entities below the least confidence of their type are left out.

        Args:
            scores: Scores of all words.
            counts: Number of words of each sentence.
        """
        tagged = decode_words(scores, counts, self.decoding.labels, self.decoding.weights)
        rows = zip(*tagged, strict=True)
        if any(self.min_confidence.values()):
            return [TaggedWords(*leave_out_doubtful(*row, self.min_confidence)) for row in rows]
        return [TaggedWords(*row) for row in rows]


def entities_of(text: str, reading: Reading) -> list[Entity]:
    """Read the entities from the tags of a text. All words of an entity have the confidence of the entity."""
    found = []
    for span in spans_of(reading.tags):
        start, end = reading.words[span.start][0], reading.words[span.end - 1][1]
        found.append(Entity(span.type, text[start:end], start, end, reading.confidences[span.start]))
    return found
