"""Figures of a run of `quartic learn`, and what those of `quartic fit` share with them: couplings."""

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullLocator

from ._quartic import Action
from .plot_panels import draw_band, draw_rows, draw_two_histograms, figure_of, untrusted
from .plot_style import BLUE, DASHED, GREEN, ORANGE, PURPLE, head, number, plain, title, whole
from .runs import FieldResult, LearnResult

Learned = LearnResult | FieldResult
COLOURS = {"w": BLUE, "r": PURPLE, "a": ORANGE, "b": GREEN}
SYMBOLS = {"w": "$w_{ij}$", "r": "$r_i$", "a": "$a_i$", "b": "$b_i$"}
HISTORY = {
    "gradient_norm": r"$|\nabla\mathcal{F}|$",
    "action_variance": r"$\mathrm{Var}(A-S)$",
    "weight_ess": "weight ESS",
}
PLANAR = ("square", "king", "triangular")

# --- history --------------------------------------------------------------------------------------


def draw_epoch_axis(axes: Axes, run: Learned) -> np.ndarray:
    """Epochs from 1 on a logarithmic axis."""
    x = run.array("history/epoch") + 1.0
    last = max([2.0, *x[-1:]])  # of a run that was stopped in its warm-up there are none
    axes.set(xscale="log", xlim=(1, last), xlabel="epoch + 1")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0) if last < 50 else (1.0,)))
    plain(axes.xaxis)
    if last < 50:
        axes.xaxis.set_minor_locator(NullLocator())
    return x


def draw_trajectories(axes: Axes, run: Learned, kind: str) -> None:
    """Every coupling of one kind against epochs; what is expected of it dashed."""
    x, columns = draw_epoch_axis(axes, run), run.kinds[kind]
    n = len(columns)
    alpha, width = (1.0, 1.5) if n == 1 else (max(0.2, min(0.8, 25 / n)), 0.8)
    drawn = np.unique(np.linspace(0, n - 1, min(n, 500)).astype(int))  # more only hide one another
    theta = run.array("history/theta")[:, columns][:, drawn]
    axes.plot(x, theta, color=COLOURS[kind], alpha=alpha, linewidth=width)
    expected = run.expected[columns]
    levels = np.unique(np.round(expected[np.isfinite(expected)], 12))
    if len(levels) <= 8:
        for level in levels:
            axes.axhline(level, **DASHED)
    if len(levels) == 1:
        axes.set_title(f"expected {levels[0]:g}", loc="right", fontsize=8)
    axes.margins(y=0.08)
    axes.set_ylabel(SYMBOLS[kind] if n > 1 else f"${kind}$")


def draw_history(axes: Axes, run: Learned, name: str, label: str = "") -> None:
    """One column of the history with its error band; shares between 0 and 1 linearly, else logarithmically."""
    share = name == "weight_ess"
    x = draw_epoch_axis(axes, run)
    draw_band(axes, x, run.array(f"history/{name}"), run.array(f"history/{name}_error"), BLUE, log=not share)
    axes.set_ylabel(label or HISTORY[name])
    if share:
        axes.set_ylim(0, 1.04)


def draw_summary(run: Learned, labels: dict[str, str], more: Iterable = ()) -> tuple[Figure, Axes, Axes]:
    """Couplings above; beneath the results with the verdict, and two panels to draw in."""
    wide = max(3, len(run.kinds))
    figure, panels = plt.subplots(2, wide, figsize=(2.9 * wide + 0.2, 5))
    for axes in [*panels[0, len(run.kinds) :], *panels[1, 3:]]:
        axes.axis("off")
    for axes, kind in zip(panels[0], run.kinds, strict=False):
        draw_trajectories(axes, run, kind)
    results, estimates = run.arrays("results"), run.estimates
    rows = [(label, number(*estimates[name])) for name, label in labels.items() if name in estimates]
    rows += [*more, ("stopped", run.stop_reason.replace("_", " "))]
    if not results.get("ok", 1):
        rows += untrusted(str(results["reason"]))
    draw_rows(panels[1, 2], rows)
    return head(figure, title(run)), *panels[1, :2]


# --- coupling maps --------------------------------------------------------------------------------


def _colour_range(values: np.ndarray) -> tuple[float, float]:
    """At least one per cent to either side of the middle, so that equal couplings look equal."""
    low, high = float(values.min()), float(values.max())
    middle = (low + high) / 2
    half = max((high - low) / 2, 0.01 * abs(middle), 1e-12)
    return middle - half, middle + half


def draw_bond_map(axes: Axes, action: Action) -> LineCollection:
    """Couplings of the edges as coloured lines, each as two halves, which an edge around the boundary has apart."""
    extent = np.array(action.graph.extent)
    first, second = (np.stack(np.unravel_index(sites, extent), axis=-1) for sites in action.graph.edges.T)
    step = second - first
    half = np.where(np.abs(step) > 1, step - extent * np.round(step / extent), step) / 2
    halves = np.stack([first, first + half, second, second - half], axis=1).reshape(-1, 2, 2)
    lines = LineCollection(halves[..., ::-1], capstyle="round")
    lines.set_array(np.repeat(action.w, 2))
    lines.set_linewidth(float(np.clip(26 / max(extent), 1.2, 5)))
    axes.add_collection(lines)
    row, column = np.indices(extent)
    if max(extent) <= 32:  # else they would hide the edges
        axes.scatter(column, row, s=min(90 / max(extent), 18), color="#333333", zorder=3)
    return lines


