"""`Predictor` finds the entities of texts with an exported folder."""

from pathlib import Path

from nerpipe.errors import NerpipeError
from nerpipe.params import AUTO
from nerpipe.prediction.backend_choice import BACKEND, choose_backend
from nerpipe.prediction.backends import load_network, network_device, usable_cores
from nerpipe.prediction.exported_folder import check_exported, load_decoding, load_fast_tokenizer
from nerpipe.prediction.finder import BUDGET, Finder
from nerpipe.prediction.min_confidence import MinConfidence, least_confidences

GPU_BUDGET = 4096  # Sub-words of a batch on a GPU, as in the stage evaluate. Not measured on a GPU.


class Predictor(Finder):
    """Finds the entities of texts with an exported folder.

    Call it with a list of texts. `read` also gives the words and their tags, and `tag` labels words that are already
    known. `windows`, `score` and `decode` are the steps of `tag`, for callers that read several texts at the same time.

    >>> predictor = Predictor("models/exported")  # doctest: +SKIP
    >>> predictor(["Greetings from Empire State Building"])  # doctest: +SKIP
    [[Entity(type='location', text='Empire State Building', start=15, end=36, confidence=0.83)]]
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        backend: str = BACKEND,
        precision: str | None = None,
        device: str = AUTO,
        threads: int | None = None,
        min_confidence: MinConfidence | None = None,
    ) -> None:
        """Load the folder.

        Args:
            folder: Folder that the export stage wrote.
            backend: `onnx` or `openvino`, which need neither torch nor transformers, `torch`, or `auto`, the fastest
                that is installed. The repr of the predictor names it.
            precision: `fp32` (default); with `onnx` and `openvino` also `int8` if the folder holds an int8 model; with
                `openvino` also `bfloat16` if the processor has it. The default of `auto` is the fastest.
            device: What runs the network of the backend `torch`: `cuda` or `mps` (a GPU), `cpu`, or `auto`, a GPU if
                PyTorch can use one. The other backends run on the processor.
            threads: Number of processor threads. The default is the number of cores that this process may use.
            min_confidence: Least confidence of an entity, 0 to 1. Entities below it are left out. It is a number for
                all types, numbers by type, or a JSON file with numbers by type, as evaluate writes them below
                reports/min_confidence. All entities of a type that is not named are kept.

        Raises:
            NerpipeError: If an argument is not as described, the export stage did not write the folder, a file of it is
                damaged, the folder holds no such model, or the device cannot be used.
        """
        if not isinstance(folder, str | Path):
            raise NerpipeError(
                f"the folder of a model was expected, such as 'models/exported', not {type(folder).__name__}"
            )
        folder = Path(folder)
        _check_threads(threads)
        backend, precision = choose_backend(folder, backend, precision, device)
        chosen = network_device(backend, device)
        check_exported(folder, backend=backend, precision=precision)
        decoding, tokenizer = load_decoding(folder), load_fast_tokenizer(folder)
        least = least_confidences(min_confidence, decoding.types)
        threads = threads or usable_cores()
        # ONNX Runtime and OpenVINO are faster with one batch on each thread than with all threads on one batch.
        apart = backend != "torch"
        super().__init__(
            decoding,
            tokenizer,
            load_network(
                folder,
                backend=backend,
                precision=precision,
                threads=1 if backend == "onnx" else threads,
                device=chosen,
                labels=len(decoding.labels),
            ),
            workers=threads if apart else 1,
            budget=BUDGET if chosen == "cpu" else GPU_BUDGET,
            min_confidence=least,
        )
        self._shown = f"{str(folder)!r}, backend={backend!r}, precision={precision!r}, threads={threads}"

    def __repr__(self) -> str:
        least = f", min_confidence={self.min_confidence}" if self.min_confidence else ""
        return f"<Predictor {self._shown}, types={self.decoding.types}{least}>"


def _check_threads(threads: object) -> None:
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
        raise NerpipeError(
            f"threads is {threads!r}, but a whole number of 1 or more was expected; leave it out for all cores"
        )
