"""Figures of a run of `quartic reweight`."""

from collections.abc import Callable

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .plot_style import BLUE, GREEN, ORANGE, draw_rows, number, title
from .run import ReweightRun

LABELS = {
    "m": r"\langle m\rangle",
    "abs_m": r"\langle |m|\rangle",
    "m2": r"\langle m^2\rangle",
    "m4": r"\langle m^4\rangle",
    "phi2": r"\langle\phi^2\rangle",
    "phi4": r"\langle\phi^4\rangle",
    "phi6": r"\langle\phi^6\rangle",
    "nn": r"\langle\phi\phi\rangle_{nn}",
    "nnn": r"\langle\phi\phi\rangle_{nnn}",
    "action_density": r"\langle B\rangle/V",
}
MOST_PANELS = 4  # side by side
UNTRUSTED = "#e9e6e1"


def label(name: str) -> str:
    return LABELS.get(name, rf"\langle \mathrm{{{name}}}\rangle".replace("_", r"\_"))


def scanned_coupling(run: ReweightRun) -> tuple[np.ndarray, str]:
    """What the horizontal axis shows: the part of the scanned coupling that varies."""
    g = run.couplings[:, run.terms.index(run.scanned)]
    if np.ptp(g.imag) > np.ptp(g.real):
        return g.imag, f"Im coupling of {run.scanned}"
    return g.real, f"coupling of {run.scanned}"


def untrusted_spans(x: np.ndarray, ok: np.ndarray) -> list[tuple[float, float]]:
    """Intervals around runs of points that are not ok, up to the middle between neighbours."""
    order = np.argsort(x)
    x, ok = x[order], ok[order]
    middle = np.concatenate([x[:1], (x[1:] + x[:-1]) / 2, x[-1:]])
    spans: list[tuple[float, float]] = []
    for k in np.flatnonzero(~ok):
        if spans and spans[-1][1] == middle[k]:
            spans[-1] = (spans[-1][0], middle[k + 1])
        else:
            spans.append((middle[k], middle[k + 1]))
    return spans


def shade(axes: Axes, x: np.ndarray, ok: np.ndarray) -> None:
    for low, high in untrusted_spans(x, ok):
        axes.axvspan(low, high, color=UNTRUSTED, linewidth=0, zorder=0)
    axes.set_xlim(x.min(), x.max())


def draw_curve(axes: Axes, x: np.ndarray, y: np.ndarray, error: np.ndarray, ok: np.ndarray, colour: str) -> None:
    """A line with its error band, solid where it is to be trusted, faint and dashed elsewhere."""
    shade(axes, x, ok)
    trusted = np.where(ok, y, np.nan)
    axes.plot(x, y, color=colour, linewidth=0.8, linestyle=(0, (3, 2)), alpha=0.45)
    axes.fill_between(x, y - error, y + error, color=colour, alpha=0.12, linewidth=0)
    axes.fill_between(x, trusted - error, trusted + error, color=colour, alpha=0.3, linewidth=0)
    axes.plot(x, trusted, color=colour, linewidth=1.3, marker="o" if len(x) <= 60 else None, markersize=2.4)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    limit(axes, y, error, ok)


def limit(axes: Axes, y: np.ndarray, error: np.ndarray, ok: np.ndarray) -> None:
    """What is not to be trusted may leave the panel, rather than flatten what is."""
    if ok.any() and not ok.all():
        low, high = (y - 2 * error)[ok].min(), (y + 2 * error)[ok].max()
        room = 1.5 * (high - low) + 1e-12
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, low - room), min(top, high + room))


def draw_observable(axes: Axes, run: ReweightRun, column: int, part: str) -> None:
    x, _ = scanned_coupling(run)
    average = run.averages[:, column]
    y, error = (average.real, run.real_errors) if part == "Re" else (average.imag, run.imag_errors)
    draw_curve(axes, x, y, error[:, column], run.columns["ok"].astype(bool), BLUE if part == "Re" else ORANGE)
    name = label(run.observables[column])
    axes.set_ylabel(rf"$\mathrm{{{part}}}\,{name}$" if run.complex else f"${name}$")