def draw_map(axes: Axes, run: Learned, kind: str) -> None:
    values, (rows, columns) = getattr(run.action, kind), run.extent
    drawn = draw_bond_map(axes, run.action) if kind == "w" else axes.imshow(values.reshape(rows, columns))
    drawn.set(cmap="viridis", clim=_colour_range(values))
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal", title=SYMBOLS[kind])
    axes.tick_params(length=0)
    for direction, n in ((axes.xaxis, columns), (axes.yaxis, rows)):
        direction.set_major_locator(MaxNLocator(5, integer=True) if n > 8 else FixedLocator(range(n)))
    axes.spines[:].set_visible(False)
    bar = axes.figure.colorbar(drawn, ax=axes, shrink=0.82, pad=0.03)
    bar.outline.set_visible(False)
    bar.ax.ticklabel_format(useOffset=False)
    bar.ax.yaxis.set_major_locator(MaxNLocator(5))


def draw_strip(axes: Axes, run: Learned, kind: str) -> None:
    """Final couplings of one kind in order, with errors; what is expected of them dashed."""
    columns = run.kinds[kind]
    values, errors = run.array("history/theta")[-1, columns], np.nan_to_num(run.theta_error[columns])
    axes.errorbar(range(len(values)), values, errors, fmt="o", markersize=2.5, color=COLOURS[kind], elinewidth=0.7)
    axes.plot(run.expected[columns], **DASHED)
    low, high = _colour_range(np.append(values + errors, values - errors))
    axes.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
    axes.ticklabel_format(axis="y", useOffset=False)
    whole(axes, 6)
    axes.set(xlabel="edge" if kind == "w" else "site", ylabel=SYMBOLS[kind])


def maps_figure(run: Learned) -> Figure:
    """On a planar lattice maps, else strips, in which hidden units have their place."""
    planar = run.data["model"].attrs["lattice"] in PLANAR and "hidden_units" not in run.data["model"].attrs
    if not planar or len(run.extent) != 2 or min(run.extent) == 1:
        return figure_of(run, [partial(draw_strip, kind=kind) for kind in run.kinds], 6.4, 1.8, stacked=True)
    shown = [kind for kind in COLOURS if kind == "w" or np.ptp(getattr(run.action, kind)) or kind in run.kinds]
    return figure_of(run, [partial(draw_map, kind=kind) for kind in shown], 3.1, 2.8)


# --- the run --------------------------------------------------------------------------------------

RESULTS = {
    "target_free_energy": "$F_A$",
    "variational_free_energy": r"$\mathcal{F}$, the bound",
    "gap": r"gap $\mathcal{F}-F_A$",
    "half_variance": r"$\frac{1}{2}\mathrm{Var}(A-S)$",
    "weight_ess": "weight ESS",
}


def draw_overlap(axes: Axes, run: LearnResult, name: str) -> None:
    """Histogram of S or A under the learned ensemble and reweighted to the target."""
    action, target = (run.array(f"posterior/{of}").ravel() for of in ("action", "target"))
    values = target if name == "target" else action
    finite = values[np.isfinite(values)]
    most = int(np.clip(np.sqrt(finite.size) / 1.5, 12, 48))
    bins = np.linspace(*np.quantile(finite, [0.0005, 0.9995]), most + 1)
    logarithm = action - target
    first = {"x": values, "label": "learned, $e^{-S}$"}
    second = {"x": values, "label": "reweighted to $e^{-A}$", "weights": np.exp(logarithm - logarithm.max())}
    draw_two_histograms(axes, first, second, bins, "$A$" if name == "target" else "$S$", legend=name == "target")
    if name == "action" and "weight_ess" in run.estimates:
        axes.set_title(f"weight ESS {number(*run.estimates['weight_ess'])}", loc="left", fontsize=9)


def summary_figure(run: LearnResult) -> Figure:
    figure, left, right = draw_summary(run, RESULTS)
    draw_history(left, run, "action_variance")
    if "posterior" in run.data:
        draw_overlap(right, run, "target")
    else:
        draw_history(right, run, "weight_ess")
    return figure


def figures(run: LearnResult) -> Iterator[tuple[str, Figure]]:
    """Those that the run has data for."""
    if run.kinds:
        yield "summary", summary_figure(run)
        yield "couplings", figure_of(run, [partial(draw_trajectories, kind=kind) for kind in run.kinds], 3, 2.7)
        yield "convergence", figure_of(run, [partial(draw_history, name=name) for name in HISTORY], 3, 2.7)
        yield "maps", maps_figure(run)
    if "posterior" in run.data:
        both = [partial(draw_overlap, name=name) for name in ("action", "target")]
        yield "overlap", figure_of(run, both, 3.3, 2.8)
