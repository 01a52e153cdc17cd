"""Figures of a run of `quartic sample`."""

from collections.abc import Callable

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .errors import BadInput
from .plot_style import BLUE, GREEN, ORANGE, PALE, draw_rows, number, title
from .run import SampleRun

SYMBOLS = {
    "action": "$S$",
    "action_density": "$S/V$",
    "m": "$m$",
    "abs_m": "$|m|$",
    "m2": "$m^2$",
    "m4": "$m^4$",
    "phi2": r"$\phi^2$",
    "phi4": r"$\phi^4$",
    "nn": r"$\phi\phi_{nn}$",
    "nnn": r"$\phi\phi_{nnn}$",
    "susceptibility": r"$\chi$",
    "susceptibility_connected": r"$\chi_c$",
    "binder": "$U_4$",
    "heat": r"$\mathrm{Var}(S)/V$",
    "xi": r"$\xi_2$",
}

# --- time series ----------------------------------------------------------------------------------

CHAINS = 3  # drawn of each series


def draw_time_series(axes: Axes, run: SampleRun, name: str, label: bool = True) -> None:
    """A few chains, the mean of all chains up to each draw with its error from the scatter between them."""
    series = run.series[name]
    draw = (np.arange(series.shape[1]) + 0.5) * run.bin_length
    for k, values in enumerate(series[:CHAINS]):
        axes.plot(draw, values, color=(PALE, "#c9d8c5", "#e6c9b3")[k], linewidth=0.6, zorder=1)
    running = np.cumsum(series, axis=1) / np.arange(1, series.shape[1] + 1)
    mean, error = running.mean(axis=0), running.std(axis=0, ddof=1) / np.sqrt(len(series))
    axes.fill_between(draw, mean - error, mean + error, color=BLUE, alpha=0.35, linewidth=0, zorder=2)
    axes.plot(draw, mean, color=BLUE, linewidth=1.3, zorder=3)
    axes.set_xlim(0, series.shape[1] * run.bin_length)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_ylabel(SYMBOLS.get(name, name))
    if label:
        axes.set_xlabel("draw")


def series_figure(run: SampleRun) -> Figure:
    names = [name for name in ("m", "m2", "phi2", "action_density", "nn") if name in run.series]
    figure, panels = plt.subplots(len(names), 1, figsize=(6.6, 1.45 * len(names) + 0.3), sharex=True, squeeze=False)
    for axes, name in zip(panels[:, 0], names, strict=True):
        draw_time_series(axes, run, name, label=name == names[-1])
    panels[0, 0].set_title(
        f"{CHAINS} of {run.series['m'].shape[0]} chains, and the running mean of all", loc="left", fontsize=9
    )
    return figure


# --- histogram ------------------------------------------------------------------------------------


def draw_histogram(axes: Axes, run: SampleRun, name: str) -> None:
    """All chains together; the error of each bar from the scatter between chains."""
    series = run.series[name]
    low, high = np.quantile(series, [0.0005, 0.9995])
    if name == "m" and low < 0 < high:
        low, high = -max(-low, high), max(-low, high)
    edges = np.linspace(low, high, int(np.clip(np.sqrt(series.size) / 4, 15, 60)) + 1)
    counts = np.array([np.histogram(chain, edges, density=False)[0] for chain in series]) / series.shape[1]
    width = np.diff(edges)
    density = counts.mean(axis=0) / width
    error = counts.std(axis=0, ddof=1) / np.sqrt(len(series)) / width
    axes.bar(edges[:-1], density, width, align="edge", color=PALE)
    axes.errorbar(edges[:-1] + width / 2, density, error, fmt="none", ecolor=BLUE, elinewidth=0.7)
    axes.set_xlabel(SYMBOLS.get(name, name) + (f", mean of {run.bin_length} draws" if run.bin_length > 1 else ""))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlim(edges[0], edges[-1])


# --- autocorrelation ------------------------------------------------------------------------------


def autocorrelation(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """rho(t) of chains about their common mean, by FFT, and its error from the scatter between chains."""
    chains, length = series.shape
    deviation = series - series.mean()
    spectrum = np.fft.rfft(deviation, n=2 * length, axis=1)
    gamma = np.fft.irfft(spectrum * spectrum.conj(), axis=1)[:, :length] / np.arange(length, 0, -1)
    mean = gamma.mean(axis=0)
    if mean[0] <= 0:
        return np.zeros(length), np.zeros(length)
    scatter = (gamma - gamma[:, :1] * mean / mean[0]).std(axis=0, ddof=1) / np.sqrt(chains)
    return mean / mean[0], scatter / mean[0]


def draw_autocorrelation(axes: Axes, run: SampleRun, names: tuple[str, ...] = ("m2", "phi2")) -> None:
    reach = 2.0
    for name, colour in zip((n for n in names if n in run.series), (BLUE, ORANGE), strict=False):
        series = run.series[name]
        rho, error = autocorrelation(series)
        observable = run.observables[name]
        shown = int(np.clip(np.ceil(8 * observable.tau / run.bin_length), 8, len(rho) - 1))
        time = np.arange(shown + 1) * run.bin_length
        reach = max(reach, time[-1])
        label = f"{SYMBOLS.get(name, name)}   $\\tau$ = {number(observable.tau, observable.tau_error)}"
        axes.errorbar(
            time, rho[: shown + 1], error[: shown + 1], color=colour, fmt="o-", markersize=2.5, linewidth=0.9,
            elinewidth=0.7, label=label,
        )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.7)
    axes.set_xlim(-0.02 * reach, reach)
    axes.set_ylim(min(-0.08, axes.get_ylim()[0]), 1.05)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("draws")
    axes.set_ylabel(r"$\rho$")
    axes.legend(loc="upper right", handlelength=1.2)


