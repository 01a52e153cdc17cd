"""Figures of a run of `quartic fit`."""

from collections.abc import Callable

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .plot_learn import draw_epoch_axis, draw_trajectories, maps_figure
from .plot_style import BLUE, GREEN, ORANGE, PALE, draw_histogram, draw_rows, number, title, untrusted
from .run import FitRun

MOMENTS = (
    ("w", r"$\langle\phi_i\phi_j\rangle$"),
    ("r", r"$\langle\phi_i\rangle$"),
    ("a", r"$\langle\phi_i^2\rangle$"),
    ("b", r"$\langle\phi_i^4\rangle$"),
)


def _moment_ranges(run: FitRun) -> dict[str, slice]:
    edges, sites = len(run.model.edges), run.model.sites
    bounds = [0, edges, edges + sites, edges + 2 * sites, edges + 3 * sites]
    return {kind: slice(bounds[k], bounds[k + 1]) for k, (kind, _) in enumerate(MOMENTS)}


# --- the climb ------------------------------------------------------------------------------------


def draw_gain(axes: Axes, run: FitRun) -> None:
    """ln p per row against epochs, since the start."""
    x = draw_epoch_axis(axes, run)
    for name, label, colour in (("gain", "data", BLUE), ("held_out_gain", "held out", ORANGE)):
        y, error = run.history[name], run.history["gain_error"]  # the rows' error is common to all epochs
        if not np.isfinite(y).any():
            continue
        axes.fill_between(x, y - error, y + error, color=colour, alpha=0.25, linewidth=0)
        axes.plot(x, y, color=colour, linewidth=1.2, marker="o" if len(x) < 20 else None, markersize=3, label=label)
    axes.set_ylabel(r"gain of $\ln p$ a row")
    axes.legend(loc="lower right")


