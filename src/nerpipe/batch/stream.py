"""Prediction of a stream of records: in order, in bounded memory, and without stopping at a bad record."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from nerpipe.batch.output_file import Output
from nerpipe.batch.records import Record, Rejected
from nerpipe.batch.run_state import RunCounts
from nerpipe.batch.writers import Prediction
from nerpipe.contracts.joining import join_words
from nerpipe.contracts.terminal import number_of
from nerpipe.contracts.word_rules import RULES
from nerpipe.errors import NerpipeError
from nerpipe.prediction.finder import Finder, Reading, entities_of

# Number of records that are predicted together. The first chunks are small, so that the first results appear soon.
FIRST_CHUNK_RECORDS, CHUNK_RECORDS = 16, 1024
CHUNK_CHARACTERS = 1 << 18  # Number of characters at which a chunk takes no further record.


def predict_records(predictor: Finder, records: Iterable[Record | Rejected]) -> Iterator[list[Prediction | Rejected]]:
    """Predict a stream in chunks of records, in the order of the input.

    A record on which prediction fails is rejected, and the other records are predicted. If a chunk has several records
    and prediction fails on all of them, the error is raised.
    """
    for chunk in chunks(records):
        yield predict_chunk(predictor, chunk)


def chunks(records: Iterable[Record | Rejected]) -> Iterator[list[Record | Rejected]]:
    """Cut a stream into chunks of bounded size."""
    chunk: list[Record | Rejected] = []
    characters, most = 0, FIRST_CHUNK_RECORDS
    for record in records:
        chunk.append(record)
        characters += _size(record)
        if len(chunk) >= most or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters, most = [], 0, min(2 * most, CHUNK_RECORDS)
    if chunk:
        yield chunk


def _size(record: Record | Rejected) -> int:
    if isinstance(record, Rejected):
        return len(record.raw)
    return len(record.text) + (len(repr(record.fields)) if record.fields else 0)


def predict_chunk(predictor: Finder, chunk: Sequence[Record | Rejected]) -> list[Prediction | Rejected]:
    """Predict the records of a chunk. Rejected records stay rejected."""
    good = [record for record in chunk if isinstance(record, Record)]
    try:
        predicted: Iterator[Prediction | Rejected] = iter(_predict(predictor, good))
    except Exception:
        alone = [_predict_alone(predictor, record) for record in good]
        if len(good) > 1 and all(isinstance(result, Rejected) for result in alone):
            raise  # The records are not the cause.
        predicted = iter(alone)
    return [next(predicted) if isinstance(record, Record) else record for record in chunk]


def _predict_alone(predictor: Finder, record: Record) -> Prediction | Rejected:
    try:
        return _predict(predictor, [record])[0]
    except Exception as error:  # noqa: BLE001 - the rejected record states any error, and the others go on
        return Rejected(record.position, f"prediction failed: {error!r}", record.text)


def _predict(predictor: Finder, records: Sequence[Record]) -> list[Prediction]:
    texts = [record for record in records if record.words is None]
    read = iter(predictor.read([record.text for record in texts]))
    tagged = iter(predictor.tag([record.words for record in records if record.words is not None]))
    joining = RULES[predictor.decoding.word_rule].joining
    predictions = []
    for record in records:
        if record.words is None:
            predictions.append(Prediction(record, *next(read)))
        else:
            text, places = join_words(record.words, joining)
            reading = Reading(places, *next(tagged))
            predictions.append(Prediction(record._replace(text=text), entities_of(text, reading), reading))
    return predictions


def run(predictor: Finder, records: Iterator[Record | Rejected], sink: Output) -> RunCounts:
    """Predict all records that the output does not hold yet.

    Raises:
        NerpipeError: If the input holds fewer records than the output already has.
    """
    done = sink.counts.records
    skipped = sum(1 for _ in islice(records, done))
    if skipped < done:
        raise NerpipeError(
            f"the input holds {number_of(skipped, 'record')}, but the output already has {done:,}; give the input of "
            "the first run"
        )
    for results in predict_records(predictor, records):
        sink.write(results)
    return sink.counts
