"""All traps, by families."""

from __future__ import annotations

import everyday
import hard
from trap import Trap

FAMILIES = (
    *(hard.rounding, hard.wells, hard.symmetric, hard.frustrated, hard.disordered, hard.gaussians),
    *(everyday.shapes, everyday.small, everyday.uncoupled_sites, everyday.ordinary),
)


def all_traps() -> list[Trap]:
    traps = [trap for family in FAMILIES for trap in family()]
    names = [trap.name for trap in traps]
    if len(names) != len(set(names)):
        raise SystemExit("two traps of one name")
    return traps
