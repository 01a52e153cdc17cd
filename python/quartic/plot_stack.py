"""Figures of a run of `quartic fit` of a deep stack: those of its networks, and of the whole."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from . import plot_network
from .plot_panels import draw_judged, draw_rows, plane, untrusted
from .plot_style import BLUE, ORANGE, head, number
from .run import StackRun


def summary_figure(run: StackRun) -> Figure:
    """The bound of ln p by the stack up to every layer."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8))
    rows = [("visible", f"{run.layers[0].w.shape[0]} {run.layers[0].units[0]}")]
    rows += [(f"layer {k + 1}", f"{layer.w.shape[1]} {layer.units[1]}") for k, layer in enumerate(run.layers)]
    for name, label, colour in (("bound", "data", BLUE), ("bound_held_out", "held out", ORANGE)):
        value = run.bounds.get(name, np.empty(0))
        if value.size:
            error = np.hypot(run.bounds[f"{name}_error"], run.bounds[f"{name}_rows_error"])
            draw_judged(left, run.bounds["layer"], value, value - error, value + error, colour, label)
            rows.append((rf"$\ln p\,\geq$, {label}", number(value[-1], error[-1])))
    top = run.layers[len(run.bounds["layer"]) - 1].evaluations
    rows += [] if top["ok"][-1] else untrusted(str(top["reason"][-1]))
    left.set(xlabel="layers of the stack", ylabel=r"lower bound of $\ln p$ a row")
    left.legend(loc="best")
    draw_rows(right, rows)
    return head(figure, run.path.name)


def figures(run: StackRun) -> Iterator[tuple[str, Figure]]:
    """Those that the run has data for. What hidden units of a layer see: w of the first, products of w above, times the
    spread of the data there."""
    data = run.layers[0]
    if len(run.bounds["layer"]):
        yield "summary", summary_figure(run)
    for k, layer in enumerate(run.layers, 1):
        if len(layer.history["epoch"]):
            yield f"layer-{k}", head(plot_network.summary_figure(layer), f"{run.path.name}, layer {k}")
            if plane(data.shape, len(data.w)) is not None:
                seen = data.examples.std(axis=0)[:, None] * run.projection(k)
                yield f"features-{k}", plot_network.features_figure(replace(data, w=seen))
    if run.samples is not None:
        yield from plot_network.sample_figures(replace(data, samples=run.samples))