def draw_ess(axes: Axes, run: ReweightRun) -> None:
    x, name = scanned_coupling(run)
    ess, ok = run.columns["weight_ess"], run.columns["ok"].astype(bool)
    axes.set_yscale("log")
    shade(axes, x, ok)
    error = run.columns["weight_ess_error"]
    axes.fill_between(x, np.maximum(ess - error, ess / 10), ess + error, color=GREEN, alpha=0.3, linewidth=0)
    axes.plot(x, ess, color=GREEN, linewidth=1.3, marker="o" if len(x) <= 60 else None, markersize=2.4)
    axes.set_ylim(min(max(ess.min() / 2, 1e-6), 0.1), 1.5)
    axes.set_ylabel("weight ESS")
    axes.set_xlabel(name)


def draw_phase(axes: Axes, run: ReweightRun) -> None:
    """The average phase; of a real scan, where it is 1, the free energy instead."""
    x, name = scanned_coupling(run)
    ok = run.columns["ok"].astype(bool)
    if run.complex:
        draw_curve(axes, x, run.columns["phase"], run.columns["phase_error"], ok, "#7a4fa3")
        axes.set_ylim(0, 1.04)
        axes.set_ylabel("average phase")
    else:
        draw_curve(axes, x, -run.columns["log_ratio_real"], run.columns["log_ratio_error_real"], ok, "#7a4fa3")
        axes.set_ylabel("$F_B-F_S$")
    axes.set_xlabel(name)


def scan_figure(run: ReweightRun) -> Figure:
    parts = ["Re", "Im"] if run.complex else ["Re"]
    shown = min(len(run.observables), MOST_PANELS)
    figure = plt.figure(figsize=(max(2.75 * shown, 5.6) + 0.2, 2.0 * len(parts) + 2.3))
    top, bottom = figure.subfigures(2, 1, height_ratios=[2.0 * len(parts), 2.2])
    panels = top.subplots(len(parts), shown, sharex=True, squeeze=False)
    for row, part in zip(panels, parts, strict=True):
        for column, axes in enumerate(row):
            draw_observable(axes, run, column, part)
    for axes in panels[-1]:
        axes.set_xlabel(scanned_coupling(run)[1])
    top.align_ylabels(panels)
    left, right = bottom.subplots(1, 2)
    draw_ess(left, run)
    draw_phase(right, run)
    if not run.columns["ok"].all():
        left.text(0.02, 0.04, "shaded: not to be trusted", transform=left.transAxes, fontsize=7, color="#6b665e")
    fixed = ", ".join(
        f"{term} {g:.6g}".replace("+0j", "").replace("j", "i").replace("(", "").replace(")", "")
        for term, g in zip(run.terms, run.couplings[0], strict=True)
        if term != run.scanned
    )
    top.suptitle(f"{title(run)}   B: {fixed}".replace("-", "−"), x=0.01, ha="left", fontsize=8)
    return figure


def point_figure(run: ReweightRun) -> Figure:
    figure, axes = plt.subplots(figsize=(5.2, 0.28 * (len(run.observables) + 5)))
    rows: list[tuple[str, ...]] = []
    for k, name in enumerate(run.observables):
        value = number(run.averages[0, k].real, run.real_errors[0, k])
        if run.complex:
            imaginary = number(run.averages[0, k].imag, run.imag_errors[0, k])
            value += f"  {'-' if imaginary.startswith('-') else '+'}  {imaginary.removeprefix('-')} i"
        rows.append((f"${label(name)}$", value))
    columns = run.columns
    rows.append(("weight ESS", number(columns["weight_ess"][0], columns["weight_ess_error"][0])))
    rows.append(("average phase", number(columns["phase"][0], columns["phase_error"][0])))
    rows.append(("verdict", "ok" if columns["ok"][0] else "NOT to be trusted"))
    draw_rows(axes, rows)
    axes.set_title(title(run), loc="left", fontsize=8)
    return figure


def figures(run: ReweightRun) -> dict[str, Callable[[ReweightRun], Figure]]:
    """What there is to draw of a run, by name."""
    return {"reweight": scan_figure if run.scanned and len(run.couplings) > 1 else point_figure}
