"""Figures of a run of `quartic fit` of a network."""

from collections.abc import Iterator

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .plot_panels import (
    comparison_figure,
    draw_band,
    draw_judged,
    draw_rows,
    histograms_figure,
    images_figure,
    plane,
    untrusted,
)
from .plot_style import BLUE, GREEN, ORANGE, head, number, whole
from .run import NetworkRun

COLUMNS = 16  # of images
RESULTS = {
    "log_likelihood": r"$\langle\ln p\rangle$, data",
    "held_out": r"$\langle\ln p\rangle$, held out",
    "log_z": r"$\ln Z$",
    "reconstruction": "reconstruction",
}


def _error(run: NetworkRun, name: str) -> np.ndarray:
    """Of a column of the evaluations: that of ln Z, and of ln p also what other rows would change."""
    return np.hypot(run.evaluations[f"{name}_error"], run.evaluations.get(f"{name}_rows_error", 0))


def draw_free_energies(axes: Axes, run: NetworkRun) -> None:
    for name, label, colour in (("data", "data", BLUE), ("model", "chains", GREEN)):
        value, error = run.history[f"{name}_free_energy"], run.history[f"{name}_free_energy_error"]
        draw_band(axes, run.history["epoch"], value, error, colour, label)
    axes.set(xlabel="epoch", ylabel="free energy")
    axes.legend(loc="best")
    whole(axes)


def draw_likelihood(axes: Axes, run: NetworkRun) -> None:
    """ln p per row at the judged epochs, with the interval from annealing in both directions."""
    of = run.evaluations
    for name, label, colour in (("log_likelihood", "data", BLUE), ("held_out", "held out", ORANGE)):
        if name in of:
            value, error = of[name], _error(run, name)
            low, high = np.minimum(of[f"{name}_lower"], value - error), np.maximum(of[f"{name}_upper"], value + error)
            draw_judged(axes, of["epoch"], value, low, high, colour, label)
    axes.set(xlabel="epoch", ylabel=r"$\ln p$ a row")
    axes.legend(loc="best")


def draw_singular_values(axes: Axes, run: NetworkRun) -> None:
    """Of w, at every judged epoch; a line is one of them."""
    epoch, values = run.evaluations["epoch"], run.evaluations["singular"]
    if len(epoch) > 1:
        axes.plot(epoch, values, color=BLUE, linewidth=0.8, alpha=0.6)
    else:
        axes.plot(np.arange(1, values.shape[1] + 1), values[0], "o-", markersize=2.5, color=BLUE, linewidth=0.8)
    axes.set(xlabel="epoch" if len(epoch) > 1 else "rank", ylabel="singular values of $w$", ylim=(0, None))
    whole(axes)


def summary_figure(run: NetworkRun) -> Figure:
    figure, panels = plt.subplots(2, 2, figsize=(7, 5))
    rows = [(name, f"{n} {unit}") for name, n, unit in zip(("visible", "hidden"), run.w.shape, run.units, strict=True)]
    draw_free_energies(panels[0, 0], run)
    if len(run.evaluations["epoch"]):
        draw_likelihood(panels[0, 1], run)
        draw_singular_values(panels[1, 0], run)
        last = {name: values[-1] for name, values in run.evaluations.items()}
        rows += [(RESULTS[name], number(last[name], _error(run, name)[-1])) for name in RESULTS if name in last]
        rows += [] if last["ok"] else untrusted(str(last["reason"]))
    draw_rows(panels[1, 1], rows)
    return head(figure, run.path.name)


def features_figure(run: NetworkRun) -> Figure:
    """What every hidden unit responds to, the strongest first; each on its own scale."""
    order = np.argsort(-(run.w**2).sum(axis=0))[:64]
    rows = [("", run.w.T[order[k : k + COLUMNS]]) for k in range(0, len(order), COLUMNS)]
    return images_figure(rows, plane(run.shape, len(run.w)), 0.62, cmap="RdBu_r")


def samples_figure(run: NetworkRun) -> Figure:
    """Rows of the data above, draws of the network beneath."""
    data, samples = run.to_data(run.examples), run.to_data(run.samples)
    low, high = np.quantile(data[: 3 * COLUMNS], [0.002, 0.998])
    rows = [
        ("" if k else label, images[k * COLUMNS : (k + 1) * COLUMNS])
        for label, images in (("data", data), ("network", samples))
        for k in range(3)
    ]
    rows.insert(3, ("", data[:0]))
    return images_figure(rows, plane(run.shape, len(run.w)), 0.62, cmap="gray", vmin=low, vmax=high)


def units_figure(run: NetworkRun) -> Figure:
    """Densities of data and draws: of all visible units and of some, from the least spread to the most."""
    data = run.to_data(run.examples)
    order = np.argsort(data.std(axis=0))
    picked = sorted({int(order[k * (len(order) - 1) // 3]) for k in range(4)})
    return histograms_figure(data, run.to_data(run.samples), picked, "unit")


def moments_figure(run: NetworkRun) -> Figure:
    """Mean, variance and products of pairs, data against draws: each a mean over rows, with its error."""
    first, second = np.random.default_rng(0).integers(len(run.w), size=(2, 2000))
    both = [rows.astype(float) for rows in (run.examples, run.samples)]
    centred = [rows - rows.mean(0) for rows in both]
    products = {
        r"$\langle\phi_i\rangle$": both,
        r"$\mathrm{Var}\,\phi_i$": [x**2 for x in centred],
        r"$\mathrm{Cov}(\phi_i,\phi_j)$": [x[:, first] * x[:, second] for x in centred],
    }
    parts = {
        name: (*(x.mean(0) for x in of), *(x.std(0) / np.sqrt(len(x)) for x in of)) for name, of in products.items()
    }
    return comparison_figure(parts, "data", "network")


def sample_figures(run: NetworkRun) -> Iterator[tuple[str, Figure]]:
    """Data against draws."""
    if plane(run.shape, len(run.w)) is not None:
        yield "samples", samples_figure(run)
    yield "histograms", units_figure(run)
    yield "moments", moments_figure(run)


def figures(run: NetworkRun) -> Iterator[tuple[str, Figure]]:
    """Those that the run has data for."""
    if len(run.history["epoch"]):
        yield "summary", summary_figure(run)
    if plane(run.shape, len(run.w)) is not None:
        yield "features", features_figure(run)
    if run.samples is not None:
        yield from sample_figures(run)
