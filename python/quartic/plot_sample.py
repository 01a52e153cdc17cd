"""Figures of a run of `quartic sample`."""

from collections.abc import Callable

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

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
    "binder_cumulant": "$U_4$",
    "specific_heat": r"$\mathrm{Var}(S)/V$",
    "correlation_length": r"$\xi_2$",
}

# --- time series ----------------------------------------------------------------------------------

CHAINS = 3  # drawn one by one
WINDOW = 150  # bins of them
PALETTE = (BLUE, ORANGE, GREEN)


def _binned(run: SampleRun) -> str:
    return f", means of {run.bin_length} draws" if run.bin_length > 1 else ""


def _draw_axis(axes: Axes, label: bool) -> None:
    if label:
        axes.set_xlabel("draw")


def draw_trace(axes: Axes, run: SampleRun, name: str, label: bool = True) -> None:
    """The beginning of a few chains; their mean over all chains and draws dashed."""
    series = run.series[name][:, :WINDOW]
    draw = (np.arange(series.shape[1]) + 0.5) * run.bin_length
    for values, colour in zip(series, PALETTE, strict=False):
        axes.plot(draw, values, color=colour, linewidth=0.7, alpha=0.9)
    axes.axhline(run.series[name].mean(), color="black", linestyle=(0, (4, 3)), linewidth=0.9)
    axes.set_xlim(0, series.shape[1] * run.bin_length)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_ylabel(SYMBOLS.get(name, name))
    _draw_axis(axes, label)


