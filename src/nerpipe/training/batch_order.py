"""The order of the windows in training."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from nerpipe.contracts.labels import IGNORED

if TYPE_CHECKING:
    from datasets import Dataset

POOL = 50  # The number of batches whose windows are drawn at random together and then sorted by length.


class LengthGroupedSampler(torch.utils.data.Sampler[int]):
    """A sampler that puts windows of similar length into the same batch.

    For the same windows and batch size, the order depends only on the seed and the epoch. The windows are permuted,
    each pool of POOL batches is sorted by length and divided into batches, and the batches are permuted. A batch that
    is not full comes last. Fillers, if there are any, fill it.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int, *, fillers: int = 0) -> None:
        """Make the sampler.

        Args:
            lengths: The number of sub-words of each window.
            batch_size: The number of windows in a batch.
            seed: The seed of the order.
            fillers: The number of windows that `add_fillers` added behind the others.
        """
        self.fillers = fillers
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch. `DevScoringTrainer` calls this method before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths) + self.fillers

    def __iter__(self) -> Iterator[int]:
        generator = np.random.default_rng((self.seed, self.epoch))
        order = generator.permutation(len(self.lengths))
        pool = POOL * self.batch_size
        pools = (order[start : start + pool] for start in range(0, len(order), pool))
        ordered = np.concatenate([part[np.argsort(-self.lengths[part], kind="stable")] for part in pools])
        full = len(ordered) // self.batch_size
        batches = ordered[: full * self.batch_size].reshape(full, self.batch_size)
        yield from generator.permutation(batches).ravel().tolist()
        yield from ordered[full * self.batch_size :].tolist()
        yield from range(len(self.lengths), len(self))


def add_fillers(windows: "Dataset", count: int) -> "Dataset":
    """Add windows without labels behind the others, so that several processes can share out the last batch too.

    Otherwise accelerate would fill the last batch with windows of the first, which would count twice.

    Args:
        windows: The windows of the training split.
        count: The number of windows to add.
    """
    if not count:
        return windows
    from datasets import Dataset, concatenate_datasets

    shortest = windows[min(range(len(windows)), key=lambda index: len(windows[index]["input_ids"]))]
    filler = shortest | {"labels": [IGNORED] * len(shortest["labels"])}
    return concatenate_datasets([windows, Dataset.from_list([filler] * count, features=windows.features)])
