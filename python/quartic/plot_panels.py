"""Panels that figures of several kinds of run share."""

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from .errors import BadInput
from .plot_style import BLUE, GREEN, PALE, RED, whole, without_scale
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


def draw_judged(axes: Axes, x, y, low, high, colour: str, label: str, marker: str = "o") -> None:
    """Numbers with the ends of their errors."""
    style: dict[str, Any] = {"markersize": 3.5, "linewidth": 1, "capsize": 2, "color": colour}
    axes.errorbar(x, y, [y - low, high - y], fmt=f"{marker}-", label=label, **style)
    axes.ticklabel_format(axis="y", useOffset=False)
    whole(axes)


Row = tuple[str, ...]


def draw_rows(axes: Axes, rows: Sequence[Row], positions: tuple[float, ...] = (0.02, 1.0)) -> None:
    """Rows of text; the first column to the right of its position, the others to the left of theirs. What is not to be
    trusted is red."""
    axes.axis("off")
    step = min(0.125, 1 / max(len(rows), 1))
    for k, row in enumerate(rows):
        bad = row[0].startswith("NOT") or "NOT" in row[0].split()
        for column, (x, text) in enumerate(zip(positions, row, strict=True)):
            shown, side = (re.sub(r"-(?=[\d.])", "−", text), "right") if column else (text, "left")
            colour = RED if bad else "black"
            # On one line, however high the mathematics beside it.
            axes.text(x, 0.93 - k * step, shown, transform=axes.transAxes, va="baseline", ha=side, color=colour)


def untrusted(reason: str) -> list[Row]:
    """Rows that say that a run's numbers are not to be trusted, and why."""
    lines = textwrap.wrap(reason, 44, max_lines=3, placeholder=" …")
    return [("NOT TO BE TRUSTED", ""), *((line, "") for line in lines)]


def rows_of_checks(run: Result) -> list[Row]:
    """How many of the health checks hold (`quartic diagnose`), and which do not; a file that cannot be checked is drawn
    all the same."""
    try:
        checks = run.checks
    except BadInput:
        return [("checks", "not possible")]
    failed = [check.name for check in checks if not check.ok]
    more = [(f"and {len(failed) - 3} more", "")] if len(failed) > 3 else []
    return [
        ("checks", f"{len(checks) - len(failed)} of {len(checks)} hold"),
        *((f"NOT ok: {textwrap.shorten(name, 36, placeholder=' …')}", "") for name in failed[:3]),
        *more,
    ]


def draw_normal(axes: Axes, z: np.ndarray, zlabel: str) -> None:
    """Deviations in units of their errors beside the normal distribution; those beyond the panel are counted."""
    z = z[np.isfinite(z)]
    edge = float(np.clip(np.abs(z).max(initial=4.0), 4.0, 6.0))
    within = z[np.abs(z) <= edge]
    bins = np.linspace(-edge, edge, 41 if len(z) > 100 else 17)
    counts = np.histogram(within, bins)[0]
    width = bins[1] - bins[0]
    scale = max(len(z), 1) * width
    centre = (bins[1:] + bins[:-1]) / 2
    axes.bar(centre, counts / scale, width, color=PALE, label="moments")
    axes.errorbar(centre, counts / scale, np.sqrt(counts) / scale, fmt="none", ecolor=BLUE, elinewidth=0.6)
    normal = np.linspace(-edge, edge, 200)
    axes.plot(normal, np.exp(-(normal**2) / 2) / np.sqrt(2 * np.pi), color="black", linewidth=1)
    square = np.mean(z**2) if len(z) else np.nan
    text = f"$\\langle z^2\\rangle$ = {square:.3g}\nline: normal"
    if beyond := len(z) - len(within):
        text += f"\n{beyond} of {len(z)} beyond ±{edge:.3g}"
    axes.text(0.02, 0.98, text, transform=axes.transAxes, va="top", fontsize=7)
    axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
    axes.set(title="$z$", xlabel=zlabel)
    without_scale(axes)


