"""Maps of couplings: on a planar lattice as they lie, elsewhere in order; what is noise is not coloured."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from .data_runs import FieldResult
from .plot_panels import figure_of, labels
from .plot_style import COLOURS, DASHED, PALE, SYMBOLS_OF_KINDS, head, number, title, whole
from .runs import LearnResult

Learned = LearnResult | FieldResult
PLANAR = ("square", "king", "triangular")
MASKED = "#d9d9d9"
NOISE = 3.0  # standard deviations of chi^2 from which couplings of one kind differ beyond their errors
ZERO = 2.0  # errors within which a coupling is not told from zero


@dataclass
class Couplings:
    """Of one kind, on the visible part of a field."""

    kind: str
    values: np.ndarray
    errors: np.ndarray  # 0: not known, or not learned

    @property
    def known(self) -> bool:
        return bool((self.errors > 0).all())

    @property
    def alike(self) -> bool:
        """Whether they are one number within errors: chi^2 of what they differ from their mean by is that of noise."""
        if np.ptp(self.values) <= 1e-9 * np.abs(self.values).max(initial=1e-300):
            return True
        if not self.known:
            return False
        mean, freedom = self.mean()[0], len(self.values) - 1
        chi2 = (((self.values - mean) / self.errors) ** 2).sum()
        return bool(np.sqrt(2 * chi2) - np.sqrt(2 * freedom - 1) < NOISE)

    def mean(self) -> tuple[float, float]:
        """Weighted by errors, with its own where these are independent, which those of tied couplings are not."""
        if not self.known:
            return float(self.values.mean()), 0.0
        tied = np.ptp(self.values) <= 1e-12 * np.abs(self.values).max(initial=1e-300)
        weights = 1 / self.errors**2
        error = self.errors[0] if tied else 1 / np.sqrt(weights.sum())
        return float(np.average(self.values, weights=weights)), float(error)

    @property
    def nothing(self) -> bool:
        """Of couplings that are one number: whether that is not told from zero."""
        mean, error = self.mean()
        return abs(mean) < ZERO * error

    @property
    def zero(self) -> np.ndarray:
        """Which of them are not told from zero."""
        return np.abs(self.values) < ZERO * self.errors


def couplings_of(run: Learned, kind: str) -> Couplings:
    """Those of the visible sites. A single configuration says nothing of errors: they are those of another one."""
    hidden = run.data["model"].attrs.get("hidden_units", 0)
    sites = len(run.action.r) - hidden
    keep = (run.action.graph.edges < sites).all(axis=1) if kind == "w" else np.arange(len(run.action.r)) < sites
    values, errors = getattr(run.action, kind), run.errors[kind]
    one = isinstance(run, FieldResult) and int(run.data["data"].attrs["rows"]) == 1
    return Couplings(kind, values[keep], np.zeros(keep.sum()) if one else errors[keep])


def colour_range(values: np.ndarray) -> tuple[float, float]:
    """At least one per cent to either side of the middle, so that equal couplings look equal."""
    low, high = float(values.min()), float(values.max())
    middle = (low + high) / 2
    half = max((high - low) / 2, 0.01 * abs(middle), 1e-12)
    return middle - half, middle + half


def draw_bonds(axes: Axes, run: Learned, values: np.ma.MaskedArray) -> LineCollection:
    """Couplings of the edges as coloured lines, each as two halves, which an edge around the boundary has apart."""
    extent = np.array(run.extent)
    edges = run.action.graph.edges
    edges = edges[(edges < np.prod(extent)).all(axis=1)]
    first, second = (np.stack(np.unravel_index(sites, extent), axis=-1) for sites in edges.T)
    step = second - first
    half = np.where(np.abs(step) > 1, step - extent * np.round(step / extent), step) / 2
    halves = np.stack([first, first + half, second, second - half], axis=1).reshape(-1, 2, 2)
    lines = LineCollection(list(halves[..., ::-1]), capstyle="round")
    lines.set_array(np.ma.repeat(values, 2))
    lines.set_linewidth(float(np.clip(26 / max(extent), 1.2, 5)))
    axes.add_collection(lines)
    row, column = np.indices(run.extent)
    if max(extent) <= 32:  # else they would hide the edges
        axes.scatter(column, row, s=min(90 / max(extent), 18), color="#333333", zorder=3)
    return lines


def draw_map(axes: Axes, run: Learned, kind: str) -> None:
    """Sites as squares, edges as lines. Couplings that are one number within errors have one colour and that number;
    what is not told from zero, one number or some of many, is grey."""
    couplings, (rows, columns) = couplings_of(run, kind), run.extent
    alike, zero = couplings.alike, couplings.zero
    values = np.ma.array(couplings.values, mask=zero & (not alike))
    drawn = draw_bonds(axes, run, values) if kind == "w" else axes.imshow(values.reshape(rows, columns))
    symbol = SYMBOLS_OF_KINDS[kind]
    signed = couplings.values.min() < 0 < couplings.values.max()
    if alike:
        grey = couplings.nothing
        drawn.set(cmap=ListedColormap([MASKED if grey else PALE]), clim=colour_range(couplings.values))
        said = f"grey: within {ZERO:g} errors of 0 everywhere" if grey else "the same everywhere, within errors"
        axes.set_title(f"{symbol} = {number(*couplings.mean())}\n{said}", fontsize=9)
    else:
        shown = couplings.values[~zero] if (~zero).any() else couplings.values
        most = np.abs(shown).max()
        drawn.set(
            cmap=plt.get_cmap("RdBu_r" if signed else "viridis").with_extremes(bad=MASKED),
            clim=(-most, most) if signed else colour_range(shown),
        )
        hidden = f"\ngrey: {zero.sum()} of {len(zero)} within {ZERO:g} errors of 0" if zero.any() else ""
        axes.set_title(symbol + hidden, fontsize=9)
        bar = axes.figure.colorbar(drawn, ax=axes, shrink=0.82, pad=0.03)
        bar.outline.set_visible(False)
        bar.ax.ticklabel_format(useOffset=False)
        bar.ax.yaxis.set_major_locator(MaxNLocator(5))
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal")
    axes.tick_params(length=0)
    for direction, n in ((axes.xaxis, columns), (axes.yaxis, rows)):
        direction.set_major_locator(MaxNLocator(5, integer=True) if n > 8 else FixedLocator(range(n)))
    axes.spines[:].set_visible(False)


def draw_strip(axes: Axes, run: Learned, kind: str) -> None:
    """Final couplings of one kind in order, with errors; what is expected of them dashed, and where they lie on both
    sides of it zero."""
    columns = run.kinds[kind]
    values, errors = run.theta[columns], np.nan_to_num(run.theta_error[columns])
    axes.errorbar(range(len(values)), values, errors, fmt="o", markersize=2.5, color=COLOURS[kind], elinewidth=0.7)
    axes.plot(run.expected[columns], **DASHED)
    low, high = colour_range(np.append(values + errors, values - errors))
    if low < 0 < high:
        axes.axhline(0, color="black", linewidth=0.5)
    axes.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    whole(axes, 6)
    axes.set(xlabel="edge" if kind == "w" else "site", ylabel=SYMBOLS_OF_KINDS[kind])
    if isinstance(run, FieldResult) and "column" in run.arrays("data") and len(values) <= 15:
        names = labels(run)
        ticks = ["–".join(names[k] for k in edge) for edge in run.action.graph.edges] if kind == "w" else names
        if len(ticks) == len(values):
            axes.set_xticks(range(len(ticks)), ticks, fontsize=8)
            if kind == "w":
                axes.tick_params("x", rotation=35)
                for tick in axes.get_xticklabels():
                    tick.set(ha="right", rotation_mode="anchor")
            axes.set_xlabel("")


def planar(run: Learned) -> bool:
    lattice = run.data["model"].attrs["lattice"]
    return lattice in PLANAR and len(run.extent) == 2 and min(run.extent) > 1


def maps_figure(run: Learned) -> Figure:
    """On a planar lattice maps, else strips."""
    if not planar(run):
        figure = figure_of(run, [partial(draw_strip, kind=kind) for kind in run.kinds], 6.4, 1.8, stacked=True)
        figure.align_ylabels()
    else:
        shown = [kind for kind in COLOURS if kind == "w" or np.ptp(getattr(run.action, kind)) or kind in run.kinds]
        figure = figure_of(run, [partial(draw_map, kind=kind) for kind in shown], 3.1, 3.4)
    return head(figure, title(run))


def hidden_weights(run: Learned) -> np.ndarray:
    """Couplings of every visible site to every hidden unit, shape (sites, units)."""
    attributes = run.data["model"].attrs
    units = int(attributes["hidden_units"])
    sites = len(run.action.r) - units
    edges = run.action.graph.edges
    first = int((edges < sites).all(axis=1).sum())  # those of the units come behind, then their gates
    weights = np.empty((sites, units))
    of_units = edges[first : first + sites * units]
    weights[of_units[:, 0], of_units[:, 1] - sites] = run.action.w[first : first + sites * units]
    return weights
