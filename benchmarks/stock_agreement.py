"""Measures the agreement of the stock `transformers.pipeline` with this project, on WNUT-17 test sentences.

    python benchmarks/stock_agreement.py [--model models/exported] [--sentences 300]

Both predict the same texts with the same weights. Agreement is the F1 of the entities of one against those of the
other. Two entities agree if their type, start and end are the same. Agreement is computed twice: with the spans that
the pipeline gives, and with these spans without the white space at their start, which is there where the tokenizer
marks capitals. WNUT-17 is needed (from the network, or from NERPIPE_MIRROR).
"""

import argparse
from pathlib import Path

from transformers import pipeline

from nerpipe.prediction.predictor import Predictor
from predict_speed import sentences
from report import ROOT, print_table, write_result

Places = list[set[tuple[str, int, int]]]


def main() -> None:
    """Compare the entities, and print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "models/exported", help="exported folder")
    parser.add_argument("--sentences", type=int, default=300, help="number of texts (default: %(default)s)")
    flags = parser.parse_args()
    texts = sentences(flags.sentences)
    ours: Places = [{(e.type, e.start, e.end) for e in row} for row in Predictor(flags.model)(texts)]
    stock = pipeline("token-classification", model=str(flags.model), aggregation_strategy="first")
    raw: Places = []
    trimmed: Places = []
    for text, groups in zip(texts, stock(texts), strict=True):
        raw.append({(g["entity_group"], g["start"], g["end"]) for g in groups})
        trimmed.append({(kind, end - len(text[start:end].lstrip()), end) for kind, start, end in raw[-1]})
    figures = {
        "entities": sum(map(len, ours)),
        "entities_of_the_pipeline": sum(map(len, raw)),
        "agreement": agreement(ours, raw),
        "agreement_without_white_space": agreement(ours, trimmed),
    }
    print_table(("", "value"), list(figures.items()))
    write_result("stock_agreement", {"figures": figures, "sentences": len(texts)}, "transformers", "onnxruntime")


def agreement(one: Places, other: Places) -> float:
    """Give the F1 of the entities of one side with those of the other as gold."""
    same = sum(len(a & b) for a, b in zip(one, other, strict=True))
    return 2 * same / (sum(map(len, one)) + sum(map(len, other)))


if __name__ == "__main__":
    main()
