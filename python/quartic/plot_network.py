"""Figures of a run of `quartic fit` of a network."""

from collections.abc import Callable

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .plot_style import BLUE, GREEN, ORANGE, PALE, draw_histogram, draw_rows, number, untrusted
from .run import NetworkRun


def plane(run: NetworkRun) -> tuple[int, int] | None:
    """The shape of a row that is an image."""
    long = tuple(n for n in run.shape if n > 1)
    return long if len(long) == 2 and np.prod(long) == run.w.shape[0] else None


# --- training -------------------------------------------------------------------------------------


def draw_likelihood(axes: Axes, run: NetworkRun) -> None:
    """ln p per row at the judged epochs, with the interval from annealing in both directions."""
    epoch = run.evaluations["epoch"]
    for name, label, colour in (("log_likelihood", "data", BLUE), ("held_out", "held out", ORANGE)):
        if name not in run.evaluations:
            continue
        value, error = run.evaluations[name], run.evaluations[f"{name}_error"]
        low, high = run.evaluations[f"{name}_lower"], run.evaluations[f"{name}_upper"]
        low, high = np.minimum(low, value - error), np.maximum(high, value + error)
        axes.errorbar(
            epoch, value, [value - low, high - value], fmt="o-", markersize=3, linewidth=1, capsize=2, color=colour,
            label=label,
        )  # fmt: skip
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_ylabel(r"$\ln p$ a row")
    axes.legend(loc="lower right")


def draw_free_energies(axes: Axes, run: NetworkRun) -> None:
    epoch = run.history["epoch"]
    for name, label, colour in (("data", "data", BLUE), ("model", "chains", GREEN)):
        value, error = run.history[f"{name}_free_energy"], run.history[f"{name}_free_energy_error"]
        axes.fill_between(epoch, value - error, value + error, color=colour, alpha=0.25, linewidth=0)
        axes.plot(epoch, value, color=colour, linewidth=1.1, label=label)
    axes.set_xlabel("epoch")
    axes.set_ylabel("free energy")
    axes.legend(loc="best")


def draw_singular_values(axes: Axes, run: NetworkRun) -> None:
    """Of w, at every judged epoch; a line is one of them."""
    epoch, values = run.evaluations["epoch"], run.evaluations["singular"]
    if len(epoch) > 1:
        axes.plot(epoch, values, color=BLUE, linewidth=0.8, alpha=0.6)
        axes.set_xlabel("epoch")
    else:
        axes.plot(np.arange(1, values.shape[1] + 1), values[0], "o-", markersize=2.5, color=BLUE, linewidth=0.8)
        axes.set_xlabel("rank")
    axes.set_ylabel("singular values of $w$")
    axes.set_ylim(0, None)


def draw_table(axes: Axes, run: NetworkRun) -> None:
    last = {name: values[-1] for name, values in run.evaluations.items() if len(values)}
    rows = [("visible", f"{run.w.shape[0]} {run.units[0]}"), ("hidden", f"{run.w.shape[1]} {run.units[1]}")]
    for name, label in (
        ("log_likelihood", r"$\langle\ln p\rangle$, data"), ("held_out", r"$\langle\ln p\rangle$, held out"),
        ("log_z", r"$\ln Z$"), ("reconstruction", "reconstruction"),
    ):  # fmt: skip
        if name in last:
            rows.append((label, number(last[name], last[f"{name}_error"])))
    if last and not last["ok"]:
        rows += untrusted(str(last["reason"]))
    draw_rows(axes, rows)


def summary_figure(run: NetworkRun) -> Figure:
    figure, panels = plt.subplots(2, 2, figsize=(7, 5))
    draw_free_energies(panels[0, 0], run)
    if len(run.evaluations["epoch"]):
        draw_likelihood(panels[0, 1], run)
        draw_singular_values(panels[1, 0], run)
    draw_table(panels[1, 1], run)
    panels[0, 0].xaxis.set_major_locator(MaxNLocator(5, integer=True))
    figure.suptitle(run.path.name, x=0.01, ha="left", fontsize=9)
    return figure


# --- what it has learned --------------------------------------------------------------------------