def draw_gradient(axes: Axes, run: FitRun) -> None:
    x = draw_epoch_axis(axes, run)
    y, error = run.history["gradient_norm"], run.history["gradient_norm_error"]
    axes.set_yscale("log")
    axes.fill_between(x, np.maximum(y - error, y / 3), y + error, color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(x, y, color=BLUE, linewidth=1.2, marker="o" if len(x) < 20 else None, markersize=3)
    axes.set_ylabel(r"$|\langle f\rangle_p-\langle f\rangle_{\mathrm{data}}|$")


TABLE = (
    ("log_likelihood", r"$\langle\ln p\rangle$, data"),
    ("held_out_log_likelihood", r"$\langle\ln p\rangle$, held out"),
    ("pseudo_likelihood", "pseudo-likelihood"),
    ("score_matching", "score matching"),
    ("free_energy", "$F$"),
)


def draw_table(axes: Axes, run: FitRun) -> None:
    rows = [(label, number(*run.results[name])) for name, label in TABLE if name in run.results]
    for prefix, label in (("", "data"), ("held_out_", "held out")):
        if f"{prefix}moment_z" in run.moments:
            rows.append((f"$\\chi^2$ a moment, {label}", f"{np.nanmean(run.moments[f'{prefix}moment_z'] ** 2):.2f}"))
    rows.append(("stopped", str(run.verdict.get("stop_reason", "")).replace("_", " ")))
    if run.results and not run.verdict.get("ok", 1):
        rows += untrusted(str(run.verdict.get("reason", "")))
    draw_rows(axes, rows)


def summary_figure(run: FitRun) -> Figure:
    kinds = list(run.kinds)
    wide = max(3, len(kinds))
    figure, panels = plt.subplots(2, wide, figsize=(2.9 * wide + 0.2, 5))
    for axes, kind in zip(panels[0], kinds, strict=False):
        draw_trajectories(axes, run, kind)
    draw_gain(panels[1, 0], run)
    draw_gradient(panels[1, 1], run)
    draw_table(panels[1, 2], run)
    for axes in [*panels[0, len(kinds) :], *panels[1, 3:]]:
        axes.axis("off")
    figure.suptitle(title(run), x=0.01, ha="left", fontsize=9)
    return figure


# --- data against model ---------------------------------------------------------------------------


def histograms_figure(run: FitRun) -> Figure:
    data, model = run.to_data(run.examples), run.to_data(run.phi())
    sites = run.model.sites
    picked = sorted({0, sites // 3, 2 * sites // 3, sites - 1}) if sites > 1 and len(data) > 50 else []
    figure, panels = plt.subplots(1, 1 + len(picked), figsize=(3.2 + 2.1 * len(picked), 2.7), squeeze=False)
    draw_histogram(panels[0, 0], data.ravel(), model.ravel(), "all sites")
    for axes, site in zip(panels[0, 1:], picked, strict=True):
        draw_histogram(axes, data[:, site], model[..., site].ravel(), f"site {site}")
    top = panels[0, 0].get_ylim()[1]
    panels[0, 0].set_ylim(0, 1.25 * top)
    panels[0, 0].legend(loc="upper right", handlelength=1.4)
    return figure


def draw_moments(axes: Axes, run: FitRun, kind: str, label: str, prefix: str) -> None:
    part = _moment_ranges(run)[kind]
    x, dx = (run.moments[f"{prefix}moment_data{end}"][part] for end in ("", "_error"))
    y, dy = (run.moments[f"moment_model{end}"][part] for end in ("", "_error"))
    dx = np.where(np.isfinite(dx), dx, 0)
    axes.errorbar(x, y, dy, dx, fmt="o", markersize=2.5, color=BLUE, elinewidth=0.6, alpha=0.7)
    low, high = min(x.min(), y.min()), max(x.max(), y.max())
    margin = 0.08 * max(high - low, 1e-3)
    axes.plot([low - margin, high + margin], [low - margin, high + margin], color="black", linewidth=0.8, zorder=0)
    axes.set_title(label)
    axes.set_xlabel("held out" if prefix else "data")


def moments_figure(run: FitRun) -> Figure:
    prefix = "held_out_" if "held_out_moment_z" in run.moments else ""
    ranges = _moment_ranges(run)
    shown = [(kind, label) for kind, label in MOMENTS if ranges[kind].stop > ranges[kind].start]
    figure, panels = plt.subplots(1, len(shown) + 1, figsize=(2.5 * (len(shown) + 1), 2.7))
    for axes, (kind, label) in zip(panels, shown, strict=False):
        draw_moments(axes, run, kind, label, prefix)
    panels[0].set_ylabel("model")
    z = run.moments[f"{prefix}moment_z"]
    z = z[np.isfinite(z)]
    edge = max(4.0, np.abs(z).max() if z.size else 4.0)
    bins = np.linspace(-edge, edge, 41)
    panels[-1].hist(z, bins, density=True, color=PALE)
    x = np.linspace(-edge, edge, 200)
    panels[-1].plot(x, np.exp(-x * x / 2) / np.sqrt(2 * np.pi), color="black", linewidth=1)
    panels[-1].set_title("$z$")
    panels[-1].set_xlabel("(data - model) / error")
    panels[-1].set_yticks([])
    panels[-1].spines["left"].set_visible(False)
    return figure


# --- samples over epochs --------------------------------------------------------------------------

COLUMNS = 8


def plane(run: FitRun) -> tuple[int, int] | None:
    """How a row is drawn: as an image, where it is one or lives on a planar lattice."""
    for shape in (run.shape, run.model.extent):
        long = tuple(n for n in shape if n > 1)
        if len(long) == 2 and np.prod(long) == run.model.sites:
            return long
    return None


def samples_figure(run: FitRun) -> Figure:
    """Rows of the data, and chains at epochs 0, 1, 2, 4, ...; the last row: the learned ensemble."""
    rows = [("data", run.examples)] + [(f"epoch {epoch}", phi) for epoch, phi in run.snapshots.items()]
    if run.action is not None:
        rows.append(("learned", run.phi()[:COLUMNS, -1]))
    if len(rows) > 8:  # the first, the last, and some between
        rows = [rows[k] for k in np.unique(np.linspace(0, len(rows) - 1, 8).astype(int))]
    shape = plane(run)
    data = run.to_data(run.examples)
    low, high = np.quantile(data, [0.002, 0.998])
    margin = 0.15 * (high - low)
    height = shape[0] / shape[1]
    figure, panels = plt.subplots(len(rows), COLUMNS, figsize=(1.0 * COLUMNS + 0.6, (1.0 * height + 0.06) * len(rows)))
    for axes, (label, phi) in zip(panels, rows, strict=True):
        for k, cell in enumerate(axes):
            cell.axis("off")
            if k < len(phi):
                cell.imshow(run.to_data(phi[k]).reshape(shape), cmap="gray", vmin=low - margin, vmax=high + margin)
        axes[0].text(-0.08, 0.5, label, transform=axes[0].transAxes, ha="right", va="center", fontsize=8)
    return figure


def true_figure(run: FitRun) -> Figure:
    """Learned against true couplings, where the data came from a run."""
    figure, panels = plt.subplots(1, len(run.kinds) + 1, figsize=(2.5 * (len(run.kinds) + 1), 2.7))
    expected = run.history["expected"]
    for axes, (kind, columns) in zip(panels, run.kinds.items(), strict=False):
        x, y, error = expected[columns], run.theta[columns], run.errors[columns]
        axes.errorbar(x, y, error, fmt="o", markersize=2.5, color=BLUE, elinewidth=0.6, alpha=0.7)
        span = [min(x.min(), y.min()), max(x.max(), y.max())]
        axes.plot(span, span, color="black", linewidth=0.8, zorder=3)
        axes.set_title(f"${kind}$")
        axes.set_xlabel("true")
    panels[0].set_ylabel("learned")
    z = (run.theta - expected) / run.errors
    z = z[np.isfinite(z)]
    edge = max(4.0, np.abs(z).max())
    panels[-1].hist(z, np.linspace(-edge, edge, 41), density=True, color=PALE)
    x = np.linspace(-edge, edge, 200)
    panels[-1].plot(x, np.exp(-x * x / 2) / np.sqrt(2 * np.pi), color=GREEN, linewidth=1)
    panels[-1].set_title("$z$")
    panels[-1].set_xlabel("(learned - true) / error")
    panels[-1].set_yticks([])
    panels[-1].spines["left"].set_visible(False)
    return figure


def figures(run: FitRun) -> dict[str, Callable[[FitRun], Figure]]:
    """Those that the run has data for."""
    found: dict[str, Callable[[FitRun], Figure]] = {}
    if len(run.history["epoch"]):
        found["summary"] = summary_figure
    if plane(run) is not None:
        found["samples"] = samples_figure
    if run.action is not None:
        found |= {"histograms": histograms_figure, "moments": moments_figure}
    if len(run.history["epoch"]):
        found["maps"] = maps_figure
    if np.isfinite(run.history["expected"]).all():
        found["true-couplings"] = true_figure
    return found
