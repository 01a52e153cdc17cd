"""Exact averages of small fields by quadrature, one site summed out after the other.

Every average follows from Z with complex couplings: <exp(t X)> = Z(t) / Z(0) on a circle gives the moments of X
(Cauchy), on the imaginary axis <|X|>. The trapezoidal rule converges faster than any power for such integrands; nodes
are kept where the site's own bound of the density is above exp(-CUT).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from fields import Field, connected_susceptibility

CUT = 45.0  # exp(-CUT): where a site's range ends at first
ENDS = 1e-13  # the share of a site's outermost nodes, beyond which its range is too short
Source = dict[str, np.ndarray | complex]
Factor = tuple[tuple[int, ...], np.ndarray]


@dataclass(frozen=True)
class Quadrature:
    """`spacing` in widths of the narrowest conditional that matters; `offset` shifts the nodes."""

    spacing: float = 0.8
    cut: float = CUT
    offset: float = 0.0
    prune: bool = False  # for graphs whose tables are large
    reach: float = 4.0  # curvature is taken where the bound is within exp(-reach) of its top


@lru_cache(maxsize=4096)
def nodes(
    r: float, a: float, b: float, extra: float, cut: float, rule: Quadrature
) -> tuple[np.ndarray, np.ndarray, float, np.longdouble]:
    """Nodes of a site, r x + (a - extra) x^2 + b x^4 there above its minimum, their distance, and that minimum."""

    def bound(x: np.ndarray) -> np.ndarray:
        x = x.astype(np.longdouble)
        return ((np.longdouble(b) * x * x + (np.longdouble(a) - np.longdouble(extra))) * x + np.longdouble(r)) * x

    stationary = np.roots([4 * b, 0, 2 * (a - extra), r]) if b > 0 else np.array([-r / (2 * (a - extra))])
    real = stationary[abs(stationary.imag) < 1e-6 * (abs(stationary) + 1e-300)].real
    lowest = bound(real).min()
    # Out from the outermost stationary points until the bound has grown by the cut.
    edges = []
    for side in (-1, 1):
        start = side * max(side * real)
        step = 1e-3 * (abs(start) + 1 / np.sqrt(abs(a - extra) + abs(r) ** (2 / 3) * b ** (1 / 3) + np.sqrt(b)))
        while bound(np.array([start + side * step]))[0] - lowest < cut:
            step *= 1.3
        edges.append(start + side * step)
    coarse = np.concatenate([np.linspace(*edges, 4001), real])
    likely = coarse[bound(coarse) - lowest < rule.reach]
    curvature = max(2 * a + 12 * b * max(likely**2), 2 * abs(a) if b == 0 else 0)
    step = rule.spacing / np.sqrt(curvature)
    count = int(np.ceil((edges[1] - edges[0]) / step))
    if count > 4_000_000:
        raise ValueError(f"a site would take {count} nodes")
    x = edges[0] + step * (np.arange(count + 1) + rule.offset)
    height = bound(x) - lowest
    keep = height < cut
    return x[keep], height[keep].astype(float), step, lowest


class Elimination:
    """Z(t) of one field with sources on any coupling."""

    def __init__(self, field: Field, rule: Quadrature):
        self.field = field
        merged: dict[tuple[int, int], float] = {}
        for (i, j), w in zip(field.pairs, field.w, strict=True):
            key = (min(i, j), max(i, j))
            merged[key] = merged.get(key, 0.0) + float(w)
        self.edges = list(merged)
        self.edge_w = np.array([merged[e] for e in self.edges])
        self.edge_count = np.zeros(len(self.edges))
        for i, j in field.pairs:
            self.edge_count[self.edges.index((min(i, j), max(i, j)))] += 1
        # w x y = -|w| (x -+ y)^2 / 2 + |w| (x^2 + y^2) / 2: kernels are at most 1.
        self.extra = np.zeros(field.sites)
        for (i, j), w in zip(self.edges, self.edge_w, strict=True):
            self.extra[i] += abs(w) / 2
            self.extra[j] += abs(w) / 2
        self.cut = np.full(field.sites, float(rule.cut))
        while True:
            self.nodes, self.log_step, self.local, self.floor = [], [], [], np.longdouble(0)
            for i in range(field.sites):
                self._place(i, rule)
            self.order = self._elimination_order()
            short = self._too_short()
            if not short:
                break
            self.cut[short] *= 1.5
        if rule.prune:
            self._prune()

    def _place(self, i: int, rule: Quadrature) -> None:
        f = self.field
        x, height, step, lowest = nodes(f.r[i], f.a[i], f.b[i], self.extra[i], self.cut[i], rule)
        self.nodes.append(x)
        self.local.append(height.copy())
        self.log_step.append(np.log(step))
        self.floor += lowest

    def _too_short(self) -> list[int]:
        """Sites whose ends hold too much; leaves that are alike are looked at once."""
        near: list[list[tuple[int, float]]] = [[] for _ in range(self.field.sites)]
        for (i, j), w in zip(self.edges, self.edge_w, strict=True):
            near[i].append((j, float(w)))
            near[j].append((i, float(w)))
        known: dict[Any, bool] = {}
        short = []
        for i in range(self.field.sites):
            key = (self.field.r[i], self.field.a[i], self.field.b[i], self.cut[i], tuple(near[i]))
            if key not in known:
                known[key] = self._mass_at_ends(i) > ENDS
            if known[key]:
                short.append(i)
        return short

    def _mass_at_ends(self, i: int) -> float:
        """The share of a site's outermost nodes: the bound that places them is one of all sites together."""
        x, all_of_it = self.nodes[i], self.local[i]
        gaps = np.diff(x) > 1.5 * np.exp(self.log_step[i])
        ends = np.zeros(len(x), bool)
        ends[[0, -1]] = True
        ends[:-1] |= gaps
        ends[1:] |= gaps
        if not hasattr(self, "kernels_of") or self.kernels_of is not self.nodes:
            self.kernels_of = self.nodes
            self.__dict__.pop("kernels", None)
            self.whole = self.log_ratio({}).real
        if not np.isfinite(self.whole):
            return 1.0  # nothing at all within the ranges
        self.local[i] = np.where(ends, all_of_it, np.inf)
        share = np.exp(self.log_ratio({}).real - self.whole)
        self.local[i] = all_of_it
        return share

    def _elimination_order(self) -> list[int]:
        near: list[set[int]] = [set() for _ in range(self.field.sites)]
        for i, j in self.edges:
            near[i].add(j)
            near[j].add(i)
        order, left = [], set(range(self.field.sites))
        while left:
            size = {v: np.prod([float(len(self.nodes[u])) for u in near[v] | {v}]) for v in left}
            v = min(left, key=lambda u: (size[u], u))
            order.append(v)
            left.remove(v)
            for u in near[v]:
                near[u] |= near[v] - {u}
                near[u].discard(v)
        return order

    def _kernel(self, e: int, beta: complex, extra_w: complex) -> np.ndarray:
        i, j = self.edges[e]
        x, y = self.nodes[i][:, None], self.nodes[j][None, :]
        w = self.edge_w[e]
        exponent = -(1 + beta) * (abs(w) / 2 * (x - np.sign(w) * y) ** 2)
        return np.exp(exponent + extra_w * x * y if np.any(extra_w) else exponent)

    def log_ratio(self, source: Source) -> complex:
        """ln of the sum over nodes of exp(-(1 + beta) (S - floor) + sum_i (r x + a x^2 + b x^4) + sum_e w x y), the
        sources beta (a number), r, a, b (by site) and w (by merged edge)."""
        n = self.field.sites
        beta = source.get("beta", 0)
        if "w" in source or "beta" in source:
            add_w = np.broadcast_to(source.get("w", 0), (len(self.edges),))
            kernels = [self._kernel(e, beta, add_w[e]) for e in range(len(self.edges))]
        else:
            if not hasattr(self, "kernels"):
                self.kernels = [self._kernel(e, 0, 0) for e in range(len(self.edges))]
            kernels = self.kernels
        add = {kind: np.broadcast_to(source.get(kind, 0), (n,)) for kind in "rab"}
        factors: list[Factor] = list(zip(self.edges, kernels, strict=True))
        for i in range(n):
            x = self.nodes[i]
            exponent = -(1 + beta) * self.local[i] + add["r"][i] * x + add["a"][i] * x**2 + add["b"][i] * x**4
            factors.append(((i,), np.exp(exponent)))
        return _sum_over(self.order, factors)[1]

    def _prune(self) -> None:
        """Leaves nodes out whose probability is nothing: where tables are large, every node counts to a power."""
        for i in range(self.field.sites):
            factors: list[Factor] = [(e, self._kernel(k, 0, 0)) for k, e in enumerate(self.edges)]
            factors += [((j,), np.exp(-self.local[j])) for j in range(self.field.sites)]
            left, _ = _sum_over([v for v in self.order if v != i], factors)
            marginal = np.prod([values for names, values in left if names == (i,)], axis=0)
            keep = marginal > 1e-14 * marginal.max()
            self.nodes[i], self.local[i] = self.nodes[i][keep], self.local[i][keep]
        self.__dict__.pop("kernels", None)


