"""A warning before training if the learning rate is too low for the number of steps."""

import math

from nerpipe.contracts.terminal import number_of

# The sum of the learning rates of all steps. docs/experiments.md shows what was measured below and above these values.
LEAST_SUM, USUAL_SUM = 0.03, 0.1
HIGHEST_LR = 5e-4  # The highest rate that is proposed.


def rate_warning(lr: float, steps: int) -> str | None:
    """Say what to try if all steps together cannot move the weights far.

    A step of Adam moves a weight by about its learning rate at most (Kingma and Ba 2015, section 2.1). The rate rises
    to its peak and falls to 0, both linearly, so the rates of all steps add up to half of peak times steps.

    >>> rate_warning(3e-4, 1248) is None
    True
    >>> rate_warning(3e-5, 1248).split(". ")[-1]
    'Try lr=1.6e-4'
    >>> rate_warning(3e-4, 96).split(". ")[-1]
    'Try lr=5e-4 and 5 times as many epochs'

    Args:
        lr: The peak learning rate of the head.
        steps: The number of optimiser steps of the whole run.

    Returns:
        The warning, or None if there is nothing to warn of.
    """
    moved = lr * steps / 2
    if moved >= LEAST_SUM:
        return None
    better = max(lr, min(HIGHEST_LR, 2 * USUAL_SUM / steps))
    longer = math.ceil(USUAL_SUM / (better * steps / 2))
    tried = [f"lr={_typed(better)}"] if better > lr else []
    tried += [f"{longer} times as many epochs"] if longer > 1 else []
    return (
        f"warning: lr {_typed(lr)} is too low for {number_of(steps, 'step')}: they can move a weight by {moved:.2g} at "
        f"most, and models that moved less than {LEAST_SUM} found far fewer entities (docs/experiments.md). "
        f"Try {' and '.join(tried)}"
    )


def _typed(lr: float) -> str:
    """Write a learning rate as people type it.

    >>> _typed(3e-5), _typed(0.00015)
    ('3e-5', '1.5e-4')
    """
    mantissa, exponent = f"{lr:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