def comparison_figure(
    parts: Mapping[str, Iterable[np.ndarray]], xlabel: str, ylabel: str, zlabel: str = "", z: np.ndarray | None = None
) -> Figure:
    """Of each part x, y and their errors against one another, on the line where they are equal; deviations in units
    of their errors beside the normal distribution."""
    wide = len(parts) + (z is not None)
    figure, panels = plt.subplots(1, wide, figsize=(2.5 * wide, 2.7), squeeze=False)
    for axes, (name, (x, y, dx, dy)) in zip(panels[0], parts.items(), strict=False):
        dx, dy = (np.where(np.isfinite(error), error, 0) for error in (dx, dy))
        many = len(x) > 300
        style = {"markersize": 1.4 if many else 2.5, "elinewidth": 0.35 if many else 0.6}
        axes.errorbar(x, y, dy, dx, fmt="o", color=BLUE, alpha=0.4 if many else 0.7, **style)
        low, high = min((x - dx).min(), (y - dy).min()), max((x + dx).max(), (y + dy).max())
        margin = 0.06 * max(high - low, 1e-9)
        limits = (low - margin, high + margin)
        axes.plot(limits, limits, color="black", linewidth=0.8, zorder=3)
        axes.set(title=name, xlabel=xlabel, xlim=limits, ylim=limits)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_locator(MaxNLocator(5))
    panels[0, 0].set_ylabel(ylabel)
    if z is not None:
        draw_normal(panels[0, -1], z, zlabel)
    return figure


def legend_above(axes: Axes) -> None:
    """The legend, with room for it above a histogram."""
    axes.set_ylim(0, 1.25 * axes.get_ylim()[1])
    axes.legend(loc="upper right", handlelength=1.4)


def draw_two_histograms(axes: Axes, first: dict, second: dict, bins, label: str, legend: bool = True) -> None:
    """Densities over the same bins, the first filled, the second a line; dicts of what `hist` takes."""
    axes.hist(bins=bins, density=True, color=PALE, **first)
    axes.hist(bins=bins, density=True, histtype="step", color="black", linewidth=1.1, **second)
    axes.set_xlabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    without_scale(axes)
    if legend:
        legend_above(axes)


def _bins(x: np.ndarray, low: float, high: float, rows: int) -> np.ndarray:
    """By Freedman and Diaconis, but no more than so many rows tell apart."""
    width = 2 * np.subtract(*np.quantile(x, [0.75, 0.25])) / max(x.size, 1) ** (1 / 3)
    most = int(np.clip(1.5 * np.sqrt(rows), 16, 80))
    return np.linspace(low, high, int(np.clip((high - low) / max(width, 1e-300), 16, most)) + 1)


def _draw_errors(axes: Axes, rows: np.ndarray, bins: np.ndarray, colour: str, shift: float) -> None:
    """On the tops of a histogram's bars, `shift` of a bar from their middle, by the scatter between rows: their columns
    are not independent."""
    counts = np.stack([np.histogram(row, bins)[0] for row in np.atleast_2d(rows)])
    density = 1 / (counts.sum() * (bins[1] - bins[0]))
    error = counts.std(axis=0) * np.sqrt(len(counts)) * density
    middle = (bins[1:] + bins[:-1]) / 2 + shift * (bins[1] - bins[0])
    axes.errorbar(middle, counts.sum(0) * density, error, fmt="none", ecolor=colour, elinewidth=0.7)


def labels(run: Result, otherwise: str = "") -> list[str]:
    """Of the columns of the data: their names, or their numbers behind a word."""
    names = run.arrays("data").get("column", np.empty(0))
    columns = run.array("observed_data/phi").shape[1]
    return [str(name) for name in names] or [f"{otherwise}{k}" for k in range(columns)]


