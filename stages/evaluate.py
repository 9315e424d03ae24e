"""evaluate: predict dev and test word by word, and report on every gold word and entity of the clean files."""

from nerpipe.evaluation.evaluate import evaluate
from nerpipe.params import load_params
from stages import path_flags, run


def main() -> None:
    """Run the stage."""
    flags = path_flags(
        __doc__,
        clean="folder with the canonical splits: the gold",
        ledger="what clean_conll counted",
        tokenized="folder with the windows",
        model="folder of the trained model",
        predictions="folder for {dev,test}.conll",
        metrics="JSON for the headline",
        counts="JSON for the counts",
        tables="folder for a JSON file for each table",
        reports="folder for errors.html and a CSV file for each table",
    )
    params = load_params("params.yaml")
    evaluate(
        clean=flags.clean,
        ledger=flags.ledger,
        tokenized=flags.tokenized,
        model=flags.model,
        predictions=flags.predictions,
        metrics=flags.metrics,
        counts=flags.counts,
        tables=flags.tables,
        reports=flags.reports,
        dataset=params.dataset,
        seed=params.seed,
        bootstrap=params.bootstrap,
        threads=params.threads,
    )


if __name__ == "__main__":
    run(main)
