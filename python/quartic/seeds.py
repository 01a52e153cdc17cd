"""What `random_state` may be, everywhere in quartic."""

import numpy as np

from .errors import BadType

RandomState = int | np.integer | np.random.Generator | np.random.RandomState | None


def seed_of(random_state: RandomState) -> int:
    """An integer as it is; from None, a Generator or a RandomState a fresh one."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**63, dtype=np.uint64))
    if random_state is not None and not isinstance(random_state, np.random.Generator):
        raise BadType(f"random_state is {random_state!r}", "an integer, a numpy Generator or RandomState, or None")
    return int(np.random.default_rng(random_state).integers(2**63))