def _sum_over(order: list[int], factors: list[Factor]) -> tuple[list[Factor], complex]:
    """What is left of the factors, and the logarithm of what was taken out."""
    log = 0j
    for v in order:
        mine = sorted((f for f in factors if v in f[0]), key=lambda f: f[1].size)
        factors = [f for f in factors if v not in f[0]]
        factor, scale = _sum_out(v, mine)
        if scale == 0:
            return [], complex(-np.inf)
        log += np.log(scale)
        if factor[0]:
            factors.append(factor)
    return factors, log


def _aligned(names: tuple[int, ...], of: tuple[int, ...], values: np.ndarray) -> np.ndarray:
    values = np.transpose(values, [of.index(u) for u in names if u in of])
    return values.reshape([values.shape[[u for u in names if u in of].index(u)] if u in of else 1 for u in names])


def _sum_out(v: int, mine: list[Factor]) -> tuple[Factor, complex]:
    """The product of factors summed over v, its largest entry taken out. One matrix that brings a variable of its own
    is left to the end, as a product of matrices."""
    seen = [u for names, _ in mine for u in names if u != v]
    last = None
    for k in range(len(mine) - 1, -1, -1):
        names = mine[k][0]
        if len(names) == 2 and all(u == v or seen.count(u) == 1 for u in names):
            last = mine.pop(k)
            break
    names, values = (v,), np.ones(1)
    for other, more in mine:
        union = tuple(dict.fromkeys(names + other))
        values = _aligned(union, names, values) * _aligned(union, other, more)
        names = union
    if last is None:
        out = values.sum(axis=names.index(v))
        rest = tuple(u for u in names if u != v)
    else:
        matrix = last[1] if last[0][0] == v else last[1].T
        new = last[0][1] if last[0][0] == v else last[0][0]
        if values.size == 1:
            values = np.ones(matrix.shape[0])
        out = np.tensordot(values, matrix, axes=(names.index(v), 0))
        rest = (*tuple(u for u in names if u != v), new)
    scale = out.flat[np.argmax(abs(out))] if out.size else 0
    return (rest, out / scale if scale != 0 else out), complex(scale)


