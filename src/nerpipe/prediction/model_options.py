"""The options of commands that run a model. Every such command has the same ones."""

import argparse
import sys
from pathlib import Path

from nerpipe.contracts.terminal import say
from nerpipe.params import AUTO, DEVICES, whole_number
from nerpipe.prediction.backend_choice import BACKEND, BackendChoice, choose_backend
from nerpipe.prediction.backends import BACKENDS, FP32, PRECISIONS, network_device
from nerpipe.prediction.min_confidence import NUMBER_OR_FILE, number_or_file


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add --backend, --precision, --device and --threads, which are arguments of `Predictor`."""
    parser.add_argument(
        "--backend",
        choices=(*BACKENDS, AUTO),
        default=BACKEND,
        help=f"library that runs the network of the model (default: {BACKEND}). auto: the fastest that is installed, "
        "in its fastest precision; the command says which",
    )
    parser.add_argument(
        "--precision", choices=PRECISIONS, help=f"number format of the model (default: {FP32}; with auto, the fastest)"
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


def chosen_backend(arguments: argparse.Namespace, folder: Path) -> BackendChoice:
    """Return the backend and the precision for a model, and say which ones `--backend auto` found.

    Args:
        arguments: Those of `add_model_options`. A backend of None means the default.
        folder: Folder of the model.

    Raises:
        NerpipeError: If there is no such backend, or none that can be used, or it cannot use the device.
    """
    backend = arguments.backend or BACKEND
    choice = choose_backend(folder, backend, arguments.precision, arguments.device or AUTO)
    if backend == AUTO:
        network_device(choice.backend, arguments.device or AUTO)  # What is announced can run.
        say(f"{folder} is run with {choice}", stream=sys.stderr)
    return choice


def add_min_confidence(parser: argparse.ArgumentParser) -> None:
    """Add --min-confidence, for commands that show entities."""
    parser.add_argument(
        "--min-confidence",
        type=number_or_file,
        metavar="NUMBER_OR_FILE",
        help=f"least confidence of an entity: {NUMBER_OR_FILE}. Entities below it are left out (default: none is)",
    )
