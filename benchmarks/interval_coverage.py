"""Measures how often a 95% interval of F1 holds the true F1, from resampled sentences and from resampled documents.

    python benchmarks/interval_coverage.py [--test-sets 1000] [--resamples 1000]

Test sets are simulated. In a document, each gold entity is found with a probability of its own: its logit is drawn
from a normal distribution with a standard deviation of 1.0 ("strong" document effects) or 0 ("no" effects). Each
sentence has one gold entity and half a spurious one on average (Poisson). The true F1 is that of infinitely many
documents. The intervals are those of the stage evaluate. The draws are seeded, so a second run gives the same figures.
"""

import argparse
import math

import numpy as np
from numpy.typing import NDArray

from nerpipe.evaluation.resampling import bootstrap, f1_of, intervals
from nerpipe.evaluation.units import DOCUMENTS, SENTENCES, units_of
from report import bar, print_table, write_result

SENTENCES_OF_A_DOCUMENT = 20
GOLD, SPURIOUS = 1.0, 0.5  # The mean numbers of gold and of spurious entities of a sentence.
FOUND = 0.5  # The mean of the logit of the probability that a gold entity is found.
EFFECTS = {"strong": 1.0, "no": 0.0}
# The document effects and the number of documents of each simulated kind of test set.
KINDS = [("strong", documents) for documents in (5, 10, 20, 50, 100)] + [("no", 50)]
HEADLINE = ("strong", 50)
BAR_DOCUMENTS = 0.93


def main() -> None:
    """Simulate all kinds of test sets, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test-sets", type=int, default=1000, help="test sets of each kind (default: %(default)s)")
    parser.add_argument("--resamples", type=int, default=1000, help="resamples of a test set (default: %(default)s)")
    flags = parser.parse_args()
    figures = {}
    for effect, documents in KINDS:
        covered = coverage(EFFECTS[effect], documents, flags.test_sets, flags.resamples)
        figures[f"{effect} effects, {documents} documents"] = covered
    print_table(
        ("95% intervals that hold the true F1", SENTENCES, DOCUMENTS),
        [(name, *(f"{value:.1%}" for value in covered.values())) for name, covered in figures.items()],
    )
    main_figure = figures["{} effects, {} documents".format(*HEADLINE)][DOCUMENTS]
    result = {
        "figures": figures,
        "sentences_of_a_document": SENTENCES_OF_A_DOCUMENT,
        "test_sets": flags.test_sets,
        "resamples": flags.resamples,
        "bars": {"documents": bar(main_figure, at_least=BAR_DOCUMENTS)},
    }
    write_result("interval_coverage", result, "numpy")


def coverage(effect: float, documents: int, test_sets: int, resamples: int) -> dict[str, float]:
    """Measure the fraction of test sets whose interval holds the true F1, by what is resampled.

    Args:
        effect: The standard deviation of the logit of a document.
        documents: The number of documents of a test set.
        test_sets: The number of simulated test sets.
        resamples: The number of resamples of a test set.
    """
    truth = true_f1(effect)
    sentences = documents * SENTENCES_OF_A_DOCUMENT
    by_document = units_of(dict.fromkeys(range(0, sentences, SENTENCES_OF_A_DOCUMENT)), sentences)
    units = {unit.kind: unit for unit in (units_of({}, sentences), by_document)}
    held = dict.fromkeys(units, 0)
    generator = np.random.default_rng([documents, round(100 * effect)])
    for seed in range(test_sets):
        counts = simulate(generator, effect, documents)
        for kind, unit in units.items():
            summed = unit.sum_counts(counts)[:, np.newaxis]
            drawn = bootstrap(summed, resamples, seed)
            low, high = intervals(f1_of(drawn), drawn[..., 2], summed[..., 2]).bounds[:, 0]
            held[kind] += int(low <= truth <= high)
    return {kind: number / test_sets for kind, number in held.items()}


def simulate(generator: np.random.Generator, effect: float, documents: int) -> NDArray[np.int64]:
    """Draw the counts correct, predicted and gold of each sentence of a test set. Shape: (sentences, 3)."""
    logits = np.repeat(generator.normal(FOUND, effect, documents), SENTENCES_OF_A_DOCUMENT)
    gold = generator.poisson(GOLD, len(logits))
    correct = generator.binomial(gold, 1 / (1 + np.exp(-logits)))
    return np.stack([correct, correct + generator.poisson(SPURIOUS, len(logits)), gold], axis=1)


def true_f1(effect: float) -> float:
    """Compute the F1 of infinitely many documents. Its mean over the normal distribution is by Gauss and Hermite."""
    points, weights = np.polynomial.hermite_e.hermegauss(100)
    found = GOLD * float(weights @ (1 / (1 + np.exp(-FOUND - effect * points)))) / math.sqrt(2 * math.pi)
    return 2 * found / (found + SPURIOUS + GOLD)


if __name__ == "__main__":
    main()