class Averages:
    """Moments from Z on circles, by sources that are linear in t."""

    def __init__(self, elimination: Elimination):
        self.e = elimination
        self.zero = elimination.log_ratio({})

    def generating(self, source: Callable[[complex], Source], t: complex) -> complex:
        return self.e.log_ratio(source(t)) - self.zero

    def _coefficients(self, source, radius: float, points: int, centre: float) -> np.ndarray:
        """c_n = <(X - centre)^n> / n!."""
        half = points // 2
        angles = 2 * np.pi * np.arange(half + 1) / points
        t = radius * np.exp(1j * angles)
        values = np.array([np.exp(self.generating(source, x) - x * centre) for x in t])
        full = np.concatenate([values, np.conj(values[1:half][::-1])])
        c = np.fft.fft(full).real / points
        return c / radius ** np.arange(points)

    def _fits(self, source, radius: float, centre: float, bound: float) -> bool:
        """Whether <exp(t (X - centre))> is moderate on the circle; what is rare and far away is largest on the axis."""
        with np.errstate(over="ignore"):
            sizes = [np.exp((self.generating(source, t) - t * centre).real) for t in (radius, -radius)]
        return all(1 / bound < x < bound for x in sizes)

    def scale(self, source, guess: float) -> tuple[float, float]:
        """Mean and standard deviation, from circles that grow as the mean is taken off."""
        radius = 0.05 / guess
        while not self._fits(source, radius, 0.0, 1.3):
            radius /= 4
        mean = self._coefficients(source, radius, 8, 0.0)[1]
        for _ in range(40):
            c = self._coefficients(source, radius, 8, mean)
            width = np.sqrt(max(2 * c[2] - c[1] ** 2, 0))
            mean += c[1]
            if width * radius > 0.1 or not self._fits(source, 3 * radius, mean, 1.5):
                break
            radius *= 3
        return mean, width

    def moments(self, source, guess: float, radius: float = 1.5, points: int = 32) -> tuple[float, np.ndarray]:
        """Mean and central moments 0..4; radius in standard deviations, less where rare wells are far away."""
        mean, width = self.scale(source, guess)
        radius /= width
        while not self._fits(source, radius, mean, 5):
            radius /= 1.5
        c = self._coefficients(source, radius, points, mean)
        # about the exact mean
        shift = c[1]
        central = c[:5] * np.array([1, 1, 2, 6, 24])
        m = [1, 0, central[2] - shift**2, central[3] - 3 * shift * central[2] + 2 * shift**3]
        m.append(central[4] - 4 * shift * central[3] + 6 * shift**2 * central[2] - 3 * shift**4)
        return mean + shift, np.array(m)

    def absolute(self, source, half_range: float) -> float:
        """<|X|> for |X| <= R: R/2 - (4R/pi^2) sum_{k odd} Re <exp(i pi k X / R)> / k^2."""
        total, quiet, k = 0.0, 0, 1
        # Beyond half the frequency of a site's nodes their sum comes back.
        last = half_range * self.e.field.sites / np.exp(max(self.e.log_step))
        while quiet < 12 and k < last:
            value = np.exp(self.generating(source, 1j * np.pi * k / half_range)).real
            total += value / k**2
            quiet = quiet + 1 if abs(value) / k < 1e-11 else 0
            k += 2
        return half_range / 2 - 4 * half_range / np.pi**2 * total