def _grid(images: np.ndarray, columns: int, shape: tuple[int, int], colours: str, symmetric: bool) -> Figure:
    rows = -(-len(images) // columns)
    size = 0.62
    figure, panels = plt.subplots(
        rows, columns, figsize=(size * columns, size * rows * shape[0] / shape[1]), squeeze=False
    )
    for cell in panels.ravel():
        cell.axis("off")
    low, high = np.quantile(images, [0.002, 0.998])
    for cell, image in zip(panels.ravel(), images, strict=False):
        if symmetric:
            high = np.abs(image).max()
            low = -high
        cell.imshow(image.reshape(shape), cmap=colours, vmin=low, vmax=high)
    return figure


def features_figure(run: NetworkRun) -> Figure:
    """What every hidden unit responds to, the strongest first; each on its own scale."""
    strength = (run.w**2).sum(axis=0)
    order = np.argsort(-strength)[:64]
    return _grid(run.w.T[order], min(16, len(order)), plane(run), "RdBu_r", True)


def samples_figure(run: NetworkRun) -> Figure:
    """Rows of the data above, draws of the network beneath."""
    columns = 16
    data, samples = run.to_data(run.examples[: 3 * columns]), run.to_data(run.samples[: 3 * columns])
    low, high = np.quantile(data, [0.002, 0.998])
    shape = plane(run)
    size = 0.62
    figure, panels = plt.subplots(7, columns, figsize=(size * columns, size * 7 * shape[0] / shape[1]))
    for cell in panels.ravel():
        cell.axis("off")
    for block, images in ((0, data), (4, samples)):
        for k, image in enumerate(images):
            panels[block + k // columns, k % columns].imshow(image.reshape(shape), cmap="gray", vmin=low, vmax=high)
    panels[0, 0].set_title("data", fontsize=8, loc="left")
    panels[4, 0].set_title("network", fontsize=8, loc="left")
    return figure


def histograms_figure(run: NetworkRun) -> Figure:
    data, samples = run.to_data(run.examples), run.to_data(run.samples)
    spread = data.std(axis=0)
    picked = sorted({int(np.argsort(spread)[k * (len(spread) - 1) // 3]) for k in range(4)})
    figure, panels = plt.subplots(1, 1 + len(picked), figsize=(3.2 + 2.1 * len(picked), 2.7), squeeze=False)
    draw_histogram(panels[0, 0], data.ravel(), samples.ravel(), "all units")
    for axes, unit in zip(panels[0, 1:], picked, strict=True):
        draw_histogram(axes, data[:, unit], samples[:, unit], f"unit {unit}")
    panels[0, 0].set_ylim(0, 1.25 * panels[0, 0].get_ylim()[1])
    panels[0, 0].legend(loc="upper right", handlelength=1.4)
    return figure


def moments_figure(run: NetworkRun) -> Figure:
    """Mean, variance and products of pairs, data against draws."""
    figure, panels = plt.subplots(1, 3, figsize=(8, 2.8))
    data, samples = run.examples.astype(float), run.samples.astype(float)
    pairs = np.random.default_rng(0).integers(run.w.shape[0], size=(2, 2000))
    for axes, label, of in (
        (panels[0], r"$\langle\phi_i\rangle$", lambda x: x.mean(0)),
        (panels[1], r"$\mathrm{Var}\,\phi_i$", lambda x: x.var(0)),
        (panels[2], r"$\mathrm{Cov}(\phi_i,\phi_j)$", lambda x: _covariances(x, pairs)),
    ):
        x, y = of(data), of(samples)
        axes.plot(x, y, "o", markersize=2, color=PALE if len(x) > 1000 else BLUE, alpha=0.7)
        span = [min(x.min(), y.min()), max(x.max(), y.max())]
        axes.plot(span, span, color="black", linewidth=0.8)
        axes.set_title(label)
        axes.set_xlabel("data")
    panels[0].set_ylabel("network")
    return figure


def _covariances(x: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    centred = x - x.mean(0)
    return (centred[:, pairs[0]] * centred[:, pairs[1]]).mean(0)


def figures(run: NetworkRun) -> dict[str, Callable[[NetworkRun], Figure]]:
    """Those that the run has data for."""
    found: dict[str, Callable[[NetworkRun], Figure]] = {}
    if len(run.history["epoch"]):
        found["summary"] = summary_figure
    if plane(run) is not None:
        found["features"] = features_figure
        if run.samples is not None:
            found["samples"] = samples_figure
    if run.samples is not None:
        found |= {"histograms": histograms_figure, "moments": moments_figure}
    return found
