"""Panels that figures of several kinds of run share."""

import textwrap
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .plot_style import BLUE, PALE, whole, without_scale
from .runs import Result


def figure_of(run: Result, draws: Sequence[Callable], width: float, height: float, stacked: bool = False) -> Figure:
    """Panels side by side or beneath one another, each drawn by a function of the axes and the run."""
    rows, columns = (len(draws), 1) if stacked else (1, len(draws))
    figure, panels = plt.subplots(rows, columns, figsize=(width * columns, height * rows), squeeze=False)
    for axes, draw in zip(panels.flat, draws, strict=True):
        draw(axes, run)
    return figure


def draw_band(axes: Axes, x, y, error, colour: str, label: str = "", log: bool = False, few: int = 20) -> None:
    """A line with its error band, and points where they are few."""
    low = y - error
    if log and (y > 0).any():
        axes.set_yscale("log")
        low = np.maximum(low, y[y > 0].min() / 3)
    axes.fill_between(x, low, y + error, color=colour, alpha=0.25, linewidth=0)
    axes.plot(x, y, color=colour, linewidth=1.2, marker="o" if len(x) < few else None, markersize=3, label=label)


def draw_judged(axes: Axes, x, y, low, high, colour: str, label: str) -> None:
    """Numbers with the ends of their errors."""
    axes.errorbar(x, y, [y - low, high - y], fmt="o-", markersize=3, linewidth=1, capsize=2, color=colour, label=label)
    axes.ticklabel_format(axis="y", useOffset=False)
    whole(axes)


def draw_rows(axes: Axes, rows: Sequence[tuple[str, ...]], positions: tuple[float, ...] = (0.02, 1.0)) -> None:
    """Rows of text; the first column to the right of its position, the others to the left of theirs."""
    axes.axis("off")
    step = min(0.155, 1 / max(len(rows), 1))
    for k, row in enumerate(rows):
        for column, (x, text) in enumerate(zip(positions, row, strict=True)):
            shown, side = (text.replace("-", "−"), "right") if column else (text, "left")
            axes.text(x, 0.97 - k * step, shown, transform=axes.transAxes, va="top", ha=side)


def untrusted(reason: str) -> list[tuple[str, str]]:
    """Rows that say that a run's numbers are not to be trusted, and why."""
    lines = textwrap.wrap(reason, 44, max_lines=3, placeholder=" …")
    return [("NOT TO BE TRUSTED", ""), *((line, "") for line in lines)]


def comparison_figure(
    parts: dict[str, tuple], xlabel: str, ylabel: str, zlabel: str = "", z: np.ndarray | None = None
) -> Figure:
    """Of each part x, y and their errors against one another, on the line where they are equal; deviations in units
    of their errors beside the normal distribution."""
    wide = len(parts) + (z is not None)
    figure, panels = plt.subplots(1, wide, figsize=(2.5 * wide, 2.7), squeeze=False)
    for axes, (name, (x, y, dx, dy)) in zip(panels[0], parts.items(), strict=False):
        dx = np.where(np.isfinite(dx), dx, 0)
        axes.errorbar(x, y, dy, dx, fmt="o", markersize=2.5, color=BLUE, elinewidth=0.6, alpha=0.7)
        low, high = min(x.min(), y.min()), max(x.max(), y.max())
        margin = 0.08 * max(high - low, 1e-3)
        axes.plot(*[[low - margin, high + margin]] * 2, color="black", linewidth=0.8, zorder=3)
        axes.set(title=name, xlabel=xlabel)
    panels[0, 0].set_ylabel(ylabel)
    if z is not None:
        z, axes = z[np.isfinite(z)], panels[0, -1]
        edge = np.abs(z).max(initial=4.0)
        axes.hist(z, np.linspace(-edge, edge, 41), density=True, color=PALE)
        normal = np.linspace(-edge, edge, 200)
        axes.plot(normal, np.exp(-(normal**2) / 2) / np.sqrt(2 * np.pi), color="black", linewidth=1)
        axes.set(title="$z$", xlabel=zlabel)
        without_scale(axes)
    return figure


def draw_two_histograms(axes: Axes, first: dict, second: dict, bins, label: str, legend: bool = True) -> None:
    """Densities over the same bins, the first filled, the second a line; dicts of what `hist` takes."""
    axes.hist(bins=bins, density=True, color=PALE, **first)
    axes.hist(bins=bins, density=True, histtype="step", color="black", linewidth=1.1, **second)
    axes.set_xlabel(label)
    without_scale(axes)
    if legend:
        axes.set_ylim(0, 1.25 * axes.get_ylim()[1])
        axes.legend(loc="upper right", handlelength=1.4)


def histograms_figure(data: np.ndarray, model: np.ndarray, picked: list[int], of: str) -> Figure:
    """Densities of data and model, shape (rows, columns): of all columns together and of those picked."""
    figure, panels = plt.subplots(1, 1 + len(picked), figsize=(3.2 + 2.1 * len(picked), 2.7), squeeze=False)
    for axes, column in zip(panels[0], [None, *picked], strict=True):
        x, y = (rows.ravel() if column is None else rows[:, column] for rows in (data, model))
        low, high = np.quantile(np.concatenate([x, y]), [0.0005, 0.9995])
        margin = 0.05 * max(high - low, 1e-12)
        bins = np.linspace(low - margin, high + margin, int(np.clip(np.sqrt(x.size) / 2, 16, 80)) + 1)
        name = f"all {of}s" if column is None else f"{of} {column}"
        draw_two_histograms(axes, {"x": x, "label": "data"}, {"x": y, "label": "model"}, bins, name, column is None)
    return figure


def plane(shape: tuple[int, ...], size: int) -> tuple[int, int] | None:
    """The two sides longer than 1, where these are all: the shape of an image of so many values."""
    long = tuple(n for n in shape if n > 1)
    return long if len(long) == 2 and np.prod(long) == size else None


def images_figure(rows: list[tuple[str, np.ndarray]], shape: tuple[int, int], size: float, **options) -> Figure:
    """Rows of images, each with its label, a row of none a gap; without `vmin` every image on a symmetric scale of its
    own."""
    columns = max(len(images) for _, images in rows)
    heights = [1 if len(images) else 0.3 for _, images in rows]
    extent = (size * columns + 0.6 * any(label for label, _ in rows), size * sum(heights) * shape[0] / shape[1])
    figure, panels = plt.subplots(len(rows), columns, figsize=extent, squeeze=False, height_ratios=heights)
    for axes, (label, images) in zip(panels, rows, strict=True):
        for cell in axes:
            cell.axis("off")
        for cell, image in zip(axes, images, strict=False):
            own = {} if "vmin" in options else {"vmin": -np.abs(image).max(), "vmax": np.abs(image).max()}
            cell.imshow(image.reshape(shape), **options, **own)
        axes[0].text(-0.08, 0.5, label, transform=axes[0].transAxes, ha="right", va="center", fontsize=8)
    return figure
