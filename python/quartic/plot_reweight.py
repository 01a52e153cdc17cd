"""Figures of a run of `quartic reweight`."""

import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.ticker import MaxNLocator

from .plot_panels import draw_band, draw_rows, untrusted
from .plot_style import BLUE, GREEN, ORANGE, PURPLE, average, head, number, plain, title
from .reweighted import ReweightResult

MOST_PANELS = 4  # side by side
PARTS = ("real", "imag")
UNTRUSTED = "#e9e6e1"


def _complex(run: ReweightResult) -> bool:
    return bool(run.couplings.imag.any())


def draw_scan_axis(axes: Axes, run: ReweightResult) -> tuple[np.ndarray, np.ndarray]:
    """The part of the scanned coupling that varies, shaded around points that are not ok up to the middle between
    neighbours; these and ok."""
    g, ok = run.couplings[:, run.terms.index(run.scanned)], run.array("results/ok").astype(bool)
    imaginary = np.ptp(g.imag) > np.ptp(g.real)
    x = g.imag if imaginary else g.real
    order = np.argsort(x)
    edges = np.interp(np.arange(-0.5, len(x)), range(len(x)), x[order])
    style: dict[str, Any] = {"color": UNTRUSTED, "linewidth": 0, "zorder": 0, "transform": axes.get_xaxis_transform()}
    axes.add_patch(StepPatch(1.0 - ok[order], edges, fill=True, **style))
    margin = 0.02 * np.ptp(x)  # lest the points at the ends are cut
    axes.set(xlim=(x.min() - margin, x.max() + margin), xlabel=f"{'Im ' if imaginary else ''}coupling of {run.scanned}")
    return x, ok


def draw_curve(axes: Axes, run: ReweightResult, y: np.ndarray, error: np.ndarray, colour: str, ylabel: str) -> None:
    """A line with its error band, solid where it is to be trusted, faint and dashed elsewhere."""
    x, ok = draw_scan_axis(axes, run)
    axes.plot(x, y, color=colour, linewidth=0.8, linestyle=(0, (3, 2)), alpha=0.45)
    axes.fill_between(x, y - error, y + error, color=colour, alpha=0.12, linewidth=0)
    draw_band(axes, x, np.where(ok, y, np.nan), error, colour, few=61)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_ylabel(ylabel)
    if ok.any() and not ok.all():  # what is not to be trusted may leave the panel, rather than flatten what is
        order = np.argsort(x)
        ends = ((y[order][1:] + y[order][:-1]) / 2)[ok[order][1:] != ok[order][:-1]]  # of the curve, at the shading
        low, high = min((y - 2 * error)[ok].min(), ends.min()), max((y + 2 * error)[ok].max(), ends.max())
        room = 0.5 * (high - low) + 1e-12
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, low - room), min(top, high + room))


def _why_not(run: ReweightResult) -> str:
    """What is said of most points that are not ok, without its numbers."""
    reasons = [str(reason).split(":")[0].split(" (")[0] for reason in run.array("results/reason") if str(reason)]
    return max(set(reasons), key=reasons.count) if reasons else ""


def draw_ess(axes: Axes, run: ReweightResult) -> None:
    x, ok = draw_scan_axis(axes, run)
    ess = run.weight_ess
    draw_band(axes, x, ess, run.array("results/weight_ess_error"), GREEN, log=True, few=61)
    axes.set(yscale="log", ylim=(min(max(ess.min() / 2, 1e-6), 0.1), 1.5), ylabel="weight ESS")
    plain(axes.yaxis)
    if not ok.all():
        text = textwrap.fill(f"shaded: not to be trusted; {_why_not(run)}", 60)
        axes.set_title(text, loc="left", fontsize=7, color="#6b665e")


def draw_phase(axes: Axes, run: ReweightResult) -> None:
    """The average phase; of a real scan, where it is 1, the free energy instead."""
    columns = run.arrays("results")
    if _complex(run):
        draw_curve(axes, run, columns["phase"], columns["phase_error"], PURPLE, "average phase")
        axes.set_ylim(0, 1.04)
    else:
        draw_curve(axes, run, -columns["log_ratio_real"], columns["log_ratio_error_real"], PURPLE, "$F_B-F_S$")


def _plain(g: complex) -> str:
    """1.5+0.15i, or 1.5"""
    text = f"{g:.6g}".removesuffix("+0j") if g.imag == 0 else f"{g:.6g}".replace("j", "i")
    return text.strip("()").replace("-", "−")


def scan_figure(run: ReweightResult) -> Figure:
    results = run.arrays("results")
    parts = [("Re", "real", BLUE), ("Im", "imag", ORANGE)][: 1 + _complex(run)]
    shown = min(len(run.observables), MOST_PANELS)
    figure = plt.figure(figsize=(max(2.75 * shown, 5.6) + 0.2, 2.0 * len(parts) + 2.3))
    top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=[2.0 * len(parts), 2.2])[:, 0]
    panels = top.subplots(len(parts), shown, sharex=True, squeeze=False)
    for row, (part, which, colour) in zip(panels, parts, strict=True):
        of = f"{part} " if _complex(run) else ""
        for k, axes in enumerate(row):
            value, error = (results[f"{name}_{which}"][:, k] for name in ("value", "error"))
            draw_curve(axes, run, value, error, colour, of + average(run.observables[k]))
    for axes in panels[:-1].flat:
        axes.set_xlabel("")
    top.align_ylabels(panels)
    left, right = bottom.subplots(1, 2)
    draw_ess(left, run)
    draw_phase(right, run)
    fixed = ", ".join(
        f"{term} {_plain(g)}" for term, g in zip(run.terms, run.couplings[0], strict=True) if term != run.scanned
    )
    top.suptitle(f"{title(run)}   B: {fixed}", x=0.01, ha="left", fontsize=8, parse_math=False)
    return figure


def point_figure(run: ReweightResult) -> Figure:
    figure, axes = plt.subplots(figsize=(5.2, 0.28 * (len(run.observables) + 5)))
    rows: list[tuple[str, ...]] = []
    results = run.arrays("results")
    for k, name in enumerate(run.observables):
        value, imaginary = (number(*(results[f"{of}_{part}"][0, k] for of in ("value", "error"))) for part in PARTS)
        if _complex(run):
            value += f"  {'-' if imaginary.startswith('-') else '+'}  {imaginary.removeprefix('-')} i"
        rows.append((average(name), value))
    difference = number(-results["log_ratio_real"][0], results["log_ratio_error_real"][0])
    rows.append(("$F_B-F_S=-\\ln|Z_B/Z_S|$", difference))
    for name, text in (("weight_ess", "weight ESS"), ("phase", "average phase"))[: 1 + _complex(run)]:
        rows.append((text, number(results[name][0], results[f"{name}_error"][0])))
    rows += [("verdict", "ok")] if results["ok"][0] else untrusted(str(results["reason"][0]))
    figure.set_size_inches(5.2, 0.28 * (len(rows) + 2))
    draw_rows(axes, rows)
    target = " + ".join(f"{_plain(g)} {term}" for term, g in zip(run.terms, run.couplings[0], strict=True))
    return head(figure, f"{title(run)}   B = {target.replace('+ −', '− ')}")


def figures(run: ReweightResult) -> Iterator[tuple[str, Figure]]:
    yield "reweight", scan_figure(run) if run.scanned and len(run.couplings) > 1 else point_figure(run)
