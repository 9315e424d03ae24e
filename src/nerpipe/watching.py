"""How fast a training run was, on what."""

import platform
import resource
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nerpipe.training import TrainResult

PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "numpy")


def describe_run(result: "TrainResult", subwords: float) -> dict[str, Any]:
    """Describe how a run went on this machine: nothing here is the same twice, so no stage puts it into an output.

    Args:
        result: of the run.
        subwords: seen by this process, padding not counted.
    """
    import torch

    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts bytes on macOS, KiB elsewhere
    return {
        "seconds": round(result.seconds, 2),
        "resumed_at_step": result.resumed_at,
        "subwords_per_second": round(subwords / max(result.seconds, 1e-9), 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1),
        "threads": torch.get_num_threads(),
        "device": str(result.model.device),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
