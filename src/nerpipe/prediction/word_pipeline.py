"""A class for `transformers.pipeline` that finds words, cuts windows and decodes as `nerpipe.Predictor` does."""

from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Any

from transformers import AutoModelForTokenClassification, Pipeline
from transformers.pipelines import PIPELINE_REGISTRY
from transformers.utils import cached_file

from nerpipe.errors import NerpipeError
from nerpipe.inference.word_predictions import run_torch
from nerpipe.prediction.backends import FP32
from nerpipe.prediction.exported_folder import DECODING, check_exported, load_decoding
from nerpipe.prediction.finder import Entity, Finder
from nerpipe.prediction.min_confidence import MinConfidence, least_confidences
from nerpipe.prediction.text_checks import check_text

TASK = "nerpipe"  # Name of the task by which `transformers.pipeline` finds the class once this module is imported.


class WordPipeline(Pipeline):
    """Gives the entities that `nerpipe.Predictor` gives, in the form of the groups of the stock pipeline.

    >>> from nerpipe import WordPipeline  # doctest: +SKIP
    >>> from transformers import pipeline  # doctest: +SKIP
    >>> ner = pipeline("nerpipe", "models/exported")  # doctest: +SKIP
    >>> ner("Greetings from Empire State Building")  # doctest: +SKIP
    [{'entity_group': 'location', 'score': 0.83, 'word': 'Empire State Building', 'start': 15, 'end': 36}]
    """

    default_input_names = "text"

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - the arguments of Pipeline
        min_confidence: MinConfidence | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Take the arguments of `pipeline`. decoding.json is read from the folder or repository of the model.

        Args:
            *args: Those of `transformers.Pipeline`.
            min_confidence: As in `nerpipe.Predictor`.
            **kwargs: Those of `transformers.Pipeline`.

        Raises:
            NerpipeError: If there is no decoding.json, because the export stage did not write the model, a file is
                damaged, or an argument is unknown.
        """
        super().__init__(*args, **kwargs)
        folder = _folder_of(self.model.name_or_path)
        check_exported(folder, backend="torch", precision=FP32)
        decoding = load_decoding(folder)
        backend = self.tokenizer.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        least = least_confidences(min_confidence, decoding.types)
        self._predictor = Finder(decoding, backend, partial(run_torch, self.model), min_confidence=least)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the arguments of Pipeline
        """Find the entities of a text or of several texts."""
        return [] if inputs == [] else super().__call__(inputs, *args, **kwargs)

    def _sanitize_parameters(self, **unknown: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:  # noqa: ANN401
        if unknown:
            raise NerpipeError(
                f'the task "{TASK}" does not know the argument {", ".join(unknown)}; it decodes as {DECODING} says, '
                "and takes min_confidence"
            )
        return {}, {}, {}

    def preprocess(self, text: str) -> dict[str, Any]:
        """Check one text."""
        check_text(text)
        return {"text": text}

    def _forward(self, inputs: dict[str, Any]) -> dict[str, Any]:
        texts = inputs["text"]
        if isinstance(texts, str):
            return {"entities": self._predictor([texts])[0]}
        return {"entities": self._predictor(texts)}  # A batch of texts.

    def postprocess(self, outputs: dict[str, Any]) -> list[dict[str, Any]]:
        """Name the fields as the stock pipeline names them."""
        return [
            {
                "entity_group": entity.type,
                "score": entity.confidence,
                "word": entity.text,
                "start": entity.start,
                "end": entity.end,
            }
            for entity in starmap(Entity, outputs["entities"])  # The base class turns named tuples into tuples.
        ]


def _folder_of(model: str) -> Path:
    """Return the folder that holds decoding.json. That of a model of the Hugging Face Hub lies in the cache."""
    try:
        return Path(cached_file(model, DECODING)).parent
    except OSError:
        raise NerpipeError(
            f"{model}: no {DECODING} is there, so the export stage did not write this model; give a folder such as "
            'models/exported, or use the stock task "token-classification"'
        ) from None


PIPELINE_REGISTRY.register_pipeline(TASK, WordPipeline, pt_model=AutoModelForTokenClassification, type="text")
# With this mark, `save_pretrained` would copy this module into the folder, which transformers then loads only as remote
# code.
del WordPipeline._registered_impl  # noqa: SLF001 - there is no public way to register a class without the mark
