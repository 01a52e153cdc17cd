"""What the figures of all kinds of run share."""

import textwrap

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib.axes import Axes

from .run import Run

STYLE = {
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
    "font.size": 9,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "mathtext.fontset": "cm",
    "svg.fonttype": "none",
}
BLUE, PALE, ORANGE, GREEN = "#2b6ca3", "#9db9d6", "#c8641b", "#2f8a4e"


def number(value: float, error: float) -> str:
    """Value with its error in brackets, -20.412(3)."""
    if not (np.isfinite(value) and np.isfinite(error) and error > 0):
        return f"{value:.6g}"
    digits = max(0, 1 - int(np.floor(np.log10(error)))) if error < 10 else 0
    if digits > 8:  # nothing but rounding
        return f"{value:.3g} ± {error:.1g}"
    return f"{value:.{digits}f}({round(error * 10**digits)})"


def untrusted(reason: str) -> list[tuple[str, str]]:
    """Rows that say that a run's numbers are not to be trusted, and why."""
    return [("NOT TO BE TRUSTED", ""), *((line, "") for line in textwrap.wrap(reason, 44)[:3])]


def draw_rows(axes: Axes, rows: list[tuple[str, ...]], positions: tuple[float, ...] = (0.02, 1.0)) -> None:
    """Rows of text; the first column to the right of its position, the others to the left of theirs."""
    axes.axis("off")
    step = min(0.155, 1 / max(len(rows), 1))
    for k, row in enumerate(rows):
        for column, (x, text) in enumerate(zip(positions, row, strict=True)):
            axes.text(
                x, 0.97 - k * step, text.replace("-", "−") if column else text, transform=axes.transAxes, va="top",
                ha="right" if column else "left",
            )  # fmt: skip


def draw_histogram(axes: Axes, data: np.ndarray, model: np.ndarray, label: str) -> None:
    """Densities of data and model over the same bins."""
    everything = np.concatenate([data, model])
    low, high = np.quantile(everything, [0.0005, 0.9995])
    margin = 0.05 * max(high - low, 1e-12)
    bins = np.linspace(low - margin, high + margin, int(np.clip(np.sqrt(data.size) / 2, 16, 80)) + 1)
    axes.hist(data, bins, density=True, color=PALE, label="data")
    axes.hist(model, bins, density=True, histtype="step", color="black", linewidth=1.1, label="model")
    axes.set_xlabel(label)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def title(run: Run) -> str:
    """File and lattice."""
    size = "×".join(map(str, run.model.extent))
    return f"{run.path.name}   {run.model.lattice or 'edge list'} {size}".rstrip()