def spread_columns(data: np.ndarray, few: int) -> list[int]:
    """So many columns, from the narrowest to the widest."""
    order = np.argsort(data.std(axis=0))
    return sorted({int(order[k * (len(order) - 1) // (few - 1)]) for k in range(few)})


def histograms_figure(
    data: np.ndarray, model: np.ndarray, picked: list[int], names: Sequence[str], together: bool
) -> Figure:
    """Densities of data and model, shape (rows, columns): of those columns that are picked, and of all `together`."""
    shown = [None, *picked] if together or not picked else picked
    figure, panels = plt.subplots(1, len(shown), figsize=(1.1 + 2.1 * len(shown), 2.7), squeeze=False)
    for axes, column in zip(panels[0], shown, strict=True):
        x, y = (rows if column is None else rows[:, [column]] for rows in (data, model))
        low, high = np.quantile(np.concatenate([x.ravel(), y.ravel()]), [0.0005, 0.9995])
        margin = 0.05 * max(high - low, 1e-12)
        independent = min(x.size, y.size) if column is None else min(len(x), len(y))
        bins = _bins(x, low - margin, high + margin, independent)
        name = "all columns" if column is None else names[column]
        first, second = {"x": x.ravel(), "label": "data"}, {"x": y.ravel(), "label": "model"}
        draw_two_histograms(axes, first, second, bins, name, legend=False)
        for rows, colour, shift in ((x, BLUE, -0.12), (y, "black", 0.12)):
            if len(rows) > 1:
                _draw_errors(axes, rows, bins, colour, shift)
    legend_above(panels[0, 0])
    return figure


def pairs_figure(data: np.ndarray, model: np.ndarray, names: Sequence[str], most: int = 5) -> Figure:
    """Columns against one another, rows of the data in front of draws: of more than `most` those that know most of the
    others."""
    columns = np.arange(data.shape[1])
    if len(columns) > most:
        with np.errstate(invalid="ignore", divide="ignore"):
            known = np.nan_to_num(np.abs(np.corrcoef(data, rowvar=False))).sum(axis=0)
        columns = np.sort(np.argsort(-known)[:most])
    n, rows = len(columns), min(len(data), len(model), 500)
    figure, panels = plt.subplots(n, n, figsize=(1.6 * n + 0.4, 1.6 * n + 0.4), squeeze=False, sharex="col")
    for i, y in enumerate(columns.tolist()):
        for j, x in enumerate(columns.tolist()):
            axes = panels[i, j]
            if j > i:
                axes.axis("off")
                continue
            if i == j:
                bins = np.histogram_bin_edges(np.concatenate([data[:, x], model[:, x]]), 24)
                for of, colour, shift in ((data, BLUE, -0.12), (model, GREEN, 0.12)):
                    axes.hist(of[:, x], bins, density=True, histtype="step", color=colour)
                    _draw_errors(axes, of[:, [x]], bins, colour, shift)
                axes.set_yticks([])
            else:
                for of, colour in ((model, GREEN), (data, BLUE)):
                    axes.plot(of[:rows, x], of[:rows, y], ".", markersize=2, alpha=0.5, color=colour, rasterized=True)
                axes.yaxis.set_major_locator(MaxNLocator(3))
                axes.tick_params(labelleft=j == 0)
            axes.xaxis.set_major_locator(MaxNLocator(2))
            if i == n - 1:
                axes.set_xlabel(names[x])
            if j == 0 and i > 0:
                axes.set_ylabel(names[y])
    figure.align_ylabels(panels[:, 0])
    for k, (word, colour) in enumerate((("data", BLUE), ("draws", GREEN))):
        figure.text(0.98, 0.96 - 0.035 * k, f"● {word}", color=colour, ha="right", va="top")
    if n < data.shape[1]:
        figure.text(0.98, 0.89, f"{n} of {data.shape[1]} columns,\nthe most correlated", ha="right", va="top")
    return figure


def plane(shape: tuple[int, ...], size: int) -> tuple[int, int] | None:
    """The two sides longer than 1, where these are all: the shape of an image of so many values."""
    long = tuple(n for n in shape if n > 1)
    return long if len(long) == 2 and np.prod(long) == size else None


def images_figure(rows: list[tuple[str, np.ndarray]], shape: tuple[int, int], size: float, **options) -> Figure:
    """Rows of images, each with its label."""
    columns = max(len(images) for _, images in rows)
    extent = (size * columns + 0.6 * any(label for label, _ in rows), size * len(rows) * shape[0] / shape[1])
    figure, panels = plt.subplots(len(rows), columns, figsize=extent, squeeze=False)
    for axes, (label, images) in zip(panels, rows, strict=True):
        for cell in axes:
            cell.axis("off")
        for cell, image in zip(axes, images, strict=False):
            cell.imshow(image.reshape(shape), **options)
        axes[0].text(-0.08, 0.5, label, transform=axes[0].transAxes, ha="right", va="center", fontsize=8)
    return figure


def mosaic(images: np.ndarray, shape: tuple[int, int], columns: int) -> np.ma.MaskedArray:
    """Images of (n, values) as one, so many a row, with gaps."""
    zoom = -(-14 // max(shape))  # so that a gap is narrow beside the smallest images
    images = images.reshape(-1, *shape).repeat(zoom, axis=1).repeat(zoom, axis=2)
    shape = (shape[0] * zoom, shape[1] * zoom)
    gap = max(1, round(0.08 * max(shape)))
    rows = -(-len(images) // columns)
    size = (rows * (shape[0] + gap) - gap, columns * (shape[1] + gap) - gap)
    whole_image = np.ma.array(np.zeros(size), mask=True)
    for k, image in enumerate(images):
        y, x = (k // columns) * (shape[0] + gap), (k % columns) * (shape[1] + gap)
        whole_image[y : y + shape[0], x : x + shape[1]] = image
    return whole_image


def blocks_figure(blocks: dict[str, np.ndarray], shape: tuple[int, int], columns: int, **options) -> Figure:
    """Grids of images side by side, each beneath its title."""
    made = {name: mosaic(images, shape, columns) for name, images in blocks.items()}
    height, width = next(iter(made.values())).shape
    side = 3.3
    size = (side * len(made), side * height / width + 0.2)
    layout = ConstrainedLayoutEngine(w_pad=0.12)
    figure, panels = plt.subplots(1, len(made), figsize=size, squeeze=False, layout=layout)
    for axes, (name, image) in zip(panels[0], made.items(), strict=True):
        axes.imshow(image, interpolation="none", **options)
        axes.axis("off")
        axes.set_title(name, fontsize=9)
    return figure


def fields_figure(weights: np.ndarray, shape: tuple[int, int], of: str, most: int = 64) -> Figure:
    """What every hidden unit responds to, (values, units), the strongest first; each on its own scale, its norm
    beneath."""
    norm = np.sqrt((weights**2).sum(axis=0))
    order = np.argsort(-norm)[:most]
    columns = min(16, len(order))
    rows = -(-len(order) // columns)
    size = 0.62 if shape[1] > 8 else 0.75
    extent = (max(size * columns, 3.4), rows * (size * shape[0] / shape[1] + 0.16) + (0.3 if columns > 8 else 0.5))
    figure, panels = plt.subplots(rows, columns, figsize=extent, squeeze=False)
    for cell in panels.flat:
        cell.axis("off")
    for cell, unit in zip(panels.flat, order, strict=False):
        image = weights[:, unit].reshape(shape)
        most_of_it = max(np.abs(image).max(), 1e-300)
        cell.imshow(image, cmap="RdBu_r", vmin=-most_of_it, vmax=most_of_it, interpolation="none")
        cell.text(0.5, -0.04, f"{norm[unit]:.3g}", transform=cell.transAxes, ha="center", va="top", fontsize=5.5)
    shown = f", the {len(order)} strongest of {weights.shape[1]}" if len(order) < weights.shape[1] else ""
    text = f"{of} of hidden units{shown}, each on its own scale (red +, blue −); beneath: its norm"
    figure.suptitle(textwrap.fill(text, int(16 * extent[0])), x=0.01, ha="left", fontsize=8)
    return figure


def table_of_weights(weights: np.ndarray, names: Sequence[str], label: str) -> Figure:
    """The same of rows that are no images: a line a hidden unit, the strongest above, a column a column of the data."""
    norm = np.sqrt((weights**2).sum(axis=0))
    order = np.argsort(-norm)[:32]
    most = max(np.abs(weights).max(), 1e-300)
    columns = len(names)
    figure, axes = plt.subplots(figsize=(float(np.clip(0.3 * columns + 2, 3.5, 12)), 0.2 * len(order) + 1.6))
    drawn = axes.imshow(weights[:, order].T, cmap="RdBu_r", vmin=-most, vmax=most, aspect="auto", interpolation="none")
    axes.set(ylabel="hidden unit", yticks=range(len(order)))
    axes.set_yticklabels([str(unit) for unit in order], fontsize=7)
    every = -(-columns // 48)
    axes.set_xticks(range(0, columns, every))
    axes.set_xticklabels(list(names)[::every], rotation=90 if max(map(len, names)) > 2 else 0, fontsize=7)
    axes.tick_params(length=0)
    bar = figure.colorbar(drawn, ax=axes, label=label)
    bar.outline.set_visible(False)
    return figure
