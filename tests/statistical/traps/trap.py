"""A trap: a field with exact averages, and what is to be run on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import elimination
import gaussian
import numpy as np
import uncoupled
from clique import eliminate
from elimination import Quadrature
from fields import Field


@dataclass
class Trap:
    """`why` says what is wrong with it for a sampler. `ordinary`: a result that is right must be ok."""

    name: str
    family: str
    why: str
    field: Field
    ordinary: bool = False
    run: dict[str, Any] = field(default_factory=dict)  # chains, draws
    free_energy: bool = False
    rules: tuple[Quadrature, Quadrature] = (Quadrature(0.8), Quadrature(0.6, 50, 0.5))

    def described(self) -> dict[str, Any]:
        row = {"name": self.name, "family": self.family, "why": self.why, "ordinary": self.ordinary}
        row |= {"graph": self.field.describe(), "couplings": self.field.couplings(), "run": self.run}
        return row | {"free_energy": self.free_energy}

    def exact(self) -> tuple[dict[str, float], int]:
        """The averages, and the digits in which two computations agree, counted from the scale of each."""
        if not self.field.b.any():
            return gaussian.averages(self.field), 12
        if not self.field.w.any():
            one, other = (uncoupled.averages(self.field, spacing) for spacing in (0.25, 0.2))
        else:
            one, other = (elimination.averages(eliminate(self.field, rule)) for rule in self.rules)
        return other, digits(one, other)


def digits(one: dict[str, float], other: dict[str, float]) -> int:
    widths = {"m": np.sqrt(other.get("m_variance", 0)), "action": np.sqrt(other.get("action_variance", 0)), "F": 1.0}
    worst = 0.0
    for name, value in other.items():
        scale = max(abs(value) * 1e-6, widths.get(name, 0)) if name in widths else abs(value)
        worst = max(worst, abs(one[name] - value) / max(scale, 1e-300) if abs(value) > 1e-9 else 0)
    return int(min(12, np.floor(-np.log10(max(worst, 1e-13)))))


COARSE = (Quadrature(1.1, 30, 0.0, True, 3), Quadrature(0.95, 32, 0.5, True, 3))  # for graphs whose tables are large
BAL = {"w": 1.0, "a": 1.52425, "b": 0.175}
