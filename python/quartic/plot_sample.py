"""Figures of a run of `quartic sample`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from .arguments import path_text
from .errors import BadInput
from .plot_panels import draw_band, draw_rows, figure_of, rows_of_checks
from .plot_style import BLUE, DASHED, GREEN, ORANGE, PALE, head, number, plain, symbol, title, whole, without_scale
from .sampled import SampleResult

CHAINS = (BLUE, ORANGE, GREEN)  # drawn one by one
WINDOW = 150  # bins of them
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


def _binned(run: SampleResult) -> str:
    return f", means of {run.bin_length} draws" if run.bin_length > 1 else ""


def _between(of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean over chains, and its error from the scatter between them."""
    return of.mean(axis=0), of.std(axis=0, ddof=1) / np.sqrt(len(of))


def draw_trace(axes: Axes, run: SampleResult, name: str) -> None:
    """The beginning of a few chains; their mean over all chains and draws dashed."""
    series = run.series[name][:, :WINDOW]
    draw = (np.arange(series.shape[1]) + 0.5) * run.bin_length
    for values, colour in zip(series, CHAINS, strict=False):
        axes.plot(draw, values, color=colour, linewidth=0.7, alpha=0.9)
    axes.axhline(run.series[name].mean(), **DASHED)
    axes.set(xlim=(0, series.shape[1] * run.bin_length), xlabel="draw", ylabel=symbol(name))
    whole(axes)


