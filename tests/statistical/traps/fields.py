"""Fields of the traps: graphs written here anew, and couplings.

S = -sum_<ij> w_ij phi_i phi_j + sum_i (r_i phi_i + a_i phi_i^2 + b_i phi_i^4), p = exp(-S) / Z.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

import numpy as np

Pairs = list[tuple[int, int]]


def connected_susceptibility(sites: int, mean: float, variance: float, absolute: float) -> float:
    """V (<m^2> - <|m|>^2) without its cancellation: <|m|> is <m> and what the other sign adds."""
    excess = absolute - abs(mean)
    return sites * (variance - excess * (absolute + abs(mean)) if excess > 1e-9 * abs(mean) else variance)


@dataclass
class Field:
    """An action on a graph. `graph` is what a config says of it (lattice, extent, boundary); empty: the pairs."""

    sites: int
    pairs: Pairs
    w: np.ndarray
    r: np.ndarray
    a: np.ndarray
    b: np.ndarray
    graph: dict[str, Any] = field(default_factory=dict)
    nnn: Pairs = field(default_factory=list)
    nn: Pairs = field(default_factory=list)  # nearest pairs, where these are not all

    def couplings(self) -> dict[str, Any]:
        """A number where all are equal."""

        def short(values: np.ndarray) -> Any:
            values = values.tolist()
            return values[0] if len(set(values)) == 1 else values

        return {kind: short(getattr(self, kind)) for kind in "wrab" if len(getattr(self, kind))}

    def describe(self) -> dict[str, Any]:
        return self.graph or {"sites": self.sites, "pairs": [list(p) for p in self.pairs]}

    def scaled(self, unit: float) -> Field:
        """The same field in another unit, phi -> unit phi: S keeps its values."""
        return self.changed(w=self.w / unit**2, r=self.r / unit, a=self.a / unit**2, b=self.b / unit**4)

    def changed(self, **couplings: Any) -> Field:
        now = {kind: couplings.get(kind, getattr(self, kind)) for kind in "wrab"}
        other = make(self.sites, self.pairs, **now, graph=self.graph, nnn=self.nnn)
        other.nn = self.nn
        return other


def make(
    sites: int,
    pairs: Pairs,
    *,
    w: Any = 0.0,
    r: Any = 0.0,
    a: Any = 1.0,
    b: Any = 0.0,
    graph: Any = None,
    nnn: Any = (),
) -> Field:
    def of(values: Any, count: int) -> np.ndarray:
        return np.array(np.broadcast_to(np.asarray(values, float), (count,)))

    return Field(sites, pairs, of(w, len(pairs)), of(r, sites), of(a, sites), of(b, sites), graph or {}, list(nnn))


def _shifted(extent: tuple[int, ...], periodic: bool, step: tuple[int, ...]) -> Pairs:
    """Pairs x, x + step: every x once, so that on a periodic extent of 2 both edges count."""
    pairs = []
    for at in product(*map(range, extent)):
        to = tuple(x + s for x, s in zip(at, step, strict=True))
        if periodic:
            to = tuple(x % n for x, n in zip(to, extent, strict=True))
        elif any(not 0 <= x < n for x, n in zip(to, extent, strict=True)):
            continue
        pairs.append(tuple(int(np.ravel_multi_index(x, extent)) for x in (at, to)))
    return pairs


STEPS = {
    "square": ([(1, 0), (0, 1)], [(1, 1), (1, -1)]),
    "triangular": ([(1, 0), (0, 1), (1, 1)], []),
    "king": ([(1, 0), (0, 1), (1, 1), (1, -1)], [(1, 1), (1, -1)]),
}


def lattice(name: str, *extent: int, periodic: bool = True, **couplings: Any) -> Field:
    axes = [tuple(int(k == d) for k in range(len(extent))) for d in range(len(extent))]
    near, diagonal = STEPS.get(name, (axes, []))
    pairs = [p for step in near for p in _shifted(extent, periodic, step)]
    nnn = [p for step in diagonal for p in _shifted(extent, periodic, step)]
    graph = {"lattice": name, "extent": list(extent), "boundary": "periodic" if periodic else "open"}
    out = make(int(np.prod(extent)), pairs, **couplings, graph=graph, nnn=nnn)
    if name == "king":
        out.nn = [p for step in axes for p in _shifted(extent, periodic, step)]
    return out


def complete(sites: int, **couplings: Any) -> Field:
    return make(
        sites, list(combinations(range(sites), 2)), **couplings, graph={"lattice": "complete", "extent": [sites]}
    )


def free(sites: int, **couplings: Any) -> Field:
    return make(sites, [], **couplings)


def star(leaves: int, **couplings: Any) -> Field:
    return make(leaves + 1, [(0, k + 1) for k in range(leaves)], **couplings)


def tree(depth: int, branches: int, **couplings: Any) -> Field:
    pairs, level, count = [], [0], 1
    for _ in range(depth):
        below = []
        for parent in level:
            for _ in range(branches):
                pairs.append((parent, count))
                below.append(count)
                count += 1
        level = below
    return make(count, pairs, **couplings)


def joined(one: Field, other: Field, bridges: list[tuple[int, int, float]] | None = None) -> Field:
    """Two fields side by side, with bridges (site of one, site of the other, w)."""
    bridges = bridges or []
    pairs = one.pairs + [(i + one.sites, j + one.sites) for i, j in other.pairs]
    pairs += [(i, j + one.sites) for i, j, _ in bridges]
    both = {kind: np.concatenate([getattr(one, kind), getattr(other, kind)]) for kind in "rab"}
    w = np.concatenate([one.w, other.w, [x for *_, x in bridges]])
    return make(one.sites + other.sites, pairs, w=w, **both)
