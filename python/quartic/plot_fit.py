"""Figures of a run of `quartic fit`."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .data_runs import FieldResult
from .plot_learn import draw_epoch_axis, draw_summary
from .plot_maps import hidden_weights, maps_figure
from .plot_panels import (
    Row,
    comparison_figure,
    draw_band,
    fields_figure,
    histograms_figure,
    images_figure,
    labels,
    pairs_figure,
    plane,
    spread_columns,
    table_of_weights,
)
from .plot_style import DASHED, DATA, decades, head, number, short, title

MOMENTS = (
    r"$\langle\phi_i\phi_j\rangle$",
    r"$\langle\phi_i\rangle$",
    r"$\langle\phi_i^2\rangle$",
    r"$\langle\phi_i^4\rangle$",
)
RESULTS = {
    "log_likelihood": r"$\langle\ln p\rangle$, data",
    "held_out_log_likelihood": r"$\langle\ln p\rangle$, held out",
    "pseudo_likelihood": "pseudo-likelihood",
    "score_matching": "score matching",
    "free_energy": "$F$",
    "annealing_ess": "ESS of annealing",
}
COLUMNS = 8  # of samples


def draw_gain(axes: Axes, run: FieldResult) -> None:
    """ln p per row against epochs, since the start."""
    x = draw_epoch_axis(axes, run)
    for prefix, label, colour in DATA:
        gain, error = (run.array(f"history/{prefix}gain{end}") for end in ("", "_error"))
        if np.isfinite(gain).any():
            draw_band(axes, x, gain, error, colour, label)
    axes.set_ylabel(r"gain of $\ln p$ a row")
    axes.legend(loc="lower right")


def _chi2_afterwards(run: FieldResult, prefix: str) -> float | None:
    """Of the evaluation, whose chains have more draws than those of an epoch."""
    z = run.arrays("results").get(f"{prefix}moment_z")
    return None if z is None else float(np.nanmean(z**2))


def draw_chi2(axes: Axes, run: FieldResult) -> None:
    """How far the moments of the chains are from those of the data, in their errors: 1 is no further than noise."""
    x = draw_epoch_axis(axes, run)
    for prefix, label, colour in DATA:
        chi2 = run.array(f"history/{prefix}chi2")
        if np.isfinite(chi2).any():
            draw_band(axes, x, chi2, 0 * chi2, colour, label, log=True)
    last = x[-1:]
    for prefix, _, colour in DATA:
        if (value := _chi2_afterwards(run, prefix)) is not None and len(last):
            axes.plot(last, value, "D", color=colour, markerfacecolor="white", markersize=5, zorder=4)
            axes.set_title("◇ afterwards, by more draws", loc="right", fontsize=8)
    axes.axhline(1, **DASHED)
    axes.set_ylabel(r"$\chi^2$ a moment")
    axes.legend(loc="best")
    decades(axes)


def summary_figure(run: FieldResult) -> Figure:
    estimates = run.estimates
    rows: list[Row] = [(label, number(*estimates[name])) for name, label in RESULTS.items() if name in estimates]
    rows += [
        (f"◇ $\\chi^2$ a moment, {label}", short(value))
        for prefix, label, _ in DATA
        if (value := _chi2_afterwards(run, prefix)) is not None
    ]
    figure, left, right = draw_summary(run, rows)
    draw_gain(left, run)
    draw_chi2(right, run)
    return figure


def densities_figure(run: FieldResult) -> Figure:
    """Densities of data and model, of all sites and of a few; of a table's columns."""
    data = run.to_data(run.examples)
    columns = data.shape[1]
    model = run.to_data(run.phi).reshape(-1, columns)
    if table := "column" in run.arrays("data"):  # which have no density in common
        picked = spread_columns(data, 6)
    else:
        picked = sorted({k * columns // 3 for k in range(3)} | {columns - 1})
    if len(data) <= 50 or columns == 1:
        picked = []
    return histograms_figure(data, model, picked, labels(run, "site "), together=not table)


def samples_figure(run: FieldResult, shape: tuple[int, int]) -> Figure:
    """Rows of the data, and chains at epochs 0, 1, 2, 4, ...; the last row: the learned ensemble."""
    snapshots = zip(run.array("history/snapshot"), run.array("history/phi"), strict=True)
    rows = [("data", run.examples)] + [(f"epoch {epoch}", phi) for epoch, phi in snapshots]
    if "posterior" in run.data:
        rows.append(("learned", run.phi[:, -1]))
    if len(rows) > 8:  # the first, the last, and some between
        rows = [rows[k] for k in np.unique(np.linspace(0, len(rows) - 1, 8).astype(int))]
    low, high = np.quantile(run.to_data(run.examples), [0.002, 0.998])
    margin = 0.15 * (high - low)
    images = [(label, run.to_data(phi[:COLUMNS])) for label, phi in rows]
    return images_figure(images, shape, 1.0, cmap="gray", vmin=low - margin, vmax=high + margin)


def _shape(run: FieldResult) -> tuple[int, int] | None:
    """Of a row as an image, where it is one or lives on a planar lattice."""
    sites = run.examples.shape[1]
    return plane(run.row_shape, sites) or plane(run.extent, sites)


def moments_figure(run: FieldResult) -> Figure:
    moments, graph = run.arrays("results"), run.action.graph
    prefix, xlabel = ("held_out_", "held out") if "held_out_moment_z" in moments else ("", "data")
    names = (f"{prefix}moment_data", "moment_model", f"{prefix}moment_data_error", "moment_model_error")
    ends = len(graph.edges) + np.array([0, graph.sites, graph.sites + run.examples.shape[1]])
    parts = np.split(np.stack([moments[name] for name in names]), ends, axis=1)
    shown = {name: part for name, part in zip(MOMENTS, parts, strict=True) if part.size}
    return comparison_figure(shown, xlabel, "model", f"({xlabel} − model) / error", moments[f"{prefix}moment_z"])


def true_figure(run: FieldResult) -> Figure:
    """Learned against true couplings, where the data came from a run."""
    expected, theta, errors = run.expected, run.theta, run.theta_error
    parts = {f"${kind}$": (expected[of], theta[of], 0 * theta[of], errors[of]) for kind, of in run.kinds.items()}
    return comparison_figure(parts, "true", "learned", "(learned − true) / error", (theta - expected) / errors)


def units_figure(run: FieldResult) -> Figure:
    """What the hidden units are coupled to."""
    weights, shape = hidden_weights(run), _shape(run)
    if shape:
        return fields_figure(weights, shape, "couplings w")
    return head(table_of_weights(weights, labels(run), "$w_{ij}$"), title(run))


def figures(run: FieldResult) -> Iterator[tuple[str, Figure]]:
    """Those that the run has data for."""
    if run.data["history/epoch"].size:
        yield "summary", summary_figure(run)
        yield "maps", maps_figure(run)
        if "hidden_units" in run.data["model"].attrs:
            yield "features", units_figure(run)
    if shape := _shape(run):
        yield "samples", samples_figure(run, shape)
    if "posterior" in run.data:
        if shape is None:
            yield "pairs", pairs_figure(run.to_data(run.examples), run.to_data(run.phi[:, -1]), labels(run))
        yield "histograms", densities_figure(run)
        yield "moments", moments_figure(run)
    if np.isfinite(run.expected).all():
        yield "true-couplings", true_figure(run)