def averages(e: Elimination, sizes: tuple[float, int] = (1.5, 32)) -> dict[str, float]:
    """Everything that is measured of a field."""
    field = e.field
    z = Averages(e)
    v = field.sites
    out: dict[str, float] = {}
    log_z = z.zero.real - float(e.floor) + sum(e.log_step)
    out["F"] = -log_z
    likely = [x[h < 40] for x, h in zip(e.nodes, e.local, strict=True)]
    spread = max(np.ptp(x) for x in likely)
    typical = float(np.median([abs(x).max() for x in likely]))

    mean, central = z.moments(lambda t: {"r": t / v}, max(spread, 1e-300), *sizes)
    out["m"], out["m_variance"] = mean, central[2]
    out["m2"] = central[2] + mean**2
    out["m4"] = central[4] + 4 * mean * central[3] + 6 * mean**2 * central[2] + mean**4
    out["abs_m"] = z.absolute(lambda t: {"r": t / v}, sum(abs(x).max() for x in likely) / v)
    out["susceptibility"] = v * out["m2"]
    out["susceptibility_connected"] = connected_susceptibility(v, mean, central[2], out["abs_m"])
    out["binder_cumulant"] = 1 - out["m4"] / (3 * out["m2"] ** 2)

    def first(source, guess):
        mean, width = z.scale(source, guess)
        return mean + z._coefficients(source, 0.05 / max(width, 1e-300), 8, mean)[1]

    out["phi2"] = first(lambda t: {"a": t / v}, typical**2)
    # <phi^4> and <S> from derivatives, small circles: phi^4 may have no exponential moments.
    small = 0.02
    mean, width = z.scale(lambda t: {"b": t / v}, typical**4)
    out["phi4"] = mean + z._coefficients(lambda t: {"b": t / v}, small / width, 8, mean)[1]
    if field.nn:
        out["nn"] = _pair_mean(field, field.nn, z) / v
    elif field.pairs:
        out["nn"] = first(lambda t: {"w": t * e.edge_count / v}, typical**2)
    if field.nnn:
        out["nnn"] = _pair_mean(field, field.nnn, z) / v

    # S - floor is a sum of terms >= 0; its exponential moments may end at t = 1.
    def action(t: complex) -> Source:
        return {"beta": -t}

    mean, width = z.scale(action, v)
    radius = min(1 / width, 0.3)
    while not z._fits(action, radius, mean, 5):
        radius /= 1.5
    c = z._coefficients(action, radius, 32, mean)
    variance = 2 * c[2] - c[1] ** 2
    out["action"], out["action_variance"] = float(e.floor) + mean + c[1], variance
    out["specific_heat"] = variance / v
    out["action_density"] = out["action"] / v
    out["action2"] = variance + out["action"] ** 2
    _structure(field, z, out)
    return out


