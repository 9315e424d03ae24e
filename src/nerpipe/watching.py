"""How fast a training run was, on what."""

import platform
import resource
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nerpipe.training import TrainResult

PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "numpy")


def describe_run(result: "TrainResult", subwords: int) -> dict[str, Any]:
    """Describe how a run went on this machine: nothing here is the same twice, so no stage puts it into an output.

    Args:
        result: of the run.
        subwords: seen in all epochs, padding not counted.
    """
    import torch

    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts bytes on macOS, KiB elsewhere
    return {
        "seconds": round(result.seconds, 2),
        "subwords_per_second": round(subwords / result.seconds, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1),
        "threads": torch.get_num_threads(),
        "device": str(result.model.device),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
