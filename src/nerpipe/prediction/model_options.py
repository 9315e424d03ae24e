"""The options of commands that run a model. Every such command has the same ones."""

import argparse

from nerpipe.params import AUTO, DEVICES, whole_number
from nerpipe.prediction.backends import BACKENDS, PRECISIONS
from nerpipe.prediction.min_confidence import NUMBER_OR_FILE, number_or_file

BACKEND, PRECISION = "onnx", "fp32"  # What is used unless the user names another.


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add --backend, --precision, --device and --threads, which are arguments of `Predictor`."""
    parser.add_argument(
        "--backend",
        choices=tuple(BACKENDS),
        default=BACKEND,
        help=f"library that runs the network of the model (default: {BACKEND})",
    )
    parser.add_argument(
        "--precision", choices=PRECISIONS, default=PRECISION, help=f"number format of the model (default: {PRECISION})"
    )
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default=AUTO,
        help="what runs the network of --backend torch: cuda or mps (a GPU), cpu, or auto, a GPU if PyTorch can use "
        "one (default); the other backends use the processor",
    )
    parser.add_argument(
        "--threads",
        type=whole_number(1),
        metavar="N",
        help="number of processor threads (default: the number of cores that this process may use)",
    )


def add_min_confidence(parser: argparse.ArgumentParser) -> None:
    """Add --min-confidence, for commands that show entities."""
    parser.add_argument(
        "--min-confidence",
        type=number_or_file,
        metavar="NUMBER_OR_FILE",
        help=f"least confidence of an entity: {NUMBER_OR_FILE}. Entities below it are left out (default: none is)",
    )
