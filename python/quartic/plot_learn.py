"""Figures of a run of `quartic learn`."""

from collections.abc import Callable

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullFormatter, NullLocator, StrMethodFormatter

from .plot_style import draw_rows, number, title, untrusted
from .run import FitRun, LearnRun

COLOURS = {"w": "#2b6ca3", "r": "#7a4fa3", "a": "#c8641b", "b": "#2f8a4e"}
SYMBOLS = {"w": "$w_{ij}$", "r": "$r_i$", "a": "$a_i$", "b": "$b_i$"}
PLANAR = ("square", "king", "triangular")


# --- couplings against epochs --------------------------------------------------------------------


def draw_epoch_axis(axes: Axes, run: LearnRun | FitRun, label: bool = True) -> np.ndarray:
    """Epochs from 1 on a logarithmic axis."""
    x = run.history["epoch"] + 1.0
    axes.set_xscale("log")
    last = max(x[-1], 2.0)
    axes.set_xlim(1, last)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0) if last < 50 else (1.0,)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    if last < 50:
        axes.xaxis.set_minor_locator(NullLocator())
    if label:
        axes.set_xlabel("epoch + 1")
    return x


def draw_trajectories(axes: Axes, run: LearnRun | FitRun, kind: str, label: bool = True) -> None:
    """Every coupling of one kind against epochs; what is expected of it dashed."""
    x = draw_epoch_axis(axes, run, label)
    columns = run.kinds[kind]
    theta = run.history["theta"][:, columns]
    n = len(columns)
    alpha, width = (1.0, 1.5) if n == 1 else (max(0.2, min(0.8, 25 / n)), 0.8)
    drawn = np.unique(np.linspace(0, n - 1, min(n, 500)).astype(int))  # more only hide one another
    axes.plot(x, theta[:, drawn], color=COLOURS[kind], alpha=alpha, linewidth=width)
    expected = run.history.get("expected", np.full(theta.shape[1], np.nan))
    if len(expected) == len(run.parameters):
        expected = expected[columns]
    levels = np.unique(np.round(expected[np.isfinite(expected)], 12))
    if 0 < len(levels) <= 8:
        for level in levels:
            axes.axhline(level, color="black", linestyle=(0, (4, 3)), linewidth=0.9)
        if len(levels) == 1:
            axes.set_title(f"expected {levels[0]:g}", loc="right", fontsize=8)
    axes.margins(y=0.08)
    axes.set_ylabel(SYMBOLS[kind] if n > 1 else f"${kind}$")


def couplings_figure(run: LearnRun) -> Figure:
    kinds = list(run.kinds)
    figure, panels = plt.subplots(1, len(kinds), figsize=(2.9 * len(kinds) + 0.3, 2.7), squeeze=False)
    for axes, kind in zip(panels[0], kinds, strict=True):
        draw_trajectories(axes, run, kind)
    return figure


# --- convergence ----------------------------------------------------------------------------------


def draw_series(axes: Axes, run: LearnRun, name: str, ylabel: str, log: bool, label: bool = True) -> None:
    """One column of the history with its error band."""
    x, y = draw_epoch_axis(axes, run, label), run.history[name]
    error = run.history.get(f"{name}_error", np.zeros_like(y))
    low, high = y - error, y + error
    if log and (y > 0).any():
        axes.set_yscale("log")
        floor = y[y > 0].min() / 3
        low = np.maximum(low, floor)
    axes.fill_between(x, low, high, color="#2b6ca3", alpha=0.25, linewidth=0)
    axes.plot(x, y, color="#2b6ca3", linewidth=1.2, marker="o" if len(x) < 20 else None, markersize=3)
    axes.set_ylabel(ylabel)
    if not log:
        axes.set_ylim(0, 1.04)


SERIES: tuple[tuple[str, str, bool], ...] = (
    ("gradient_norm", r"$|\nabla\mathcal{F}|$", True),
    ("action_variance", r"$\mathrm{Var}(A-S)$", True),
    ("weight_ess", "weight ESS", False),
)


def convergence_figure(run: LearnRun) -> Figure:
    figure, panels = plt.subplots(1, 3, figsize=(9, 2.7))
    for axes, (name, ylabel, log) in zip(panels, SERIES, strict=True):
        draw_series(axes, run, name, ylabel, log)
    return figure


# --- overlap --------------------------------------------------------------------------------------


