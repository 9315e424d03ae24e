"""train: fine-tune the model, score dev each epoch, keep the best epoch."""

from nerpipe.params import load_params
from nerpipe.training.settings import TrainSettings
from nerpipe.training.train import train
from stages import path_flags, run


def main() -> None:
    """Run the stage."""
    flags = path_flags(
        __doc__,
        encoded="folder with labels.json and the dataset",
        tokenized="folder with the windows",
        out="folder for the model",
        report="JSON for losses and dev scores by epoch",
        curve="JSON for the training loss along the way",
        pins="requirements file with the versions that decide training",
    )
    params = load_params("params.yaml")
    train(
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