# --- two-point functions --------------------------------------------------------------------------


def shells(squares: np.ndarray, values: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Averages over equal squared distances. The errors of a shell's members, which symmetry correlates, are not
    added up but averaged: an upper limit."""
    keys, inverse = np.unique(np.round(squares.ravel(), 9), return_inverse=True)
    count = np.bincount(inverse)
    mean = np.bincount(inverse, values.ravel()) / count
    return np.sqrt(keys), mean, np.bincount(inverse, errors.ravel()) / count


def draw_correlation(axes: Axes, run: SampleRun) -> None:
    """<phi(0) phi(x)> along the axes of the lattice."""
    correlation, error = run.two_point["correlation"], run.two_point["correlation_error"]
    lowest = np.inf
    extents = run.model.extent
    for axis, n in enumerate(extents[:3]):
        if any(extents[k] == n for k in range(axis)) or n < 2:
            continue
        along = [0] * len(extents)
        line = []
        for x in range(n // 2 + 1):
            along[axis] = x
            line.append((x, correlation[tuple(along)], error[tuple(along)]))
        x, y, dy = np.array(line).T
        lowest = min(lowest, y.min())
        axes.errorbar(
            x, y, dy, fmt="o-", markersize=3, linewidth=0.9, elinewidth=0.9, color=(BLUE, ORANGE, GREEN)[axis]
        )
    if lowest > 0:
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("$x$ along an axis")
    axes.set_ylabel(r"$\langle\phi_0\phi_x\rangle$")
    if "xi" in run.observables:
        xi = run.observables["xi"]
        axes.set_title(f"$\\xi_2$ = {number(xi.value, xi.error)}", loc="right", fontsize=9)


def draw_structure_factor(axes: Axes, run: SampleRun) -> None:
    """1/S(k) against the lattice momentum squared: a straight line for a free field, 1/S(0) its mass gap."""
    factor, error = run.two_point["structure_factor"], run.two_point["structure_factor_error"]
    momenta = np.meshgrid(*(4 * np.sin(np.pi * np.arange(n) / n) ** 2 for n in run.model.extent), indexing="ij")
    root, mean, scatter = shells(sum(momenta), factor, error)
    square = root**2
    axes.errorbar(square, 1 / mean, scatter / mean**2, fmt="o", markersize=2.5, elinewidth=0.8, color=BLUE)
    axes.set_xlim(-0.02 * square.max(), 1.02 * square.max())
    axes.set_ylim(0, None)
    axes.set_xlabel(r"$\hat k^2 = \sum_d 4\sin^2(k_d/2)$")
    axes.set_ylabel("$1/S(k)$")


def correlation_figure(run: SampleRun) -> Figure:
    figure, panels = plt.subplots(1, 2, figsize=(6.6, 2.8))
    draw_correlation(panels[0], run)
    draw_structure_factor(panels[1], run)
    return figure


# --- summary --------------------------------------------------------------------------------------

TABLE = ("abs_m", "m2", "phi2", "action_density", "binder", "susceptibility", "susceptibility_connected", "heat", "xi")


def draw_table(axes: Axes, run: SampleRun) -> None:
    rows = [("", "value", "ESS")]
    for name in (name for name in TABLE if name in run.observables):
        o = run.observables[name]
        label = SYMBOLS.get(name, name) + ("" if o.ok else "  NOT ok")
        rows.append((label, number(o.value, o.error), f"{o.ess:.2g}" if np.isfinite(o.ess) else "–"))
    draw_rows(axes, rows, (0.0, 0.78, 1.0))


def summary_figure(run: SampleRun) -> Figure:
    figure, panels = plt.subplots(2, 3, figsize=(9.4, 5.2))
    draw_time_series(panels[0, 0], run, "m")
    draw_time_series(panels[0, 1], run, "phi2")
    draw_histogram(panels[0, 2], run, "m")
    draw_autocorrelation(panels[1, 0], run)
    if run.two_point:
        draw_correlation(panels[1, 1], run)
    else:
        draw_histogram(panels[1, 1], run, "phi2")
    draw_table(panels[1, 2], run)
    chains = run.series["m"].shape[0]
    figure.suptitle(f"{title(run)}   {chains} chains × {run.draws} draws", x=0.01, ha="left", fontsize=9)
    return figure


def figures(run: SampleRun) -> dict[str, Callable[[SampleRun], Figure]]:
    """Those that the run has data for."""
    if not run.series or next(iter(run.series.values())).shape[1] < 4:
        raise BadInput(f"{run.path}: too few draws for a figure", f"quartic resume {run.path}")
    found = {"summary": summary_figure, "series": series_figure}
    if run.two_point:
        found["correlation"] = correlation_figure
    return found