def draw_running_mean(axes: Axes, run: SampleRun, name: str, label: bool = True) -> None:
    """Means up to each draw: of a few chains, and of all with their error from the scatter between them."""
    series = run.series[name]
    draw = np.arange(1, series.shape[1] + 1) * run.bin_length
    running = np.cumsum(series, axis=1) / np.arange(1, series.shape[1] + 1)
    mean, error = running.mean(axis=0), running.std(axis=0, ddof=1) / np.sqrt(len(series))
    for values, colour in zip(running, PALETTE, strict=False):
        axes.plot(draw, values, color=colour, linewidth=0.8)
    axes.fill_between(draw, mean - 2 * error, mean + 2 * error, color="black", alpha=0.2, linewidth=0)
    axes.plot(draw, mean, color="black", linewidth=1.2)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(draw[0], draw[-1])
    spread = 2.5 * running[:, len(draw) // 8 :].std(axis=0, ddof=1).max()
    axes.set_ylim(mean[-1] - spread, mean[-1] + spread)
    axes.set_ylabel(SYMBOLS.get(name, name))
    _draw_axis(axes, label)


def series_figure(run: SampleRun) -> Figure:
    names = [name for name in ("m", "m2", "phi2", "action_density", "nn") if name in run.series]
    figure, panels = plt.subplots(len(names), 2, figsize=(8, 1.5 * len(names) + 0.4), sharex="col", squeeze=False)
    for (left, right), name in zip(panels, names, strict=True):
        draw_trace(left, run, name, label=name == names[-1])
        draw_running_mean(right, run, name, label=name == names[-1])
    chains = run.series[names[0]].shape[0]
    panels[0, 0].set_title(f"the beginning of {min(CHAINS, chains)} chains{_binned(run)}", loc="left", fontsize=9)
    panels[0, 1].set_title(f"running means; black: all {chains} chains ± 2 errors", loc="left", fontsize=9)
    return figure


# --- histogram ------------------------------------------------------------------------------------


def draw_histogram(axes: Axes, run: SampleRun, name: str) -> None:
    """Of the stored fields, all chains together; the error of each bar from the scatter between chains."""
    values = run.stored[name]
    low, high = np.quantile(values, [0.0005, 0.9995])
    if name == "m" and low < 0 < high:
        low, high = -max(-low, high), max(-low, high)
    edges = np.linspace(low, high, int(np.clip(np.sqrt(values.size) / 4, 15, 50)) + 1)
    width = edges[1] - edges[0]
    density = np.array([np.histogram(chain, edges)[0] for chain in values]) / values.shape[1] / width
    mean, error = density.mean(axis=0), density.std(axis=0, ddof=1) / np.sqrt(len(values))
    axes.bar(edges[:-1], mean, width, align="edge", color=PALE)
    axes.errorbar(edges[:-1] + width / 2, mean, error, fmt="none", ecolor=BLUE, elinewidth=0.8)
    axes.set_xlabel(SYMBOLS.get(name, name))
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
    names = tuple(name for name in names if name in run.series)
    slowest = max(run.observables[name].tau for name in names)
    for name, colour in zip(names, PALETTE, strict=False):
        rho, error = autocorrelation(run.series[name])
        observable = run.observables[name]
        shown = min(max(int(np.ceil(8 * slowest / run.bin_length)), 8), len(rho) // 2)
        time = np.arange(shown + 1) * run.bin_length
        label = f"{SYMBOLS.get(name, name)}   $\\tau$ = {number(observable.tau, observable.tau_error)}"
        axes.errorbar(
            time, rho[: shown + 1], error[: shown + 1], color=colour, fmt="o-", markersize=2.5, linewidth=0.9,
            elinewidth=0.7, label=label,
        )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.7)
    axes.set_xlim(-0.02 * time[-1], 1.02 * time[-1])
    axes.set_ylim(min(-0.08, axes.get_ylim()[0]), 1.05)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel(f"draws{_binned(run)}")
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
        axes.errorbar(x, y, dy, fmt="o-", markersize=3, linewidth=0.9, elinewidth=0.9, color=PALETTE[axis])
    low = correlation.min()
    if low > 0 and correlation.max() > 10 * low:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(min(0, 1.1 * low), None)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("$x$ along an axis")
    axes.set_ylabel(r"$\langle\phi_0\phi_x\rangle$")
    if "correlation_length" in run.observables:
        xi = run.observables["correlation_length"]
        axes.set_title(f"$\\xi_2$ = {number(xi.value, xi.error)}", loc="right", fontsize=9)


def draw_structure_factor(axes: Axes, run: SampleRun) -> None:
    """S(k) against the lattice momentum; S(0), the susceptibility, dashed."""
    factor, error = run.two_point["structure_factor"], run.two_point["structure_factor_error"]
    momenta = np.meshgrid(*(4 * np.sin(np.pi * np.arange(n) / n) ** 2 for n in run.model.extent), indexing="ij")
    momentum, mean, scatter = shells(sum(momenta), factor, error)
    axes.axhline(mean[0], color="black", linestyle=(0, (4, 3)), linewidth=0.9)
    axes.errorbar(momentum[1:], mean[1:], scatter[1:], fmt="o", markersize=2.5, elinewidth=0.8, color=BLUE)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(r"$\hat k$,   $\hat k^2 = \Sigma_d 4\sin^2(k_d/2)$")
    axes.set_ylabel("$S(k)$")
    axes.set_title(f"$S(0)$ = {number(factor.flat[0], error.flat[0])}", loc="right", fontsize=9)


def correlation_figure(run: SampleRun) -> Figure:
    figure, panels = plt.subplots(1, 2, figsize=(6.6, 2.8))
    draw_correlation(panels[0], run)
    draw_structure_factor(panels[1], run)
    return figure


# --- summary --------------------------------------------------------------------------------------

TABLE = (
    "abs_m",
    "m2",
    "phi2",
    "action_density",
    "binder_cumulant",
    "susceptibility",
    "susceptibility_connected",
    "specific_heat",
    "correlation_length",
)


def draw_table(axes: Axes, run: SampleRun) -> None:
    rows = [("", "value", "ESS")]
    for name in (name for name in TABLE if name in run.observables):
        o = run.observables[name]
        label = SYMBOLS.get(name, name) + ("" if o.ok else "  NOT ok")
        rows.append(
            (label, number(o.value, o.error), f"{o.ess:.1e}".replace("e+0", "e") if np.isfinite(o.ess) else "–")
        )
    draw_rows(axes, rows, (0.0, 0.72, 1.0))


def summary_figure(run: SampleRun) -> Figure:
    figure, panels = plt.subplots(2, 3, figsize=(9.4, 5.2))
    draw_trace(panels[0, 0], run, "m")
    draw_running_mean(panels[0, 1], run, "phi2")
    panels[0, 0].set_title(f"{CHAINS} chains{_binned(run)}", loc="left", fontsize=9)
    panels[0, 1].set_title("running means; black: all chains", loc="left", fontsize=9)
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
    if run.stored["m"].size == 0 or run.series["m"].shape[1] < 4:
        raise BadInput(f"{run.path}: too few draws for a figure", f"quartic resume {run.path}")
    found = {"summary": summary_figure, "series": series_figure}
    if run.two_point:
        found["correlation"] = correlation_figure
    return found