def _weights(run: LearnRun) -> np.ndarray:
    logarithm = (run.action - run.target).ravel()
    weights = np.exp(logarithm - logarithm.max())
    return weights / weights.sum()


def draw_overlap(axes: Axes, run: LearnRun, name: str, symbol: str, legend: bool = True) -> None:
    """Histogram of an action under the learned ensemble and reweighted to the target."""
    values = getattr(run, name).ravel()
    finite = np.isfinite(values)
    low, high = np.quantile(values[finite], [0.0005, 0.9995])
    bins = np.linspace(low, high, int(np.clip(np.sqrt(finite.sum()) / 1.5, 12, 48)) + 1)
    axes.hist(values, bins, density=True, color="#9db9d6", label="learned, $e^{-S}$")
    axes.hist(
        values, bins, density=True, weights=_weights(run), histtype="step", color="black", linewidth=1.1,
        label="reweighted to $e^{-A}$",
    )  # fmt: skip
    axes.set_xlabel(f"${symbol}$")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(0, axes.get_ylim()[1] * (1.3 if legend else 1.05))
    if legend:
        axes.legend(loc="upper right", handlelength=1.4)


def overlap_figure(run: LearnRun) -> Figure:
    figure, panels = plt.subplots(1, 2, figsize=(6.6, 2.8))
    draw_overlap(panels[0], run, "action", "S", legend=False)
    draw_overlap(panels[1], run, "target", "A")
    if "weight_ess" in run.results:
        ess = run.results["weight_ess"]
        panels[0].set_title(f"weight ESS {number(*ess)}", loc="left", fontsize=9)
    return figure


# --- coupling maps --------------------------------------------------------------------------------


def _colour_range(values: np.ndarray) -> tuple[float, float]:
    """At least one per cent to either side of the middle, so that equal couplings look equal."""
    low, high = float(values.min()), float(values.max())
    middle = (low + high) / 2
    half = max((high - low) / 2, 0.01 * abs(middle), 1e-12)
    return middle - half, middle + half


def _frame(axes: Axes, extent: tuple[int, ...]) -> None:
    axes.set_xlim(-0.6, extent[1] - 0.4)
    axes.set_ylim(extent[0] - 0.4, -0.6)
    axes.set_aspect("equal")
    axes.tick_params(length=0)
    for direction, n in ((axes.xaxis, extent[1]), (axes.yaxis, extent[0])):
        direction.set_major_locator(MaxNLocator(5, integer=True) if n > 8 else FixedLocator(range(n)))
    for spine in axes.spines.values():
        spine.set_visible(False)


def draw_bond_map(axes: Axes, run: LearnRun | FitRun):
    """Couplings of the edges as coloured lines; an edge around the boundary as two halves."""
    model = run.model
    extent = np.array(model.extent)
    first, second = (np.stack(np.unravel_index(model.edges[:, k], extent), axis=-1) for k in (0, 1))
    step = second - first
    wrapped = step - extent * np.round(step / extent).astype(int)
    wrapped = np.where(np.abs(step) > 1, wrapped, step)
    segments, values = [], []
    for start, end, whole, short, value in zip(first, second, step, wrapped, model.w, strict=True):
        if (whole == short).all():
            pieces = [(start, end)]
        else:
            pieces = [(start, start + short / 2), (end, end - short / 2)]
        for piece in pieces:
            segments.append([point[::-1] for point in piece])
            values.append(value)
    low, high = _colour_range(model.w)
    lines = LineCollection(segments, cmap="viridis", norm=plt.Normalize(low, high), capstyle="round")
    lines.set_array(np.array(values))
    lines.set_linewidth(float(np.clip(26 / max(model.extent), 1.2, 5)))
    axes.add_collection(lines)
    sites = np.stack(np.unravel_index(np.arange(model.sites), extent), axis=-1)
    axes.scatter(sites[:, 1], sites[:, 0], s=float(np.clip(90 / max(model.extent), 2, 18)), color="#333333", zorder=3)
    _frame(axes, model.extent)
    return lines


def draw_site_map(axes: Axes, run: LearnRun | FitRun, kind: str):
    values = getattr(run.model, kind)
    low, high = _colour_range(values)
    image = axes.imshow(values.reshape(run.model.extent), vmin=low, vmax=high, cmap="viridis")
    _frame(axes, run.model.extent)
    return image


