"""export: the deployable folder, loaded back and proved to predict what the trained model predicted."""

from nerpipe.export.export import export
from nerpipe.params import load_params
from stages import path_flags, run


def main() -> None:
    """Run the stage."""
    flags = path_flags(
        __doc__,
        model="folder of the trained model",
        encoded="folder with labels.json and the dataset",
        predictions="folder with the trained model's {dev,test}.conll",
        clean_report="JSON of clean_conll",
        encode_report="JSON of encode_labels",
        metrics="JSON with the headline",
        per_type="JSON with the scores by entity type",
        pins="requirements file with the versions that decide training",
        report="JSON to write: how the ONNX files do on dev",
        out="folder to write",
    )
    params = load_params("params.yaml")
    export(
        **vars(flags),
        params=params,
    )


if __name__ == "__main__":
    run(main)
