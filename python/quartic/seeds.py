"""What `random_state` may be, everywhere in quartic."""

import numpy as np

RandomState = int | np.integer | np.random.Generator | np.random.RandomState | None


def seed_of(random_state: RandomState) -> int:
    """An integer as it is; from None, a Generator or a RandomState a fresh one."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**63, dtype=np.uint64))
    return int(np.random.default_rng(random_state).integers(2**63))
