"""train: fine-tune the model, score dev after each epoch, and keep one of the best epochs."""

from nerpipe.params import load_params
from nerpipe.training.launching import launch
from nerpipe.training.settings import TrainSettings
from nerpipe.training.train import train
from stages import path_flags, run


def main() -> None:
    """Run the stage."""
    flags = path_flags(
        __doc__,
        clean_dev="canonical CoNLL file of dev, which holds the gold tags",
        encoded="folder with labels.json and the dataset",
        tokenized="folder with the windows of sub-words",
        out="folder to write: the trained model",
        report="JSON file to write: the loss and the dev scores of each epoch",
        curve="JSON file to write: the training loss during the run",
        pins="requirements file with the versions of the packages that affect training",
    )
    params = load_params("params.yaml")
    launch(params.launcher)
    train(
        clean_dev=flags.clean_dev,
        encoded=flags.encoded,
        tokenized=flags.tokenized,
        out=flags.out,
        report=flags.report,
        curve=flags.curve,
        pins=flags.pins,
        model=params.model,
        capitals=params.capitals,
        report_to=params.report_to,
        settings=TrainSettings.from_params(params),
    )


if __name__ == "__main__":
    run(main)
