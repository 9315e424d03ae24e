"""Records in, predictions out: in order, in bounded memory, and a bad record does not stop the rest."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from nerpipe.batch.output_file import Output, RunCounts
from nerpipe.batch.readers import Record, Rejected
from nerpipe.batch.writers import Prediction
from nerpipe.errors import NerpipeError
from nerpipe.prediction.predictor import Finder, Reading, entities_of

FIRST_CHUNK_RECORDS, CHUNK_RECORDS = (
    16,
    1024,
)  # records that are predicted together: few at first, so that something shows
CHUNK_CHARACTERS = 1 << 20


def predict_records(predictor: Finder, records: Iterable[Record | Rejected]) -> Iterator[list[Prediction | Rejected]]:
    """Predict a stream, a chunk of records at a time, in the order of the input.

    A record on which prediction fails is rejected, and the rest goes on; if all of a chunk fail, the error is raised.
    """
    for chunk in chunks(records):
        yield predict_chunk(predictor, chunk)


def chunks(records: Iterable[Record | Rejected]) -> Iterator[list[Record | Rejected]]:
    """Cut a stream into pieces of bounded size."""
    chunk: list[Record | Rejected] = []
    characters, most = 0, FIRST_CHUNK_RECORDS
    for record in records:
        chunk.append(record)
        characters += len(record.text if isinstance(record, Record) else record.raw)
        if len(chunk) >= most or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters, most = [], 0, min(2 * most, CHUNK_RECORDS)
    if chunk:
        yield chunk


def predict_chunk(predictor: Finder, chunk: Sequence[Record | Rejected]) -> list[Prediction | Rejected]:
    """Predict some records; those that cannot be read stay rejected."""
    good = [record for record in chunk if isinstance(record, Record)]
    try:
        predicted: Iterator[Prediction | Rejected] = iter(_predict(predictor, good))
    except Exception:
        alone = [_predict_alone(predictor, record) for record in good]
        if len(good) > 1 and all(isinstance(result, Rejected) for result in alone):
            raise  # it is not the records
        predicted = iter(alone)
    return [next(predicted) if isinstance(record, Record) else record for record in chunk]


def _predict_alone(predictor: Finder, record: Record) -> Prediction | Rejected:
    try:
        return _predict(predictor, [record])[0]
    except Exception as error:  # noqa: BLE001 - whatever it was, it is told, and the others go on
        return Rejected(record.position, f"prediction failed: {error!r}", record.text)


def _predict(predictor: Finder, records: Sequence[Record]) -> list[Prediction]:
    texts = [record for record in records if record.words is None]
    read = iter(predictor.read([record.text for record in texts]))
    tagged = iter(predictor.tag([record.words for record in records if record.words is not None]))
    predictions = []
    for record in records:
        if record.words is None:
            predictions.append(Prediction(record, *next(read)))
        else:
            reading = Reading(_offsets(record.words), *next(tagged))
            predictions.append(Prediction(record, entities_of(record.text, reading), reading))
    return predictions


def _offsets(words: Sequence[str]) -> list[tuple[int, int]]:
    """Give the places of words in the text that has a space between them."""
    places, start = [], 0
    for word in words:
        places.append((start, start + len(word)))
        start += len(word) + 1
    return places


def run(predictor: Finder, records: Iterator[Record | Rejected], sink: Output) -> RunCounts:
    """Predict all records that the sink does not have yet."""
    done = sink.counts.records
    skipped = sum(1 for _ in islice(records, done))
    if skipped < done:
        raise NerpipeError(f"the input holds {skipped} records, but {done} are done; give the input of the first run")
    for results in predict_records(predictor, records):
        sink.write(results)
    return sink.counts
