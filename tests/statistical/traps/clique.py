"""Complete graphs with one w > 0: exp(w M^2 / 2) is a Gaussian integral over a field that all sites feel."""

from __future__ import annotations

import numpy as np
from elimination import Elimination, Quadrature, Source
from fields import Field


class CliqueElimination(Elimination):
    """Z = int dh exp(-h^2 / 2w) / sqrt(2 pi w) prod_i int dx exp(-U_i(x) - w x^2 / 2 + h x)."""

    def _elimination_order(self) -> list[int]:
        return []

    def log_ratio(self, source: Source) -> complex:
        n, beta = self.field.sites, source.get("beta", 0)
        w0 = self.edge_w[0]
        w = (1 + beta) * w0 + np.ravel(source.get("w", 0))[0]
        add = {kind: np.broadcast_to(source.get(kind, 0), (n,)) for kind in "rab"}
        reach = w0 * sum(abs(x).max() for x in self.nodes)
        step = 0.4 * np.sqrt(w0)
        h = step * np.arange(-int((reach + 12 * np.sqrt(w0)) / step), int((reach + 12 * np.sqrt(w0)) / step) + 1)
        total = -(h**2) / (2 * w) - 0.5 * np.log(2 * np.pi * w + 0j)
        known: dict[tuple, np.ndarray] = {}
        for i in range(n):
            f = self.field
            key = (f.r[i], f.a[i], f.b[i], self.local[i].tobytes(), *(complex(add[k][i]) for k in "rab"))
            if key not in known:
                x = self.nodes[i]
                exponent = -(1 + beta) * (self.local[i] + self.extra[i] * x**2) - w / 2 * x**2
                exponent = exponent + add["r"][i] * x + add["a"][i] * x**2 + add["b"][i] * x**4
                exponent = np.multiply.outer(h, x) + exponent
                top = exponent.real.max(axis=1, keepdims=True)
                known[key] = top[:, 0] + np.log(np.exp(exponent - top).sum(axis=1) + 0j)
            total = total + known[key]
        top = total.real.max()
        return complex(top + np.log(np.exp(total - top).sum() * step + 0j))


def eliminate(field: Field, rule: Quadrature) -> Elimination:
    pairs = len(set(field.pairs))
    if field.sites > 3 and pairs == field.sites * (field.sites - 1) // 2 and np.ptp(field.w) == 0 and field.w[0] > 0:
        return CliqueElimination(field, rule)
    return Elimination(field, rule)
