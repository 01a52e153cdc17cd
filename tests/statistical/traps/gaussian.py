"""Exact averages of Gaussian fields (all b = 0) by determinants, and of complex targets by elimination."""

from __future__ import annotations

import numpy as np
from elimination import Averages, Elimination, Quadrature
from fields import Field, connected_susceptibility
from scipy.special import erf


def averages(field: Field) -> dict[str, float]:
    v = field.sites
    precision = np.diag(2 * field.a)
    for (i, j), w in zip(field.pairs, field.w, strict=True):
        precision[i, j] -= w
        precision[j, i] -= w
    np.linalg.cholesky(precision)
    cov = np.linalg.inv(precision)
    cov = (cov + cov.T) / 2
    mean = np.linalg.solve(precision, -field.r)
    lowest = 0.5 * float(field.r.astype(np.longdouble) @ mean.astype(np.longdouble))
    out = {"F": lowest + 0.5 * np.linalg.slogdet(precision)[1] - v / 2 * np.log(2 * np.pi)}
    ones = np.full(v, 1 / v)
    m, s2 = float(ones @ mean), float(ones @ cov @ ones)
    s = np.sqrt(s2)
    out |= {"m": m, "m_variance": s2, "m2": m**2 + s2, "m4": m**4 + 6 * m**2 * s2 + 3 * s2**2}
    out["abs_m"] = s * np.sqrt(2 / np.pi) * np.exp(-(m**2) / (2 * s2)) + m * float(erf(m / (s * np.sqrt(2))))
    out["susceptibility"] = v * out["m2"]
    out["susceptibility_connected"] = connected_susceptibility(v, m, s2, out["abs_m"])
    out["binder_cumulant"] = 1 - out["m4"] / (3 * out["m2"] ** 2)
    d = np.diag(cov)
    out["phi2"] = float(np.mean(mean**2 + d))
    out["phi4"] = float(np.mean(mean**4 + 6 * mean**2 * d + 3 * d**2))
    for name, pairs in (("nn", field.nn or field.pairs), ("nnn", field.nnn)):
        if pairs:
            i, j = np.array(pairs).T
            out[name] = float(np.sum(cov[i, j] + mean[i] * mean[j])) / v
    out["action"], out["action_variance"] = lowest + v / 2, v / 2
    out |= {"specific_heat": 0.5, "action_density": out["action"] / v, "action2": v / 2 + out["action"] ** 2}
    extent = field.graph.get("extent")
    if field.graph.get("boundary") == "periodic" and field.graph["lattice"] != "honeycomb":
        longest = max(extent)
        at = np.array(np.unravel_index(np.arange(v), extent))
        second = cov + np.outer(mean, mean)
        waves = [np.exp(2j * np.pi * at[k] / longest) for k, n in enumerate(extent) if n == longest]
        out["structure_factor_min"] = float(np.mean([(u.conj() @ second @ u).real for u in waves])) / v
        out["xi2"] = (v * out["m2"] / out["structure_factor_min"] - 1) / (2 * np.sin(np.pi / longest)) ** 2
        if out["xi2"] > 0:
            out["correlation_length"] = np.sqrt(out["xi2"])
    return out


def complex_averages(field: Field, rule: Quadrature, imaginary: dict[str, float]) -> dict[str, complex]:
    """<O> under exp(-S - i sum_k g_k A_k), A among nn, phi, phi2, phi4: ratio Z_B / Z_S, m, m2, phi2, phi4 by small
    circles about the complex point."""
    e = Elimination(field, rule)
    v = field.sites
    base = {
        "w": -1j * imaginary.get("nn", 0) * e.edge_count,
        "r": np.full(v, -1j * imaginary.get("phi", 0)),
        "a": np.full(v, -1j * imaginary.get("phi2", 0)),
        "b": np.full(v, -1j * imaginary.get("phi4", 0)),
    }
    zero = e.log_ratio(base)

    def taylor(kind: str, radius: float, points: int = 16) -> np.ndarray:
        t = radius * np.exp(2j * np.pi * np.arange(points) / points)
        values = [np.exp(e.log_ratio(base | {kind: base[kind] + x / v}) - zero) for x in t]
        return np.fft.fft(values) / points / radius ** np.arange(points)

    wide = max(np.ptp(x) for x in e.nodes)
    linear = taylor("r", 1.0 / wide * 8)
    out = {"ratio": np.exp(zero - e.log_ratio({})), "m": linear[1], "m2": 2 * linear[2]}
    out["phi2"] = taylor("a", 4 / wide**2)[1]
    out["phi4"] = taylor("b", 2 / wide**4)[1]
    return out


__all__ = ["Averages", "averages", "complex_averages"]
