"""How far the entities of the stock `transformers.pipeline` agree with this project's, on WNUT-17 test sentences.

    python benchmarks/stock_agreement.py [--model models/exported] [--sentences 300]

Both read the same texts with the same weights. Agreement is F1 of one side's entities against the other's: type, start
and end must be the same; once as the pipeline gives them, and once without the white space that its places begin with
where the tokenizer marks capitals. Needs WNUT-17 (the network, or NERPIPE_MIRROR).
"""

import argparse
from pathlib import Path

from transformers import pipeline

from nerpipe.prediction.predictor import Predictor
from predict_speed import sentences
from report import ROOT, print_table, write_result

Places = list[set[tuple[str, int, int]]]


def main() -> None:
    """Compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "models/exported")
    parser.add_argument("--sentences", type=int, default=300)
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
    """Give F1 of one side's entities with the other's as gold."""
    same = sum(len(a & b) for a, b in zip(one, other, strict=True))
    return 2 * same / (sum(map(len, one)) + sum(map(len, other)))


if __name__ == "__main__":
    main()
