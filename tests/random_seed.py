"""The seed of what a test draws at random: printed, and taken from NERPIPE_TEST_SEED to repeat a run."""

import os
import random


def random_seed():
    seed = int(os.environ.get("NERPIPE_TEST_SEED") or random.randrange(2**32))
    print(f"drawn at random; to repeat it: NERPIPE_TEST_SEED={seed}")
    return seed