def draw_running_mean(axes: Axes, run: SampleResult, name: str) -> None:
    """Means up to each draw: of a few chains, and of all with their error from the scatter between them."""
    series = run.series[name]
    bins = np.arange(1, series.shape[1] + 1)
    draw, running = bins * run.bin_length, np.cumsum(series, axis=1) / bins
    mean, error = _between(running)
    for values, colour in zip(running, CHAINS, strict=False):
        axes.plot(draw, values, color=colour, linewidth=0.8)
    draw_band(axes, draw, mean, 2 * error, "black", few=0)
    spread = 2.5 * running[:, len(draw) // 8 :].std(axis=0, ddof=1).max()
    axes.set(xscale="log", xlim=(draw[0], draw[-1]), ylim=(mean[-1] - spread, mean[-1] + spread))
    axes.set(xlabel="draw", ylabel=symbol(name))
    plain(axes.xaxis)


def series_figure(run: SampleResult) -> Figure:
    names = [name for name in ("m", "m2", "phi2", "action_density", "nn", *run.functions) if name in run.series]
    figure, panels = plt.subplots(len(names), 2, figsize=(8, 1.5 * len(names) + 0.4), sharex="col", squeeze=False)
    for (left, right), name in zip(panels, names, strict=True):
        draw_trace(left, run, name)
        draw_running_mean(right, run, name)
    for axes in panels[:-1].flat:
        axes.set_xlabel("")
    chains = len(run.series["m"])
    panels[0, 0].set_title(f"the beginning of {min(len(CHAINS), chains)} chains{_binned(run)}", loc="left", fontsize=9)
    panels[0, 1].set_title(f"running means; black: all {chains} chains ± 2 errors", loc="left", fontsize=9)
    return figure


def draw_histogram(axes: Axes, run: SampleResult, name: str) -> None:
    """Of the stored fields, all chains together; the error of each bar from the scatter between chains."""
    values = run.array(f"posterior/{name}")
    low, high = np.quantile(values, [0.0005, 0.9995])
    if name == "m" and low < 0 < high:
        low, high = -max(-low, high), max(-low, high)
    edges = np.linspace(low, high, int(np.clip(np.sqrt(values.size) / 4, 15, 50)) + 1)
    width = edges[1] - edges[0]
    mean, error = _between(np.array([np.histogram(chain, edges)[0] for chain in values]) / values.shape[1] / width)
    axes.bar(edges[:-1] + width / 2, mean, width, yerr=error, color=PALE, ecolor=BLUE, error_kw={"elinewidth": 0.8})
    axes.set(xlabel=symbol(name), xlim=(edges[0], edges[-1]))
    without_scale(axes)


def autocorrelation(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """rho(t) of chains about their common mean, by FFT, and its error from the scatter between chains."""
    length = series.shape[1]
    spectrum = np.fft.rfft(series - series.mean(), n=2 * length, axis=1)
    gamma = np.fft.irfft(spectrum * spectrum.conj(), axis=1)[:, :length] / np.arange(length, 0, -1)
    mean = gamma.mean(axis=0)
    if mean[0] <= 0:
        return np.zeros(length), np.zeros(length)
    return mean / mean[0], _between(gamma - gamma[:, :1] * mean / mean[0])[1] / mean[0]


def draw_autocorrelation(axes: Axes, run: SampleResult) -> None:
    names = [name for name in ("m2", "phi2") if name in run.series]
    slowest = max(run.observables[name].tau for name in names)
    for name, colour in zip(names, CHAINS, strict=False):
        rho, error = autocorrelation(run.series[name])
        observable = run.observables[name]
        shown = 1 + min(max(int(np.ceil(8 * slowest / run.bin_length)), 8), len(rho) // 2)
        time = np.arange(shown) * run.bin_length
        label = f"{symbol(name)}   $\\tau$ = {number(observable.tau, observable.tau_error)}"
        style: dict[str, Any] = {"color": colour, "fmt": "o-", "markersize": 2.5, "linewidth": 0.9, "elinewidth": 0.7}
        axes.errorbar(time, rho[:shown], error[:shown], label=label, **style)
    axes.axhline(0, color="black", linewidth=0.7)
    axes.set(xlim=(-0.02 * time[-1], 1.02 * time[-1]), ylim=(min(-0.08, axes.get_ylim()[0]), 1.05))
    axes.set(xlabel=f"draws{_binned(run)}", ylabel=r"$\rho$")
    whole(axes)
    axes.legend(loc="upper right", handlelength=1.2)


def shells(squares: np.ndarray, values: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Averages over equal squared distances. The errors of a shell's members, which symmetry correlates, are not
    added up but averaged: an upper limit."""
    keys, inverse = np.unique(np.round(squares.ravel(), 9), return_inverse=True)
    count = np.bincount(inverse)
    mean, error = (np.bincount(inverse, of.ravel()) / count for of in (values, errors))
    return np.sqrt(keys), mean, error


def draw_correlation(axes: Axes, run: SampleResult) -> None:
    """<phi(0) phi(x)> along the axes of the lattice, of equal ones along the first."""
    both = run.two_point["correlation"], run.two_point["correlation_error"]
    sides = {n: run.extent.index(n) for n in run.extent[:3] if n > 1}
    for n, axis in sides.items():
        y, error = (np.moveaxis(of, axis, 0).reshape(n, -1)[: n // 2 + 1, 0] for of in both)
        style: dict[str, Any] = {"color": CHAINS[axis], "fmt": "o-", "markersize": 3, "linewidth": 0.9}
        axes.errorbar(np.arange(n // 2 + 1), y, error, label=f"side of {n}", **style)
    if len(sides) > 1:
        axes.legend(loc="upper right")
    low = both[0].min()
    if low > 0 and both[0].max() > 10 * low:
        axes.set_yscale("log")
        plain(axes.yaxis)
    else:
        axes.set_ylim(min(0, 1.1 * low), None)
    whole(axes, 6)
    axes.set(xlabel="$x$ along an axis", ylabel=r"$\langle\phi_0\phi_x\rangle$")
    if "correlation_length" in run.observables:
        xi = run.observables["correlation_length"]
        value = "undefined" if np.isnan(xi.value) else f"= {number(xi.value, xi.error)}"
        axes.set_title(f"$\\xi_2$ {value}", loc="right", fontsize=9)


def draw_structure_factor(axes: Axes, run: SampleResult) -> None:
    """S(k) against the lattice momentum; S(0), the susceptibility, dashed."""
    factor, error = run.two_point["structure_factor"], run.two_point["structure_factor_error"]
    momenta = np.meshgrid(*(4 * np.sin(np.pi * np.arange(n) / n) ** 2 for n in run.extent), indexing="ij")
    momentum, mean, scatter = shells(np.sum(momenta, axis=0), factor, error)
    axes.axhline(mean[0], **DASHED)
    axes.errorbar(momentum[1:], mean[1:], scatter[1:], fmt="o", markersize=2.5, elinewidth=0.8, color=BLUE)
    axes.set(xscale="log", yscale="log", xlabel=r"$\hat k$,   $\hat k^2 = \sum_d 4\,\sin^2(k_d/2)$", ylabel="$S(k)$")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    plain(axes.xaxis)
    plain(axes.yaxis)
    axes.set_title(f"dashed: $S(0)$ = {number(factor.flat[0], error.flat[0])}", loc="right", fontsize=9)


def summary_figure(run: SampleResult) -> Figure:
    figure, panels = plt.subplots(2, 3, figsize=(9.4, 5.2))
    draw_trace(panels[0, 0], run, "m")
    draw_running_mean(panels[0, 1], run, "phi2")
    panels[0, 0].set_title(f"{len(CHAINS)} chains{_binned(run)}", loc="left", fontsize=9)
    panels[0, 1].set_title("running means; black: all chains ± 2 errors", loc="left", fontsize=9)
    draw_histogram(panels[0, 2], run, "m")
    draw_autocorrelation(panels[1, 0], run)
    if run.two_point:
        draw_correlation(panels[1, 1], run)
    else:
        draw_histogram(panels[1, 1], run, "phi2")
    rows = [("", "value", "ESS")]
    for name, o in ((name, run.observables[name]) for name in (*TABLE, *run.functions) if name in run.observables):
        ess = f"{o.ess:.1e}".replace("e+0", "e") if np.isfinite(o.ess) else "–"
        rows.append((symbol(name) + ("" if o.ok else "  NOT ok"), number(o.value, o.error), ess))
    checks = rows_of_checks(run)
    rows += [(label, text, "") for label, text in checks]
    draw_rows(panels[1, 2], rows, (0.0, 0.72, 1.0))
    return head(figure, f"{title(run)}   {len(run.series['m'])} chains × {run.draws} draws")


def figures(run: SampleResult) -> Iterator[tuple[str, Figure]]:
    """Those that the run has data for."""
    if run.phi.size == 0 or run.series["m"].shape[1] < 4:
        raise BadInput(f"{path_text(run.path)}: too few draws for a figure", f"quartic resume {path_text(run.path)}")
    yield "summary", summary_figure(run)
    yield "series", series_figure(run)
    if run.two_point:
        yield "correlation", figure_of(run, [draw_correlation, draw_structure_factor], 3.3, 2.8)
