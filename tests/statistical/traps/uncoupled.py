"""Exact averages of uncoupled sites: one-dimensional integrals, whose cumulants add up."""

from __future__ import annotations

import numpy as np
from fields import Field, connected_susceptibility


class Site:
    """Nodes and probabilities of exp(-r x - a x^2 - b x^4), only where they count."""

    def __init__(self, r: float, a: float, b: float, spacing: float):
        roots = np.roots([4 * b, 0, 2 * a, r]) if b > 0 else np.array([-r / (2 * a)])
        roots = roots[abs(roots.imag) <= 1e-7 * abs(roots)].real
        if not len(roots):
            roots = np.zeros(1)
        self.centre = roots[np.argmin([r * x + a * x**2 + b * x**4 for x in roots])]
        c, q = np.longdouble(self.centre), np.longdouble
        # S about its minimum in powers of y = x - centre, so that nothing cancels; the slope is 0 but for rounding.
        self.floor = q(r) * c + q(a) * c**2 + q(b) * c**4
        powers = [0.0, float(r + 2 * q(a) * c + 4 * q(b) * c**3), float(q(a) + 6 * q(b) * c**2), float(4 * q(b) * c), b]
        powers[1] = 0.0 if abs(powers[1]) < 1e-9 * (abs(r) + abs(2 * a * c) + 1e-300) else powers[1]
        width = 1 / np.sqrt(2 * powers[2]) if powers[2] > 0 else 1e9
        if b > 0:
            width = min(width, b**-0.25)
        pieces = []
        for x in roots:
            y = x - self.centre
            reach = width
            while self._height(powers, np.array([y - reach, y + reach])).min() < 60 and reach < 1e3 * (abs(y) + width):
                reach *= 1.2
            count = int(2 * reach / (spacing * width)) + 1
            k = np.round(y / (spacing * width))
            pieces.append(k + np.arange(-min(count, 3_000_000), min(count, 3_000_000) + 1))
        y = np.unique(np.concatenate(pieces)) * spacing * width
        height = self._height(powers, y)
        keep = height < 60
        self.y, self.height = y[keep], height[keep]
        weight = np.exp(-self.height)
        self.log_z = np.log(weight.sum() * spacing * width) - float(self.floor)
        self.p = weight / weight.sum()
        self.width = width

    @staticmethod
    def _height(c: list[float], y: np.ndarray) -> np.ndarray:
        return (((c[4] * y + c[3]) * y + c[2]) * y + c[1]) * y

    def mean(self, f: np.ndarray) -> float:
        return float(self.p @ f)


def averages(field: Field, spacing: float = 0.4) -> dict[str, float]:
    v = field.sites
    kinds: dict[tuple[float, float, float], int] = {}
    for key in zip(field.r.tolist(), field.a.tolist(), field.b.tolist(), strict=True):
        kinds[key] = kinds.get(key, 0) + 1
    sites = [(Site(*key, spacing), count) for key, count in kinds.items()]
    k1 = k2 = k4 = k3 = s1 = s2 = 0.0
    floor, phi2, phi4, log_z = np.longdouble(0), 0.0, 0.0, np.longdouble(0)
    for site, n in sites:
        y0 = site.mean(site.y)
        y = site.y - y0
        m2, m3, m4 = (site.mean(y**k) for k in (2, 3, 4))
        mean = site.centre + y0
        k1 += n * mean / v
        k2 += n * m2 / v**2
        k3 += n * m3 / v**3
        k4 += n * (m4 - 3 * m2**2) / v**4
        h = site.mean(site.height)
        s1 += n * h
        s2 += n * site.mean((site.height - h) ** 2)
        floor += n * site.floor
        phi2 += n / v * (mean**2 + m2)
        phi4 += n / v * (mean**4 + 6 * mean**2 * m2 + 4 * mean * m3 + m4)
        log_z += n * np.longdouble(site.log_z)
    out = {"F": -float(log_z), "m": k1, "m_variance": k2, "m2": k1**2 + k2}
    out["m4"] = k4 + 3 * k2**2 + 4 * k1 * k3 + 6 * k1**2 * k2 + k1**4
    out["abs_m"] = _absolute(sites, v, k1, k2)
    out["susceptibility"] = v * out["m2"]
    out["susceptibility_connected"] = connected_susceptibility(v, k1, k2, out["abs_m"])
    out["binder_cumulant"] = 1 - out["m4"] / (3 * out["m2"] ** 2)
    out |= {"phi2": phi2, "phi4": phi4, "action": float(floor + s1), "action_variance": s2}
    out |= {"specific_heat": s2 / v, "action_density": out["action"] / v, "action2": s2 + out["action"] ** 2}
    if field.pairs:  # of w = 0
        means = {key: site.centre + site.mean(site.y) for key, (site, _) in zip(kinds, sites, strict=True)}
        x = [means[key] for key in zip(field.r.tolist(), field.a.tolist(), field.b.tolist(), strict=True)]
        for name, pairs in (("nn", field.nn or field.pairs), ("nnn", field.nnn)):
            if pairs:
                out[name] = sum(x[i] * x[j] for i, j in pairs) / v
        if len(kinds) == 1 and field.graph.get("boundary") == "periodic":
            out["structure_factor_min"] = v * k2
            out["xi2"] = (v * out["m2"] / out["structure_factor_min"] - 1) / (
                2 * np.sin(np.pi / max(field.graph["extent"]))
            ) ** 2
    return out


def _absolute(sites: list[tuple[Site, int]], v: int, mean: float, variance: float) -> float:
    """<|M|> on |M| <= R by the Fourier series of |x|; the characteristic function decays once every site's wells do."""
    if abs(mean) > 12 * np.sqrt(variance):
        return abs(mean)
    r = sum(n * abs(s.centre + s.y[s.p > 1e-18]).max() for s, n in sites) / v
    widest = max(np.sqrt(n) * s.width for s, n in sites)
    last = int(25 * v / widest * r / np.pi) + 3
    k = np.arange(1, last + 2, 2, dtype=float)
    total = 0.0
    for chunk in np.array_split(k, max(1, len(k) // 20000)):
        t = np.pi * chunk / r / v
        log = np.zeros(len(chunk), complex)
        for site, n in sites:
            keep = site.p > 1e-22
            with np.errstate(divide="ignore"):
                log += n * np.log(np.exp(1j * np.outer(t, site.centre + site.y[keep])) @ site.p[keep])
        total += float(np.sum(np.exp(log).real / chunk**2))
    return r / 2 - 4 * r / np.pi**2 * total
