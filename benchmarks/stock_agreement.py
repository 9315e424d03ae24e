"""Measures the agreement of the stock `transformers.pipeline` with this project, on WNUT-17 test sentences.

    python benchmarks/stock_agreement.py [--model models/exported] [--sentences 300]

Both predict the same texts with the same weights. Agreement is the F1 of the entities of one against those of the
other. Two entities agree if their type, start and end are the same. Two rules of the pipeline are also measured alone,
in this project's predictor: its words, which end at every punctuation mark, and its decoding, which takes the best
label of each word. WNUT-17 is needed (from the network, or from NERPIPE_MIRROR).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import pipeline

from nerpipe.contracts.schemes import spans_of
from nerpipe.contracts.word_rules import find_words
from nerpipe.prediction.predictor import Predictor
from predict_speed import Places, agreement, sentences
from report import ROOT, print_table, write_result

Words = list[list[tuple[int, int]]]


def main() -> None:
    """Compare the entities, and print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "models/exported", help="exported folder")
    parser.add_argument("--sentences", type=int, default=300, help="number of texts (default: %(default)s)")
    flags = parser.parse_args()
    texts = sentences(flags.sentences)
    predictor = Predictor(flags.model)
    ours: Places = [{(e.type, e.start, e.end) for e in row} for row in predictor(texts)]
    figures: dict[str, float] = {"entities": sum(map(len, ours))}
    for strategy in ("first", "simple", "average", "max"):
        stock = pipeline("token-classification", model=str(flags.model), aggregation_strategy=strategy)
        found = [{(g["entity_group"], g["start"], g["end"]) for g in groups} for groups in stock(texts)]
        figures[f"agreement_{strategy}"] = agreement(ours, found)
        figures[f"entities_{strategy}"] = sum(map(len, found))
    own = [find_words(text, predictor.decoding.word_rule) for text in texts]
    cut = [[place for _, place in BertPreTokenizer().pre_tokenize_str(text)] for text in texts]
    figures["agreement_words_of_the_pipeline"] = agreement(ours, decoded(predictor, texts, cut))
    figures["agreement_best_label_of_each_word"] = agreement(ours, best_labels(predictor, texts, own))
    figures["agreement_both"] = agreement(ours, best_labels(predictor, texts, cut))
    print_table(("", "value"), list(figures.items()))
    write_result("stock_agreement", {"figures": figures, "sentences": len(texts)}, "transformers", "onnxruntime")


def decoded(predictor: Predictor, texts: Sequence[str], words: Words) -> Places:
    """Find the entities of texts whose words are given, with Viterbi."""
    rows = predictor.tag([[text[a:b] for a, b in places] for text, places in zip(texts, words, strict=True)])
    return [places_of(row.tags, places) for row, places in zip(rows, words, strict=True)]


def best_labels(predictor: Predictor, texts: Sequence[str], words: Words) -> Places:
    """Find the entities of texts whose words are given, from the best label of each word."""
    given = [[text[a:b] for a, b in places] for text, places in zip(texts, words, strict=True)]
    scores = predictor.score(predictor.windows(given), words=sum(map(len, given)))
    best = iter(scores.log_probabilities.argmax(axis=1).tolist())
    return [places_of([predictor.decoding.labels[next(best)] for _ in places], places) for places in words]


def places_of(tags: Sequence[str], words: Sequence[tuple[int, int]]) -> set[tuple[str, int, int]]:
    """Read the entities from the tags of a text. An `I-X` behind anything but X begins one, as in the pipeline."""
    return {(span.type, words[span.start][0], words[span.end - 1][1]) for span in spans_of(tags)}


if __name__ == "__main__":
    main()
