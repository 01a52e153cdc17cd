"""Figures of a run of `quartic fit` of a deep stack: those of its networks, and of the whole."""

from collections.abc import Iterator
from itertools import accumulate

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from . import plot_network
from .data_runs import StackResult
from .plot_panels import Row, draw_judged, draw_rows, rows_of_checks, untrusted
from .plot_style import BLUE, ORANGE, file_name, head, number


def summary_figure(run: StackResult) -> Figure:
    """The bound of ln p by the stack up to every layer, in the units of the data."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3))
    bounds, networks = run.arrays("results"), run.networks
    units = float(run.scaling.log_jacobian(run.to_data(run.examples).astype(float)).mean())
    rows: list[Row] = [("visible", f"{networks[0].w.shape[0]} {networks[0].visible}")]
    rows += [(f"layer {k}", f"{network.w.shape[1]} {network.hidden}") for k, network in enumerate(networks, 1)]
    for name, label, colour in (("bound", "data", BLUE), ("bound_held_out", "held out", ORANGE)):
        value = bounds.get(name, np.empty(0)) + units
        if value.size:
            error = np.hypot(bounds[f"{name}_error"], bounds[f"{name}_rows_error"])
            held_out = name != "bound"
            x = bounds["layer"] + 0.04 * held_out  # lest error bars hide one another
            draw_judged(left, x, value, value - error, value + error, colour, label, "s" if held_out else "o")
            rows.append((rf"$\ln p\,\geq$, {label}", number(value[-1], error[-1])))
    top = run.arrays(f"layer_{len(bounds['layer'])}/evaluations")
    rows += [] if top["ok"][-1] else untrusted(str(top["reason"][-1]))
    left.set(xlabel="layers of the stack", ylabel=r"lower bound of $\ln p$ a row")
    left.set_xlim(0.8, bounds["layer"][-1] + 0.24)
    left.legend(loc="best")
    draw_rows(right, [*rows, *rows_of_checks(run)])
    return head(figure, file_name(run))


def figures(run: StackResult) -> Iterator[tuple[str, Figure]]:
    """Those that the run has data for. What hidden units of a layer see: w of the first, products of w above, times the
    spread of the data there."""
    if run.bounds["layer"].size:
        yield "summary", summary_figure(run)
    projections = accumulate((network.w for network in run.networks), np.matmul)
    for k, (network, projection) in enumerate(zip(run.networks, projections, strict=True), 1):
        history, evaluations = (run.arrays(f"layer_{k}/{group}") for group in ("history", "evaluations"))
        if len(history["epoch"]):
            text = f"{file_name(run)}, layer {k}"
            yield f"layer-{k}", plot_network.summary_figure(network, history, evaluations, text)
            seen = run.examples.std(axis=0)[:, None] * projection
            label = "$w$" if k == 1 else r"$\prod w$"
            yield f"features-{k}", plot_network.features_figure(run, seen, text, f"{label} × deviation of the column")
    yield from plot_network.sample_figures(run)
