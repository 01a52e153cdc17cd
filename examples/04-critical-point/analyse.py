"""Finite-size scaling: crossings of the Binder cumulant of lattices L and 2L, and the critical mu^2 from them.

    python analyse.py RUN.h5 ... [-o FIGURE.png]

Each run of `quartic sample` is reweighted to neighbouring mu^2 (the action holds mu^2/2 sum phi^2), errors by
jackknife over groups of chains. Crossings of L and 2L approach mu_c^2 like L^(-1/nu - omega), nu = 1 and omega = 7/4
in the two-dimensional Ising class.
"""

import argparse
from pathlib import Path

import h5py
import numpy as np

EXPONENT = 1 + 7 / 4  # 1/nu + omega
GROUPS = 32  # of chains, for the jackknife
START = -0.9515  # mu^2 of the runs


class Lattice:
    """Draws of one lattice size, [chain, draw], and its Binder cumulant as a function of mu^2."""

    def __init__(self, path: Path):
        with h5py.File(path, "r") as file:
            names = [name.decode() for name in file["measurement/observable"][()]]
            if file["measurement"].attrs["bin_length"] != 1:
                raise SystemExit(f"{path}: draws were joined to bins; use sample.draws <= 4096")
            series = dict(zip(names, file["measurement/bins"][()], strict=True))
            model = file["model"]
            self.extent = int(model.attrs["extent"][0])
            self.sites = len(model["a"])
            self.mu2 = float(2 * model["a"][0] - 4 * model["w"][0])  # a = (mu^2 + 4 kappa) / 2
        self.m2, self.m4, self.phi2 = (self._groups(series[name]) for name in ("m2", "m4", "phi2"))

    @staticmethod
    def _groups(values: np.ndarray) -> np.ndarray:
        chains = len(values) // GROUPS * GROUPS
        return values[:chains].reshape(GROUPS, -1)

    def table(self, mu2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """1 - <m^4> / (3 <m^2>^2) on a grid of mu^2: of all chains, and [group left out, mu^2]."""
        change = -0.5 * self.sites * (self.phi2 - self.phi2.mean())
        columns = []
        for shift in mu2 - self.mu2:
            weight = np.exp(shift * change - (shift * change).max())
            sums = np.array([weight.sum(1), (weight * self.m2).sum(1), (weight * self.m4).sum(1)])
            total = sums.sum(1, keepdims=True)
            norm, m2, m4 = np.concatenate([total, total - sums], axis=1)
            columns.append(1 - m4 * norm / (3 * m2**2))
        values = np.array(columns).T
        return values[0], values[1:]


def jackknife_error(values: np.ndarray) -> np.ndarray:
    return np.sqrt((GROUPS - 1) * np.var(values, axis=0))


def crossing(mu2: np.ndarray, small: np.ndarray, large: np.ndarray) -> float:
    """Where two cumulants meet, on a straight line between points of the grid; of several the nearest to the runs."""
    difference = large - small
    at = np.flatnonzero(difference[:-1] * difference[1:] <= 0)
    roots = mu2[at] + (mu2[at + 1] - mu2[at]) * difference[at] / (difference[at] - difference[at + 1])
    return float(roots[np.argmin(np.abs(roots - START))]) if len(roots) else np.nan


def crossings(cumulants: dict[int, np.ndarray], mu2: np.ndarray) -> dict[int, float]:
    """Where the cumulants of L and 2L cross, by L."""
    pairs = [extent for extent in sorted(cumulants) if 2 * extent in cumulants]
    return {extent: crossing(mu2, cumulants[extent], cumulants[2 * extent]) for extent in pairs}


def extrapolate(values: list[float]) -> tuple[float, float]:
    """mu_c^2 from crossings at L, 2L, 4L, ..., half way between two power laws, and half of their distance.

    One goes through the last two crossings with the asymptotic exponent; the other through the last three with the
    exponent that they have themselves (Aitken's delta-squared), which takes in corrections of higher order. Of two
    crossings alone the other has exponent 1.
    """
    last = values[-1] - values[-2]
    asymptotic = values[-1] + last / (2**EXPONENT - 1)
    growth = (values[-2] - values[-3]) / last if len(values) > 2 else 2
    own = values[-1] + last / (growth - 1)
    return (own + asymptotic) / 2, abs(own - asymptotic) / 2


def with_errors(tables: dict, mu2: np.ndarray) -> tuple[list[tuple[int, float, float]], tuple[float, float, float]]:
    """(L, crossing of L and 2L, error) of every pair; mu_c^2, its statistical error, its systematic one.

    Lattices are independent: each is jackknifed on its own, through the whole analysis.
    """
    cumulants = {extent: value for extent, (value, _) in tables.items()}
    best = crossings(cumulants, mu2)
    if len(best) < 2:
        raise SystemExit("two crossings at least are needed: give runs of L, 2L and 4L")
    critical, systematic = extrapolate(list(best.values()))
    variances = np.zeros(len(best) + 1)
    for extent, (_, left_out) in tables.items():
        rounds = [crossings(cumulants | {extent: left}, mu2) for left in left_out]
        rows = [[*found.values(), extrapolate(list(found.values()))[0]] for found in rounds]
        variances += jackknife_error(np.array(rows)) ** 2
    *errors, error = np.sqrt(variances)
    found = [(extent, value, float(e)) for (extent, value), e in zip(best.items(), errors, strict=True)]
    return found, (critical, float(error), systematic)


def draw(path: Path, lattices, mu2, tables, found, critical, error) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), constrained_layout=True)
    for k, lattice in enumerate(lattices):
        value, left_out = tables[lattice.extent]
        colour = plt.cm.viridis(k / max(1, len(lattices) - 1) * 0.9)
        spread = jackknife_error(left_out)
        left.fill_between(mu2, value - spread, value + spread, color=colour, alpha=0.3, linewidth=0)
        left.plot(mu2, value, color=colour, linewidth=1.2, label=f"$L = {lattice.extent}$")
    left.axvspan(critical - error, critical + error, color="black", alpha=0.15, linewidth=0)
    left.set(xlim=(START - 0.01, START + 0.02), ylim=(0.4, 0.67))
    left.set(xlabel=r"$\mu^2$", ylabel=r"$U = 1 - \langle m^4\rangle / 3\langle m^2\rangle^2$")
    left.ticklabel_format(useOffset=False)
    left.legend(frameon=False, fontsize=8)
    extents, values, errors = zip(*found, strict=True)
    x = 1 / np.array(extents, float)
    right.errorbar(x, values, errors, fmt="o", markersize=4, color="#2b6ca3", capsize=2)
    right.errorbar([0], [critical], [error], fmt="s", markersize=5, color="black", capsize=2, label=r"$\mu_c^2$")
    for at, value, extent in zip(x, values, extents, strict=True):
        right.annotate(f"{extent}/{2 * extent}", (at, value), xytext=(7, -3), textcoords="offset points", fontsize=8)
    right.margins(x=0.12)
    right.set(xlabel=r"$1/L$", ylabel=r"crossing of $L$ and $2L$")
    right.ticklabel_format(axis="y", useOffset=False)
    right.legend(frameon=False, fontsize=8, loc="upper left")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=200)
    print(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN.h5")
    parser.add_argument("-o", "--output", type=Path, metavar="FIGURE")
    options = parser.parse_args()

    lattices = sorted((Lattice(path) for path in options.runs), key=lambda lattice: lattice.extent)
    mu2 = START + np.linspace(-0.01, 0.05, 121)  # crossings of small lattices lie above
    tables = {lattice.extent: lattice.table(mu2) for lattice in lattices}
    found, (critical, statistical, systematic) = with_errors(tables, mu2)
    for extent, value, error in found:
        print(f"crossing of {extent:>3} and {2 * extent:>3}   mu^2 = {value:.5f} +- {error:.5f}")
    error = float(np.hypot(statistical, systematic))
    parts = f"{statistical:.5f} statistical, {systematic:.5f} systematic"
    print(f"critical point         mu_c^2 = {critical:.5f} +- {error:.5f}   ({parts})")
    if options.output:
        draw(options.output, lattices, mu2, tables, found, critical, error)


if __name__ == "__main__":
    main()
