"""export: write the deployable folder, and check that the model in it predicts the same as the trained model."""

from nerpipe.export.export import export
from nerpipe.params import load_params
from stages import path_flags, run


def main() -> None:
    """Run the stage."""
    flags = path_flags(
        __doc__,
        model="folder with the trained model",
        encoded="folder with labels.json and the dataset",
        predictions="folder with {dev,test}.conll, the predictions of the trained model",
        clean_report="JSON file with the report of clean_conll",
        encode_report="JSON file with the report of encode_labels",
        metrics="JSON file with the main scores",
        averages="JSON file with the signatures of the scores",
        per_type="JSON file with the scores of each entity type",
        pins="requirements file with the versions of the packages that affect training",
        onnx_pins="requirements file with the versions of the packages that affect the ONNX files",
        report="JSON file to write: the comparison of the ONNX files with the trained model on dev",
        out="folder to write: the exported model",
    )
    params = load_params("params.yaml")
    export(
        **vars(flags),
        params=params,
    )


if __name__ == "__main__":
    run(main)