def _pair_mean(field: Field, pairs: list[tuple[int, int]], z: Averages) -> float:
    """sum <phi_i phi_j> as a sum of squares of the eigenvectors of the pairs."""
    matrix = np.zeros((field.sites, field.sites))
    for i, j in pairs:
        matrix[i, j] += 0.5
        matrix[j, i] += 0.5
    values, vectors = np.linalg.eigh(matrix)
    return sum(x * second_moment(z, u) for x, u in zip(values, vectors.T, strict=True) if abs(x) > 1e-12)


def second_moment(z: Averages, direction: np.ndarray) -> float:
    """<(u phi)^2> from 1 - <cos(t u phi)> = t^2 <X^2> / 2 - t^4 <X^4> / 24 + ... at a few small t."""
    direction = np.where(abs(direction) < 1e-12, 0, direction)
    if not direction.any():
        return 0.0
    largest = sum(abs(u) * abs(x[h < 25]).max() for u, x, h in zip(direction, z.e.nodes, z.e.local, strict=True))
    t = 0.15 / largest * np.arange(1, 6)
    values = np.array([1 - np.exp(z.generating(lambda s: {"r": s * direction}, 1j * x)).real for x in t])
    powers = np.stack([(t / t[-1]) ** (2 * k) for k in range(1, 6)], axis=1)
    return float(2 * np.linalg.solve(powers, values)[0] / t[-1] ** 2)


def _structure(field: Field, z: Averages, out: dict[str, float]) -> None:
    """|sum phi exp(ikx)|^2 / V at the least momentum of the longest directions, and xi^2 from it."""
    extent = field.graph.get("extent")
    if field.graph.get("boundary") != "periodic" or field.graph["lattice"] == "honeycomb":
        return
    longest = max(extent)
    at = np.array(np.unravel_index(np.arange(field.sites), extent))
    values = []
    for d, n in enumerate(extent):
        if n != longest:
            continue
        phase = 2 * np.pi * at[d] / longest
        parts = [np.cos(phase), np.sin(phase)]
        values.append(sum(second_moment(z, u) for u in parts) / field.sites)
    out["structure_factor_min"] = float(np.mean(values))
    k = 2 * np.sin(np.pi / longest)
    out["xi2"] = (field.sites * out["m2"] / out["structure_factor_min"] - 1) / k**2
    if out["xi2"] > 0:
        out["correlation_length"] = np.sqrt(out["xi2"])
