"""A class for `transformers.pipeline` that finds words, cuts windows and decodes as `nerpipe.Predictor` does."""

from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Any

from transformers import Pipeline
from transformers.utils import cached_file

from nerpipe.inference.word_predictions import run_torch
from nerpipe.prediction.exported_folder import DECODING, load_decoding
from nerpipe.prediction.predictor import Entity, Finder, check_text


class WordPipeline(Pipeline):
    """Gives the entities that `nerpipe.Predictor` gives, in the form of the groups of the stock pipeline.

    >>> from transformers import pipeline  # doctest: +SKIP
    >>> ner = pipeline("token-classification", "models/exported", pipeline_class=WordPipeline)  # doctest: +SKIP
    >>> ner("Greetings from Empire State Building")  # doctest: +SKIP
    [{'entity_group': 'location', 'score': 0.83, 'word': 'Empire State Building', 'start': 15, 'end': 36}]
    """

    default_input_names = "text"

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the arguments of Pipeline
        """Take the arguments of `pipeline`. decoding.json is read from the folder or repository of the model."""
        super().__init__(*args, **kwargs)
        folder = Path(cached_file(self.model.name_or_path, DECODING)).parent
        backend = self.tokenizer.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        self._predictor = Finder(load_decoding(folder), backend, partial(run_torch, self.model))

    def _sanitize_parameters(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:  # noqa: ANN401
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
