"""Energies of runs with growing b beside the Ising model's on the same torus.

    python energy.py RUN.h5 ...

Exact: ln Z of the n x n torus by B. Kaufman, Phys. Rev. 76 (1949) 1232, which is compared with a transfer matrix on
4 x 4 first. The energy is sum over edges of <phi phi> a site, d ln Z / dk / n^2 for spins. Draws ising.png.
"""

import itertools
import sys

import numpy as np
from matplotlib import pyplot as plt

import quartic


def kaufman_log_z(n: int, k: float) -> float:
    gamma = np.arccosh(np.maximum(1, np.cosh(2 * k) / np.tanh(2 * k) - np.cos(np.pi * np.arange(2 * n) / n)))
    gamma[0] = 2 * k + np.log(np.tanh(k))  # changes sign at the critical point
    odd, even = n * gamma[1::2] / 2, n * gamma[0::2] / 2
    products = [np.prod(2 * f(x)) for x in (odd, even) for f in (np.cosh, np.sinh)]
    return n * n / 2 * np.log(2 * np.sinh(2 * k)) + np.log(sum(products) / 2)


def transfer_log_z(n: int, k: float) -> float:
    """ln trace T^n over the 2^n states of a row."""
    rows = np.array(list(itertools.product([-1, 1], repeat=n)))
    within = (rows * np.roll(rows, 1, axis=1)).sum(1)
    transfer = np.exp(k * (rows @ rows.T + (within[:, None] + within) / 2))
    return float(np.log(np.trace(np.linalg.matrix_power(transfer, n))))


def energy(n: int, k: float, step: float = 1e-5) -> float:
    """Edges' products of spins a site."""
    return (kaufman_log_z(n, k + step) - kaufman_log_z(n, k - step)) / (2 * step * n * n)


def draw(b: np.ndarray, values: np.ndarray, errors: np.ndarray, exact: float) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), constrained_layout=True)
    left.axhline(exact, color="black", linewidth=1, label="Ising, exact")
    left.errorbar(b, values, errors, fmt="o", markersize=4, color="#2b6ca3", capsize=2, label=r"$\phi^4$")
    left.set(xscale="log", xlabel="$b$", ylabel=r"$\langle\sum\phi\phi\rangle$ a site")
    left.legend(frameon=False, fontsize=8, loc="lower right")
    right.axhspan(-0.2, 0.2, color="black", alpha=0.08, linewidth=0)
    right.axhline(0, color="black", linewidth=1)
    deviations, uncertainties = 100 * (values / exact - 1), 100 * errors / exact
    right.errorbar(b, deviations, uncertainties, fmt="o", markersize=4, color="#2b6ca3", capsize=2)
    right.set(xscale="log", ylim=(-1.5, 0.6), xlabel="$b$", ylabel="deviation, per cent")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig("ising.png", dpi=200)


def main() -> None:
    difference = max(abs(kaufman_log_z(4, k) / transfer_log_z(4, k) - 1) for k in (0.2, 0.44, 0.7))
    print(f"Kaufman's ln Z of the 4 x 4 torus is a transfer matrix's to {difference:.0e}")
    runs = sorted((quartic.open(path) for path in sys.argv[1:]), key=lambda r: r.action.b[0])
    side, k = runs[0].extent[0], float(runs[0].action.w[0])
    exact = energy(side, k)
    print(f"Ising {side} x {side}: {exact:.5f}")
    found = np.array([(r.action.b[0], *r["nn"]) for r in runs])
    for b, value, error in found:
        deviation, uncertainty = 100 * (value / exact - 1), 100 * error / exact
        print(f"b = {b:<7g} {value:.5f} +- {error:.5f}   {deviation:+.2f} +- {uncertainty:.2f} %")
    draw(*found.T, exact)


if __name__ == "__main__":
    main()
