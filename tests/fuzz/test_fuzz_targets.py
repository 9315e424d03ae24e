"""The targets of `make fuzz` hold for their seeds, for all former failures, and for seeds with a few bytes changed."""

import random

import pytest
from fuzz_targets import TARGETS, BrokenPromiseError, run_target
from seeds import seeds_of

from random_seed import random_seed


@pytest.mark.parametrize("target", TARGETS)
def test_seeds_and_former_failures(target, tmp_path):
    for number, seed in enumerate(seeds_of(target)):
        (tmp_path / str(number)).mkdir()
        run_target(target, seed, tmp_path / str(number))


@pytest.mark.parametrize("target", TARGETS)
def test_changed_seeds(target, tmp_path):
    generator = random.Random(random_seed())
    seeds = seeds_of(target)
    for number in range(50):
        data = bytearray(generator.choice(seeds) + generator.choice(seeds))
        for _ in range(generator.randint(1, 4)):
            if data:
                data[generator.randrange(len(data))] = generator.choice([0, 9, 10, 13, 32, 35, 45, 0xC2, 0xFF])
        (tmp_path / str(number)).mkdir()
        run_target(target, bytes(data), tmp_path / str(number))


def test_a_broken_promise_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("fuzz_targets.find_words", lambda text, _rule: [(0, len(text))])
    with pytest.raises(BrokenPromiseError, match="no word holds white space"):
        run_target("word_rules", b"two words", tmp_path)
