"""Figures of a run of `quartic learn`, and what those of `quartic fit` share with them: couplings."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .data_runs import FieldResult
from .plot_maps import maps_figure
from .plot_panels import Row, draw_band, draw_rows, draw_two_histograms, figure_of, rows_of_checks, untrusted
from .plot_style import BLUE, COLOURS, DASHED, GREY, SYMBOLS_OF_KINDS, decades, epochs, head, number, title
from .runs import LearnResult

Learned = LearnResult | FieldResult
HISTORY = {
    "gradient_norm": r"$|\nabla\mathcal{F}|$",
    "action_variance": r"$\mathrm{Var}(A-S)$",
    "weight_ess": "weight ESS",
}
ROUNDING = 1e-13  # of what it began with, below which a number of the history is none

# --- history --------------------------------------------------------------------------------------


def draw_epoch_axis(axes: Axes, run: Learned) -> np.ndarray:
    x = run.array("history/epoch").astype(float)
    epochs(axes, max([1.0, *x[-1:]]))  # of a run that was stopped in its warm-up there are none
    return x


def draw_trajectories(axes: Axes, run: Learned, kind: str) -> None:
    """Every coupling of one kind against epochs; what is expected of it dashed, beside the panel the error of one."""
    x, columns = draw_epoch_axis(axes, run), run.kinds[kind]
    n = len(columns)
    alpha, width = (1.0, 1.5) if n == 1 else (max(0.2, min(0.8, 25 / n)), 0.8)
    drawn = np.unique(np.linspace(0, n - 1, min(n, 500)).astype(int))  # more only hide one another
    theta = run.array("history/theta")[:, columns][:, drawn]
    axes.plot(x, theta, color=COLOURS[kind], alpha=alpha, linewidth=width, marker="." if n == 1 and len(x) < 20 else "")
    if n == 1 and len(x) and run.theta_error[columns[0]] > 0:  # that of the last epoch is known
        axes.errorbar(x[-1], theta[-1, 0], run.theta_error[columns[0]], color=COLOURS[kind], capsize=2)
    elif n > 1 and len(x):
        error = float(np.sqrt(np.mean(run.theta_error[columns] ** 2)))
        if error > 1e-3 * np.ptp(axes.get_ylim()):  # else nothing is to be seen of it
            style: dict[str, Any] = {"color": "black", "capsize": 2, "elinewidth": 0.8, "capthick": 0.8}
            beside = axes.get_yaxis_transform()  # the panel
            axes.errorbar(1.03, np.median(theta[-1]), error, transform=beside, clip_on=False, **style)
    expected = run.expected[columns]
    levels = np.unique(np.round(expected[np.isfinite(expected)], 12))
    if len(levels) <= 8:
        for level in levels:
            axes.axhline(level, **DASHED)
    if len(levels) == 1:
        axes.set_title(f"dashed: expected, {levels[0]:g}", loc="right", fontsize=8)
    axes.margins(y=0.08)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.set_ylabel(SYMBOLS_OF_KINDS[kind] if n > 1 else f"${kind}$")


def draw_history(axes: Axes, run: Learned, name: str, label: str = "") -> None:
    """One column of the history with its error band; shares between 0 and 1 linearly, else logarithmically."""
    share = name == "weight_ess"
    x = draw_epoch_axis(axes, run)
    y, error = run.array(f"history/{name}"), run.array(f"history/{name}_error")
    floor = 0 if share else ROUNDING * np.nanmax(y, initial=0)
    draw_band(axes, x, np.maximum(y, floor), error, BLUE, log=not share)
    if (y < floor).any():
        axes.axhline(floor, color=GREY, linestyle=":", linewidth=0.9)
        axes.text(0.98, 0.07, "0, to rounding", transform=axes.transAxes, ha="right", fontsize=8, color=GREY)
    axes.set_ylabel(label or HISTORY[name])
    if share:
        axes.set_ylim(0, 1.04)
    else:
        decades(axes)


def draw_summary(run: Learned, rows: Iterable[Row]) -> tuple[Figure, Axes, Axes]:
    """Couplings above; beneath two panels to draw in, and the results with the verdict of the checks."""
    kinds = list(run.kinds)
    width = 2.9 * max(3, len(kinds)) + 0.2
    figure = plt.figure(figsize=(width, 5.4))
    top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=[1, 1.1])[:, 0]
    for axes, kind in zip(top.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        draw_trajectories(axes, run, kind)
    left, right, table = bottom.subplots(1, 3, width_ratios=[1, 1, 1.15])
    results = run.arrays("results")
    last = max([0, *run.array("history/epoch")[-1:]])
    shown: list[Row] = [*rows, ("epochs", f"{last}, {run.stop_reason.replace('_', ' ')}")]
    if not results.get("ok", 1):
        shown += untrusted(str(results["reason"]))
    draw_rows(table, [*shown, *rows_of_checks(run)])
    head(top, title(run))
    return figure, left, right


# --- the run --------------------------------------------------------------------------------------

RESULTS = {
    "target_free_energy": "$F_A$",
    "variational_free_energy": r"$\mathcal{F}\geq F_A$, the bound",
    "gap": r"$\mathcal{F}-F_A=\mathrm{KL}(p\Vert q)$",
    "half_variance": r"$\frac{1}{2}\mathrm{Var}(A-S)$",
    "weight_ess": "weight ESS",
    "annealing_ess": "ESS of annealing",
}


def certificate_rows(run: LearnResult) -> list[Row]:
    """What the certificate says, numbers that are nothing but rounding as 0."""
    estimates = run.estimates
    scale = abs(estimates["variational_free_energy"].value) if "variational_free_energy" in estimates else 0.0
    rows: list[Row] = [(label, number(*estimates[name], scale)) for name, label in RESULTS.items() if name in estimates]
    return rows or [("no certificate", "")]


def draw_overlap(axes: Axes, run: LearnResult, name: str) -> None:
    """Histogram of S or A under the learned ensemble and reweighted to the target."""
    action, target = (run.array(f"posterior/{of}").ravel() for of in ("action", "target"))
    values = target if name == "target" else action
    finite = values[np.isfinite(values)]
    most = int(np.clip(np.sqrt(finite.size) / 1.5, 12, 48))
    low, high = np.quantile(finite, [0.0005, 0.9995])
    bins = np.linspace(low, high, most + 1)
    logarithm = action - target
    first = {"x": values, "label": "learned, $e^{-S}$"}
    second = {"x": values, "label": "reweighted to $e^{-A}$", "weights": np.exp(logarithm - logarithm.max())}
    draw_two_histograms(axes, first, second, bins, "$A$" if name == "target" else "$S$", legend=name == "target")
    if name == "action" and "weight_ess" in run.estimates:
        axes.set_title(f"weight ESS {number(*run.estimates['weight_ess'])}", loc="left", fontsize=9)


def summary_figure(run: LearnResult) -> Figure:
    figure, left, right = draw_summary(run, certificate_rows(run))
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