def draw_strip(axes: Axes, run: LearnRun | FitRun, kind: str) -> None:
    """Final couplings of one kind in order, with errors; what is expected of them dashed."""
    columns = run.kinds[kind]
    values, errors = run.history["theta"][-1, columns], run.error_of(kind)
    order = np.arange(len(values))
    axes.errorbar(
        order, values, None if errors is None else np.nan_to_num(errors), fmt="o", markersize=2.5,
        color=COLOURS[kind], elinewidth=0.7,
    )  # fmt: skip
    expected = run.history.get("expected")
    if expected is not None and np.isfinite(expected[columns]).any():
        axes.plot(order, expected[columns], color="black", linestyle=(0, (4, 3)), linewidth=0.9)
    low, high = _colour_range(np.append(values + np.nan_to_num(errors), values - np.nan_to_num(errors)))
    axes.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("edge" if kind == "w" else "site")
    axes.set_ylabel(SYMBOLS[kind])


def maps_figure(run: LearnRun | FitRun) -> Figure:
    model = run.model
    planar = model.lattice in PLANAR and len(model.extent) == 2 and min(model.extent) > 1
    if not planar:
        kinds = list(run.kinds)
        figure, panels = plt.subplots(len(kinds), 1, figsize=(6.4, 1.7 * len(kinds) + 0.3), squeeze=False)
        for axes, kind in zip(panels[:, 0], kinds, strict=True):
            draw_strip(axes, run, kind)
        return figure
    kinds = [kind for kind in ("w", "r", "a", "b") if kind == "w" or np.ptp(getattr(model, kind)) or kind in run.kinds]
    figure, panels = plt.subplots(1, len(kinds), figsize=(3.1 * len(kinds), 2.8), squeeze=False)
    for axes, kind in zip(panels[0], kinds, strict=True):
        drawn = draw_bond_map(axes, run) if kind == "w" else draw_site_map(axes, run, kind)
        bar = figure.colorbar(drawn, ax=axes, shrink=0.82, pad=0.03)
        bar.outline.set_visible(False)
        bar.ax.ticklabel_format(useOffset=False)
        bar.ax.yaxis.set_major_locator(MaxNLocator(5))
        axes.set_title(SYMBOLS[kind])
    return figure


# --- summary --------------------------------------------------------------------------------------


TABLE = (
    ("target_free_energy", "$F_A$"),
    ("variational_free_energy", r"$\mathcal{F}$, the bound"),
    ("gap", r"gap $\mathcal{F}-F_A$"),
    ("half_variance", r"$\frac{1}{2}\mathrm{Var}(A-S)$"),
    ("weight_ess", "weight ESS"),
)


def draw_table(axes: Axes, run: LearnRun) -> None:
    rows = [(label, number(*run.results[name])) for name, label in TABLE if name in run.results]
    reason = str(run.verdict.get("stop_reason", "")).replace("_", " ")
    if reason:
        rows.append(("stopped", reason))
    if run.results and not run.verdict.get("ok", 1):
        rows += untrusted(str(run.verdict.get("reason", "")))
    draw_rows(axes, rows)


def summary_figure(run: LearnRun) -> Figure:
    kinds = list(run.kinds)
    wide = max(3, len(kinds))
    figure, panels = plt.subplots(2, wide, figsize=(2.9 * wide + 0.2, 5))
    for axes, kind in zip(panels[0], kinds, strict=False):
        draw_trajectories(axes, run, kind)
    draw_series(panels[1, 0], run, "action_variance", r"$\mathrm{Var}(A-S)$", True)
    if run.target is not None:
        draw_overlap(panels[1, 1], run, "target", "A")
    else:
        draw_series(panels[1, 1], run, "weight_ess", "weight ESS", False)
    draw_table(panels[1, 2], run)
    for axes in [*panels[0, len(kinds) :], *panels[1, 3:]]:
        axes.axis("off")
    figure.suptitle(title(run), x=0.01, ha="left", fontsize=9)
    return figure


def figures(run: LearnRun) -> dict[str, Callable[[LearnRun], Figure]]:
    """Those that the run has data for."""
    found = {}
    if run.kinds:
        found |= {"summary": summary_figure, "couplings": couplings_figure, "convergence": convergence_figure}
    if run.target is not None:
        found["overlap"] = overlap_figure
    if run.kinds:
        found["maps"] = maps_figure
    return found
