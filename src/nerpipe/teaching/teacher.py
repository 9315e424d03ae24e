"""A teacher: an exported model, and what it says of the words of texts without labels."""

import time
from collections.abc import Iterator, Sequence
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

from nerpipe.contracts.schemes import OUTSIDE
from nerpipe.contracts.splits import load_splits
from nerpipe.contracts.terminal import number_of, say
from nerpipe.contracts.views import Views
from nerpipe.errors import NerpipeError
from nerpipe.prediction.checksums import AGAIN, CHECKSUMS, is_listed
from nerpipe.prediction.exported_folder import TORCH_WEIGHTS, check_exported, check_is_exported
from nerpipe.prediction.predictor import Predictor
from nerpipe.teaching.texts import read_unlabelled
from nerpipe.tokenizing.model_source import resolve_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A text in which no word is in an entity with at least this probability is left out: it costs time in training, and
# teaches nothing that the labelled sentences do not.
LEAST_LIKELY = 0.1
AT_ONCE = 1000  # Texts that the teacher is asked about between two lines of progress, or more of them.
PROGRESS = 10  # Lines of progress.


def view_texts(
    teacher: str, raw: Sequence[Path], encoded: Path, exported: Path, labels: Sequence[str], rule: str
) -> Views:
    """Ask a teacher about the texts without labels of data sets, and print how many of them are learnt.

    Args:
        teacher: As in params.yaml.
        raw: The folders of the data sets; see `texts.read_unlabelled`.
        encoded: The folder with the dataset, whose dev and test are held out.
        exported: The folder that the export stage of this run replaces.
        labels: The names of the labels, ordered by id.
        rule: The rule that finds words, a key of RULES.

    Returns:
        The texts in which the teacher sees an entity, and what it says of their words.

    Raises:
        NerpipeError: If the teacher is not there, would be replaced by its student, is another one, was not exported,
            was changed, has other types or sees no entity in any text, or `read_unlabelled` raises it.
    """
    import numpy as np

    _check_own_folder(teacher, exported)
    folder = resolve_folder(teacher, "teacher")
    _check_revision_holds(folder)
    predictor = Predictor(folder)
    order = _order_of_labels(predictor, labels, folder)
    data = load_splits(encoded / "dataset", "tokens")
    texts = read_unlabelled(raw, rule, (words for split in ("dev", "test") for words in data[split]["tokens"]))
    began = time.perf_counter()
    say(f"asking the teacher about {number_of(len(texts.sentences), 'text')} without labels ...")
    sentences: list[list[str]] = []
    probabilities: list[NDArray[np.float32]] = []
    for asked, view in _views(predictor, texts.sentences, order):
        seen = (each[each.any(axis=1), labels.index(OUTSIDE)] for each in view)
        likely = [1 - outside.min(initial=1) >= LEAST_LIKELY for outside in seen]
        sentences += compress(asked, likely)
        probabilities += compress(view, likely)
    if not sentences:
        raise NerpipeError(
            f"[params.yaml -> teacher] {folder} sees no entity in any of the {number_of(len(texts.sentences), 'text')} "
            "without labels; give texts in which such names occur, or set `teacher: none`"
        )
    say(
        f"learnt without labels: {number_of(len(sentences), 'text')}, in which the teacher sees a name; left out: "
        f"{len(texts.sentences) - len(sentences):,} without a name, {number_of(texts.repeated, 'repetition')}, "
        f"{number_of(texts.held_out, 'sentence')} of dev or test; asked in {time.perf_counter() - began:.0f} s"
    )
    return Views(sentences, np.concatenate(probabilities), predictor.decoding.weights.outside_bias)


def _check_own_folder(teacher: str, exported: Path) -> None:
    """Check that the run does not replace its own teacher, which would then teach the next run as another model."""
    name = teacher.rpartition("@")[0] or teacher
    if Path(name).resolve() == exported.resolve():
        raise NerpipeError(
            f"[params.yaml -> teacher] {name}: this run replaces the folder by the student; copy it "
            f"(`cp -r {exported} teacher`), and name the copy: `-S teacher=teacher`"
        )


def _check_revision_holds(folder: Path) -> None:
    """Check that the network that is asked is that of the weights which the revision names.

    Raises:
        NerpipeError: If the export stage did not write the folder, or its checksums do not list the weights.
    """
    try:
        check_is_exported(folder)
    except NerpipeError as error:
        raise NerpipeError(
            f"[params.yaml -> teacher] {error}. A teacher is a copy of a folder that the export stage wrote"
        ) from None
    if not is_listed(folder, TORCH_WEIGHTS):
        raise NerpipeError(
            f"[params.yaml -> teacher] {folder}: no {CHECKSUMS} lists {TORCH_WEIGHTS}, so the network beside it may be "
            f"another one; {AGAIN}"
        )
    check_exported(folder, backend="torch", precision="fp32")


def _order_of_labels(predictor: Predictor, labels: Sequence[str], folder: Path) -> list[int]:
    """Return, for each label, its id with the teacher."""
    theirs = predictor.decoding.labels
    if {*theirs} != {*labels}:
        ours = sorted({label.partition("-")[2] for label in labels} - {""})
        raise NerpipeError(
            f"[params.yaml -> teacher] {folder} knows the types {', '.join(predictor.decoding.types)}, but train has "
            f"{', '.join(ours)}; a teacher needs the same types, so train it on the same data"
        )
    return [theirs.index(label) for label in labels]


def _views(
    predictor: Predictor, sentences: Sequence[list[str]], order: Sequence[int]
) -> "Iterator[tuple[Sequence[list[str]], list[NDArray[np.float32]]]]":
    """Yield some sentences, and the probabilities of the labels of their words. Shape of each: (words, labels)."""
    import numpy as np

    size = max(AT_ONCE, -(-len(sentences) // PROGRESS))
    for start in range(0, len(sentences), size):
        asked = sentences[start : start + size]
        counts = [len(words) for words in asked]
        scores = predictor.score(predictor.windows(asked), words=sum(counts))
        found = np.exp(scores.log_probabilities[:, order]).astype(np.float32)
        found[~scores.seen] = 0
        yield asked, np.split(found, np.cumsum(counts)[:-1])
        say(f"{start + len(asked):,} of {len(sentences):,} texts")
