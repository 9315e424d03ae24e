"""One run of `nerpipe suspects`: it checks what the stages left, trains a model for each fold, and ranks train."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nerpipe.contracts.conll import read_conll
from nerpipe.contracts.files import EXTRA, RAW_FOLDER, project_root
from nerpipe.contracts.labels import read_labels
from nerpipe.contracts.ledger import read_counts
from nerpipe.contracts.reports import CleanRow
from nerpipe.contracts.splits import load_splits
from nerpipe.contracts.terminal import say
from nerpipe.corpus.sources import Corpus, resolve_corpus
from nerpipe.corpus.training_places import training_places
from nerpipe.errors import NerpipeError
from nerpipe.inspection.folds import Folds, assign_folds
from nerpipe.params import NO_EXTRA, Params
from nerpipe.tokenizing.model_source import resolve_model
from nerpipe.training.run_folder import code_of, run_fingerprint, training_folder
from nerpipe.training.settings import TrainSettings
from nerpipe.yaml_reader import load_yaml

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset
    from numpy.typing import NDArray

    from nerpipe.inspection.out_of_sample import TrainingData
    from nerpipe.inspection.suspects import Suspect

CLEAN_COUNTS, LOCK = Path("metrics/clean.json"), Path("dvc.lock")
CLEAN, ENCODED, TOKENIZED = Path("data/clean"), Path("data/encoded"), Path("data/tokenized")
STAGES_BEFORE_TRAIN = ("clean_conll", "encode_labels", "tokenize_align")
BUILD = "run `dvc repro tokenize_align`, which trains nothing"
KEPT_SCORES = "suspects-"  # What the names of files with scores begin with.


class RankedTraining(NamedTuple):
    """The training sentences, the most surprising labels first, and how they were divided."""

    suspects: "list[Suspect]"
    folds: Folds


class SuspectsInputs(NamedTuple):
    """What a run reads."""

    corpora: dict[str, Corpus]  # The data set under the name train and, under the name EXTRA, the second one.
    paths: list[Path]  # All files and folders.


def check_inputs(params: Params) -> None:
    """Check that the stages before train have run with these params.

    Raises:
        NerpipeError: If a file is missing, or a param was changed since.
    """
    for path in (CLEAN_COUNTS, CLEAN / "train.conll", ENCODED / "labels.json", TOKENIZED):
        if not path.exists():
            raise NerpipeError(f"{path}: not there; {BUILD}")
    try:
        stages = load_yaml(LOCK)["stages"]
        used = {
            key: value for stage in STAGES_BEFORE_TRAIN for key, value in stages[stage]["params"]["params.yaml"].items()
        }
    except (KeyError, TypeError, AttributeError):
        raise NerpipeError(f"{LOCK}: it does not say with which params {TOKENIZED} was made; {BUILD}") from None
    changed = [key for key, value in used.items() if getattr(params, key, None) != value]
    if changed:
        key = changed[0]
        raise NerpipeError(
            f"[params.yaml -> {key}] {getattr(params, key, None)!r}: {TOKENIZED} was made with {used[key]!r}; {BUILD}"
        )


def find_inputs(params: Params) -> SuspectsInputs:
    """Find what a run reads, and check that the stages before train have run with these params.

    Raises:
        NerpipeError: If they have not, or the data set or the model cannot be found.
    """
    check_inputs(params)
    model = resolve_model(params.model)
    corpora = {"train": resolve_corpus(RAW_FOLDER / params.dataset)}
    if params.extra != NO_EXTRA:
        corpora[EXTRA] = resolve_corpus(RAW_FOLDER / params.extra, "params.yaml -> extra")
    folders = [*(corpus.folder for corpus in corpora.values()), *([] if model.revision else [Path(model.location)])]
    sources = [source for corpus in corpora.values() for source in corpus.sources.values()]
    stages = [Path("params.yaml"), Path("dvc.yaml"), LOCK, CLEAN_COUNTS, CLEAN, ENCODED, TOKENIZED]
    return SuspectsInputs(corpora, [path for path in (*stages, *folders, *sources) if path.exists()])


def rank_training(params: Params, corpora: Mapping[str, Corpus], count: int) -> RankedTraining:
    """Rank the sentences of train by the surprise of their labels.

    The scores of the models are kept in the folder .nerpipe until data, params or code change, so that a second run
    trains nothing.

    Args:
        params: The params of params.yaml.
        corpora: The data sets, as `find_inputs` gives them.
        count: The number of folds.

    Raises:
        NerpipeError: If a raw file was changed since the stages before train have run, there are too few sentences, or
            training fails.
    """
    places = training_places(CLEAN, read_counts(CLEAN_COUNTS, CleanRow), corpora)
    labels = read_labels(ENCODED / "labels.json")
    sentences = load_splits(ENCODED / "dataset", "tokens", "ner_tags", "document", "corpus")["train"]
    words = sentences["tokens"][:]
    if [*map(len, words)] != [len(tags) for tags in sentences["ner_tags"][:]] or len(words) != len(places):
        raise NerpipeError(f"{ENCODED}: train has {len(words):,} sentences, but the raw files {len(places):,}; {BUILD}")
    folds = assign_folds(words, _documents(sentences), count)

    from nerpipe.inference.decoding import DecodingWeights
    from nerpipe.inspection.suspects import rank_sentences

    scores = _scores(params, labels, folds)
    weights = DecodingWeights(params.outside_bias, params.adjoining_penalty)
    suspects = rank_sentences(places, words, sentences["ner_tags"][:], scores, labels=labels, weights=weights)
    return RankedTraining(suspects, folds)


def _documents(sentences: "Dataset") -> list[str | None]:
    """Name the document of each sentence. Two data sets may have documents of one name."""
    pairs = zip(sentences["corpus"][:], sentences["document"][:], strict=True)
    return [None if document is None else f"{corpus}\n{document}" for corpus, document in pairs]


def _scores(params: Params, labels: list[str], folds: Folds) -> "NDArray[np.float32]":
    """Load the scores that an earlier run left, or train the models."""
    settings = TrainSettings.from_params(params)
    options = asdict(settings) | {
        "model": params.model,
        "capitals": params.capitals,
        "folds": folds.folds,
    }
    here = Path(__file__).parent
    code = [here / f"{name}.py" for name in ("folds", "out_of_sample")]
    inputs = [CLEAN / "dev.conll", ENCODED, TOKENIZED, *code_of("train"), *code]
    name = KEPT_SCORES + run_fingerprint(options, inputs)
    root = project_root() / ".nerpipe"
    kept = root / f"{name}.npy"
    shape = (sum(map(len, folds.words)), len(labels))

    from nerpipe.inspection.kept_scores import load_scores, save_scores

    if kept.exists():
        say(f"nothing that the models depend on has changed, so the scores of the last run are used: {kept}")
        return load_scores(kept, shape)
    times = f"{folds.folds - 1} times " if folds.folds > 2 else ""  # noqa: PLR2004 - two models, each on half of train
    say(
        f"{folds.folds} models are trained, each without the sentences that it judges: together this takes about "
        f"{times}as long as the stage train. After Ctrl-C, the same command goes on from there.\n"
        "loading transformers ..."
    )
    from nerpipe.inspection.out_of_sample import score_out_of_sample
    from nerpipe.tokenizing.tokenizer import load_tokenizer

    with training_folder(root, name) as folder:
        scores = score_out_of_sample(
            _training_data(labels, folds),
            folds,
            model=params.model,
            tokenizer=load_tokenizer(params.model, capitals=params.capitals),
            settings=settings,
            folder=folder,
        )
        save_scores(kept, scores)
    for other in root.glob(f"{KEPT_SCORES}*.npy"):
        if other != kept:
            other.unlink(missing_ok=True)
    return scores


def _training_data(labels: list[str], folds: Folds) -> "TrainingData":
    from nerpipe.inspection.out_of_sample import TrainingData
    from nerpipe.training.dev_scores import DevSplit

    windows = load_splits(TOKENIZED)
    dev = DevSplit(windows["dev"], [sentence.tags for sentence in read_conll(CLEAN / "dev.conll")])
    return TrainingData(windows["train"], dev, labels, [*map(len, folds.words)])
