"""Points of reweighting with exact averages: near and far, across wells and onto complex couplings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import elimination
import gaussian
import numpy as np
import uncoupled
from clique import eliminate
from elimination import Quadrature
from fields import Field, complete, lattice
from hard import hub
from trap import BAL

OBSERVABLES = ("m", "abs_m", "m2", "m4", "phi2", "phi4", "action_density")


@dataclass
class Point:
    name: str
    why: str
    field: Field  # the source
    target: Field
    ordinary: bool = False
    family: str = "reweighting"
    run: dict[str, Any] = field(default_factory=dict)
    imaginary: dict[str, float] = field(default_factory=dict)  # added to the target
    copies: int = 1  # the same run so many times
    anneal: bool = False
    rules: tuple[Quadrature, Quadrature] = (Quadrature(0.8), Quadrature(0.65, 50, 0.5))

    def described(self) -> dict[str, Any]:
        row = {"name": self.name, "family": self.family, "why": self.why, "ordinary": self.ordinary}
        row |= {"graph": self.field.describe(), "couplings": self.field.couplings(), "run": self.run}
        return row | {
            "to": self.target.couplings(),
            "imaginary": self.imaginary,
            "copies": self.copies,
            "anneal": self.anneal,
        }

    def _averages(self, rule: Quadrature) -> dict[str, Any]:
        if self.imaginary:
            values = gaussian.complex_averages(self.target, rule, self.imaginary)
            return {name: [v.real, v.imag] for name, v in values.items() if name in OBSERVABLES}
        f = self.target
        values = uncoupled.averages(f, rule.spacing / 3) if not f.w.any() else elimination.averages(eliminate(f, rule))
        return {name: values[name] for name in OBSERVABLES}

    def exact(self) -> tuple[dict[str, Any], int]:
        if not self.target.b.any():
            values = gaussian.averages(self.target)
            return {name: values[name] for name in OBSERVABLES}, 12
        one, other = (self._averages(rule) for rule in self.rules)
        worst = max(np.max(abs(np.subtract(one[k], v)) / max(np.max(np.abs(v)), 1e-9)) for k, v in other.items())
        return other, int(min(12, np.floor(-np.log10(max(worst, 1e-13)))))


def all_points() -> list[Point]:
    points: list[Point] = []

    def add(name: str, why: str, source: Field, **more: Any) -> None:
        couplings = {k: more.pop(k) for k in "wrab" if k in more}
        target = more.pop("target", None) or source.changed(**couplings)
        points.append(Point(name, why, source, target, **more))

    bal = lattice("square", 2, 2, **BAL)
    ring = lattice("chain", 12, w=0.5, a=0.3, b=0.3, r=0.2)
    long_ring = lattice("chain", 32, w=0.6, a=0.4, b=0.25)
    ladder = lattice("square", 8, 2, periodic=False, **BAL)
    add("2x2, a + 0.1", "near", bal, a=1.62425, ordinary=True)
    add("2x2, b + 0.03", "near", bal, b=0.205, ordinary=True)
    add("2x2, r = 0.1", "near", bal, r=0.1, ordinary=True)
    add("ring, r + 0.05", "near", ring, r=0.25, ordinary=True)
    add("ring, w + 0.03", "near", ring, w=0.53, ordinary=True)
    add("long ring, a - 0.02", "near", long_ring, a=0.38, ordinary=True)
    add("ladder, a + 0.05", "near", ladder, a=1.57425, ordinary=True)
    add("massive 8x8, a + 0.02", "near, Gaussian", lattice("square", 8, 8, w=0.3, a=1.0), a=1.02, ordinary=True)
    add("2x2, to itself", "all weights are 1", bal, ordinary=True)
    for chains, draws in ((16, 192), (16, 100), (32, 96), (1024, 1), (1024, 2), (256, 12)):
        add(
            f"ring, to itself, {chains} x {draws}",
            "all weights are 1, few draws",
            ring,
            run={"chains": chains, "draws": draws},
            ordinary=chains * draws > 2500,
        )
    add("2x2, i 0.15 phi^2", "complex", bal, imaginary={"phi2": 0.15}, ordinary=True)
    add("ring, i 0.1 phi", "complex", ring, imaginary={"phi": 0.1}, ordinary=True)
    add("ring, a = -1", "far", ring, a=-1.0)
    add("ring, a = 3", "far, narrower", ring, a=3.0)
    add("ring, b = 0.02", "far, wider", ring, b=0.02)
    add("ring, b = 5", "far, narrower", ring, b=5.0)
    add("long ring, order", "from disorder to order", long_ring, a=-1.0)
    add("deep ring, disorder", "from order to disorder", lattice("chain", 8, w=1.5, a=-3.0, b=1.0), a=0.5)
    deep = lattice("chain", 8, w=3.0, a=-6.0, b=1.5, r=0.6)
    add("deep ring in a field, to none", "the other sign was never seen", deep, r=0.0)
    add("deep ring in a field, turned", "the other sign was never seen", deep, r=-0.6)
    add("deep ring in a field, half turned", "the other sign was never seen", deep, r=-0.1)
    add("deep ring in a field, stronger", "the same well", deep, r=0.65, ordinary=True)
    add("deep ring, no field, to one", "both signs were seen", lattice("chain", 8, w=3.0, a=-6.0, b=1.5), r=0.05)
    square = lattice("square", 2, 2, w=1.0, a=-4.0, b=1.0, r=0.6)
    add("2x2 in a field, to none", "the other sign was never seen", square, r=0.0)
    add("2x2 in a field, turned", "the other sign was never seen", square, r=-0.6)
    add("2x2 in a field, w = 0", "one sign of sixteen wells", square, w=0.0, r=0.0)
    seldom = lattice("square", 2, 2, w=0.6, a=-1.5, b=0.6, r=0.35)
    add("2x2, the other sign is rare, to none", "some of the other sign was seen", seldom, r=0.0)
    add("2x2, the other sign is rare, turned", "some of the other sign was seen", seldom, r=-0.35)
    clique = complete(5, w=0.8, a=0.0, b=0.4, r=0.3)
    add("clique in a field, to none", "the other sign was hardly seen", clique, r=0.0)
    add("clique in a field, turned", "the other sign was hardly seen", clique, r=-0.3)
    staggered = lattice("chain", 6, w=-2.0, a=-3.0, b=1.0, r=[0.5, -0.5] * 3)
    add("staggered ring, to no field", "the other order was never seen", staggered, r=0.0)
    add("staggered ring, turned", "the other order was never seen", staggered, r=[-0.5, 0.5] * 3)
    one = hub(6, 0, r=0.5)
    add("hub, its field turned", "the target's well was never seen", one, r=[6.0] + [-1.2] * 6)
    add("hub, its leaves turned", "the target's well was never seen", one, r=[0.5] + [1.2] * 6)
    site = lattice("chain", 2, w=0.0, a=-8.0, b=2.0, r=1.5)
    add("two deep sites, fields turned", "two of four wells", site, r=[1.5, -1.5])
    for copies in (2, 4):
        add(f"ring, r + 0.05, the same run {copies} times", "no new samples", ring, r=0.25, copies=copies)
    add("deep ring in a field, to none, annealed", "annealing cannot cross", deep, r=0.0, anneal=True)
    add("2x2 in a field, turned, annealed", "annealing cannot cross", square, r=-0.6, anneal=True)
    add("ring, a = -1, annealed", "far, in steps", ring, a=-1.0, anneal=True)
    add("clique in a field, to none, annealed", "annealing half crosses", clique, r=0.0, anneal=True)
    return points
