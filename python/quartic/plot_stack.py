"""Figures of a run of `quartic fit` of a deep stack: those of its networks, and of the whole."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from . import plot_network
from .plot_style import BLUE, ORANGE, draw_rows, number, untrusted
from .run import StackRun


def _rows_of_the_data(run: StackRun):
    """The network of the data with rows of the whole stack as its samples."""
    return replace(run.layers[0], samples=run.samples)


def summary_figure(run: StackRun) -> Figure:
    """The bound of ln p by the stack up to every layer."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8))
    rows = [("visible", f"{run.layers[0].w.shape[0]} {run.layers[0].units[0]}")]
    rows += [(f"layer {k + 1}", f"{layer.w.shape[1]} {layer.units[1]}") for k, layer in enumerate(run.layers)]
    for name, label, colour in (("bound", "data", BLUE), ("bound_held_out", "held out", ORANGE)):
        if name not in run.bounds or not len(run.bounds[name]):
            continue
        value = run.bounds[name]
        error = np.hypot(run.bounds[f"{name}_error"], run.bounds[f"{name}_rows_error"])
        left.errorbar(
            run.bounds["layer"], value, error, fmt="o-", markersize=3, linewidth=1, capsize=2, color=colour, label=label
        )
        rows.append((rf"$\ln p\,\geq$, {label}", number(value[-1], error[-1])))
    top = run.layers[len(run.bounds["layer"]) - 1].evaluations
    if not top["ok"][-1]:
        rows += untrusted(str(top["reason"][-1]))
    left.set_xlabel("layers of the stack")
    left.set_ylabel(r"lower bound of $\ln p$ a row")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    if left.has_data():
        left.legend(loc="best")
    draw_rows(right, rows)
    figure.suptitle(run.path.name, x=0.01, ha="left", fontsize=9)
    return figure


def layer_figure(run: StackRun, layer: int) -> Figure:
    figure = plot_network.summary_figure(run.layers[layer])
    figure.suptitle(f"{run.path.name}, layer {layer + 1}", x=0.01, ha="left", fontsize=9)
    return figure


def features_figure(run: StackRun, layer: int) -> Figure:
    """What hidden units of a layer see: w of the first, products of w above, times the spread of the data there."""
    spread = run.layers[0].examples.std(axis=0)
    return plot_network.features_figure(replace(run.layers[0], w=spread[:, None] * run.projection(layer)))


def figures(run: StackRun) -> dict[str, Callable[[StackRun], Figure]]:
    """Those that the run has data for."""
    found: dict[str, Callable[[StackRun], Figure]] = {}
    if len(run.bounds["layer"]):
        found["summary"] = summary_figure
    for k, layer in enumerate(run.layers):
        if len(layer.history["epoch"]):
            found[f"layer-{k + 1}"] = partial(layer_figure, layer=k)
            if plot_network.plane(run.layers[0]) is not None:
                found[f"features-{k + 1}"] = partial(features_figure, layer=k + 1)
    if run.samples is not None:
        for name, draw in plot_network.figures(_rows_of_the_data(run)).items():
            if name in ("samples", "histograms", "moments"):
                found[name] = lambda of, draw=draw: draw(_rows_of_the_data(of))
    return found
