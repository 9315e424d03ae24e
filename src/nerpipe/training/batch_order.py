"""The order in which windows are trained on."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

POOL = 50  # batches that are drawn at random together before they are sorted by length


class LengthGroupedSampler(torch.utils.data.Sampler[int]):
    """Indices in an order whose consecutive batches hold windows of similar length.

    The order is a function of (seed, epoch) alone. Windows are permuted, each pool of POOL batches is sorted by length
    and cut into batches, and the batches are permuted; the one that is not full comes last.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        """Take the sub-words of each window."""
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order; the Trainer calls this before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

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
