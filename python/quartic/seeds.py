"""What `random_state` may be, everywhere in quartic."""

import numpy as np

from .errors import BadInput, BadType

RandomState = int | np.integer | np.random.Generator | np.random.RandomState | None


def seed_of(random_state: RandomState) -> int:
    """An integer as it is; from None, a Generator or a RandomState a fresh one."""
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        if not 0 <= random_state < 2**63:
            raise BadInput(f"random_state is {random_state}", "an integer from 0 to 2**63 - 1")
        return int(random_state)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**63, dtype=np.uint64))
    if random_state is not None and not isinstance(random_state, np.random.Generator):
        raise BadType(f"random_state is {random_state!r}", "an integer, a numpy Generator or RandomState, or None")
    return int(np.random.default_rng(random_state).integers(2**63))
