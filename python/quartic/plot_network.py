"""Figures of a run of `quartic fit` of a network."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ._quartic import Network
from .data_runs import NetworkResult, StackResult
from .plot_panels import (
    Row,
    blocks_figure,
    comparison_figure,
    draw_band,
    draw_judged,
    draw_rows,
    fields_figure,
    histograms_figure,
    labels,
    pairs_figure,
    plane,
    rows_of_checks,
    spread_columns,
    table_of_weights,
    untrusted,
)
from .plot_style import BLUE, DASHED, GREEN, ORANGE, epochs, file_name, head, number, whole

Drawn = NetworkResult | StackResult
Columns = dict[str, np.ndarray]  # of the history, or of the evaluations
COLUMNS = 6  # of a grid of images
LIKELIHOODS = {"log_likelihood": "data", "held_out": "held out"}
RESULTS = {
    "log_likelihood_data_units": r"$\langle\ln p\rangle$, data",
    "held_out_data_units": r"$\langle\ln p\rangle$, held out",
    "log_likelihood": r"$\langle\ln p\rangle$, data",
    "held_out": r"$\langle\ln p\rangle$, held out",
    "above_gaussian": "above one Gaussian",
    "above_independent": "above independent columns",
    "log_z": r"$\ln Z$",
    "reconstruction": "reconstruction",
}


def _error(of: Columns, name: str) -> np.ndarray:
    """Of a column of the evaluations: that of ln Z, and of ln p also what other rows would change."""
    return np.hypot(of[f"{name}_error"], of.get(f"{name}_rows_error", 0))


def draw_free_energies(axes: Axes, history: Columns) -> None:
    for name, label, colour in (("data", "data", BLUE), ("model", "chains", GREEN)):
        value, error = history[f"{name}_free_energy"], history[f"{name}_free_energy_error"]
        draw_band(axes, history["epoch"], value, error, colour, label)
    epochs(axes, history["epoch"][-1])
    axes.set_ylabel("free energy")
    axes.legend(loc="best")


def _interval(of: Columns, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ln p, and the ends of its error: the interval from annealing in both directions where that is wider."""
    value, error = of[name], _error(of, name)
    ends = (of[f"{name}_lower"], of[f"{name}_upper"], value - error, value + error)
    return value, np.fmin.reduce(ends), np.fmax.reduce(ends)


REFERENCES = {"above_gaussian": "one Gaussian of all columns", "above_independent": "independent columns"}


def draw_reference(axes: Axes, of: Columns, held_out: str) -> None:
    """ln p of held-out rows under the plainest model of the data, which a network should be above; where it is so far
    below that it would flatten all else, in words."""
    low, high = axes.get_ylim()
    for name, label in REFERENCES.items():
        if name in of and held_out in of and np.isfinite(of[name][-1]):
            level = of[held_out][-1] - of[name][-1]
            if low - 2 * (high - low) < level < high + 2 * (high - low):
                axes.axhline(level, **DASHED, label=label)
            else:
                axes.set_title(f"{label}: {level:.4g}".replace("-", "−"), loc="right", fontsize=8)


def draw_likelihood(axes: Axes, of: Columns) -> None:
    """ln p per row at the judged epochs, or where there is one side by side, with its errors."""
    single, dodge = len(of["epoch"]) == 1, 0.012 * max(float(of["epoch"][-1]), 1.0)
    shown = {}
    for plain, label in LIKELIHOODS.items():
        name = f"{plain}_data_units" if f"{plain}_data_units" in of else plain
        if name in of:
            shown[label] = name
    for k, (label, name) in enumerate(shown.items()):
        x = np.array([k]) if single else of["epoch"] + dodge * k  # lest error bars hide one another
        draw_judged(axes, x, *_interval(of, name), (BLUE, ORANGE)[k], label, "os"[k])
    draw_reference(axes, of, shown.get("held out", ""))
    axes.set_ylabel(r"$\ln p$ a row")
    if single:
        axes.set(xlim=(-0.6, len(shown) - 0.4), xticks=range(len(shown)), xticklabels=shown)
        handles = [h for h in axes.get_legend_handles_labels()[1] if h in REFERENCES.values()]
        if handles:
            axes.legend(loc="best", handles=[line for line in axes.lines if line.get_label() in handles])
    else:
        epochs(axes, of["epoch"][-1] + dodge)
        axes.legend(loc="best")
    axes.margins(y=0.15)


def draw_singular_values(axes: Axes, of: Columns) -> None:
    """Of w, at every judged epoch; a line is one of them."""
    epoch, values = of["epoch"], of["singular"]
    if len(epoch) > 1:
        axes.plot(epoch, values, color=BLUE, linewidth=0.8, alpha=0.6)
        epochs(axes, epoch[-1])
    else:
        axes.plot(np.arange(1, values.shape[1] + 1), values[0], "o-", markersize=2.5, color=BLUE, linewidth=0.8)
        axes.set_xlabel("rank")
        whole(axes)
    axes.set(ylabel="singular values of $w$", ylim=(0, None))


def draw_candidates(axes: Axes, density: Columns) -> None:
    """Held-out ln p of every scaling while it was learned exactly; the mark is where it was best, with its error."""
    steps = 10 * np.arange(density["held_out"].shape[1])
    for k, name in enumerate(density["scaling"]):
        curve, best = density["held_out"][k], int(density["best_round"][k])
        line = axes.plot(steps, curve, linewidth=1, color=f"C{k}", label=str(name))[0]
        style: dict[str, Any] = {"fmt": "o", "markersize": 3, "color": line.get_color(), "capsize": 2}
        axes.errorbar(steps[best], curve[best], density["best_error"][k], **style)
    axes.set(xlabel="iterations", ylabel=r"$\ln p$ a held-out row")
    if len(density["scaling"]) > 1:
        axes.legend(loc="lower right", fontsize=7, title="scaling", title_fontsize=7)


def draw_levels(axes: Axes, run: NetworkResult, log_z: float) -> None:
    """ln p of rows that were learned from and of draws, with their errors: alike where the model is right."""
    levels = {}
    for label, values in (("data", run.examples), ("draws", _drawn(run))):
        rows = run.to_data(values.astype(np.float64))
        levels[label] = run.scaling.log_jacobian(rows) - run.network.free_energy(values.astype(np.float64)) - log_z
    low, high = (np.quantile(np.concatenate(list(levels.values())), q) for q in (0.01, 1))
    bins = np.linspace(low, high, 25)
    middle, width = (bins[1:] + bins[:-1]) / 2, bins[1] - bins[0]
    for k, ((label, level), colour) in enumerate(zip(levels.items(), (BLUE, GREEN), strict=True)):
        counts = np.histogram(level, bins)[0]
        scale = 1 / (len(level) * width)
        axes.stairs(counts * scale, bins, color=colour, label=label)
        x = middle + (k - 0.5) * 0.25 * width
        axes.errorbar(x, counts * scale, np.sqrt(counts) * scale, fmt="none", ecolor=colour, elinewidth=0.7)
    axes.set(xlabel=r"$\ln p$ of a row", ylabel="density of rows", ylim=(0, None))
    axes.legend(loc="upper left")


def _result_rows(network: Network, evaluations: Columns) -> list[Row]:
    visible, hidden = network.w.shape
    rows: list[Row] = [
        ("visible", f"{visible} {network.visible}"), ("hidden", f"{hidden} {network.hidden}")
    ]  # fmt: skip
    if not len(evaluations["epoch"]):
        return rows
    last = {name: values[-1] for name, values in evaluations.items()}
    known = {name for name, value in last.items() if name not in REFERENCES or np.isfinite(value)}
    shown = [name for name in RESULTS if name in known and f"{name}_data_units" not in known]
    for name in shown:
        exact = name == "log_z" and last.get("exact", 0)
        text = number(last[name], _error(evaluations, name)[-1])
        rows.append((RESULTS[name], f"{text}, exact" if exact else text))
    return rows + ([] if last["ok"] else untrusted(str(last["reason"])))


def density_figure(run: NetworkResult) -> Figure:
    """Of a network that was learned exactly."""
    figure, panels = plt.subplots(2, 2, figsize=(7, 5))
    evaluations, density = run.arrays("evaluations"), run.arrays("density")
    draw_candidates(panels[0, 0], density)
    rows = _result_rows(run.network, evaluations)
    if len(evaluations["epoch"]):
        draw_levels(panels[0, 1], run, float(evaluations["log_z"][-1]))
        draw_singular_values(panels[1, 0], evaluations)
        rows.insert(2, ("scaling", run.scaling.method))
    else:
        panels[0, 1].axis("off")
        panels[1, 0].axis("off")
    draw_rows(panels[1, 1], [*rows, *rows_of_checks(run)])
    return head(figure, file_name(run))


def start_figure(run: NetworkResult) -> Figure:
    """Of what chains began with."""
    figure, axes = plt.subplots(figsize=(4, 3))
    draw_candidates(axes, run.arrays("density"))
    return head(figure, f"{file_name(run)}: the start of the chains, learned exactly")


def summary_figure(
    network: Network, history: Columns, evaluations: Columns, text: str, more: list[Row] | None = None
) -> Figure:
    """ln p and free energies against epochs, singular values, and what came of it."""
    figure, panels = plt.subplots(2, 2, figsize=(7.4, 5.4))
    draw_free_energies(panels[0, 1], history)
    if len(evaluations["epoch"]):
        draw_likelihood(panels[0, 0], evaluations)
        draw_singular_values(panels[1, 0], evaluations)
    else:
        panels[0, 0].axis("off")
        panels[1, 0].axis("off")
    draw_rows(panels[1, 1], [*_result_rows(network, evaluations), *(more or [])])
    return head(figure, text)


def features_figure(run: Drawn, w: np.ndarray, text: str, label: str = "$w$") -> Figure:
    """What every hidden unit responds to, the strongest first."""
    if shape := image_shape(run):
        return fields_figure(w, shape, "receptive fields")
    return head(table_of_weights(w, labels(run), label), f"{text}   hidden units by strength")


def image_shape(run: Drawn) -> tuple[int, int] | None:
    return plane(run.row_shape, run.examples.shape[1])


def _drawn(run: Drawn) -> np.ndarray:
    """The last draw of every chain."""
    return run.phi[:, -1]


def _expected(run: Drawn, drawn: np.ndarray) -> np.ndarray:
    """Visible units' expectations given hidden ones that were drawn given draws: without the units' own noise."""
    network = run.network if isinstance(run, NetworkResult) else run.networks[0]
    hidden = network.hidden_draw(drawn.astype(np.float64), np.random.default_rng(0))
    return network.visible_mean(hidden)


def samples_figure(run: Drawn, shape: tuple[int, int]) -> Figure:
    """Rows of the data, beside them draws of the network, and what is expected of each given its hidden units."""
    drawn = _drawn(run)[: COLUMNS**2]
    panels = {"data": run.examples, "draws": drawn, "draws, without the units' own noise": _expected(run, drawn)}
    images = {label: run.to_data(values[: COLUMNS**2]) for label, values in panels.items()}
    low, high = np.quantile(images["data"], [0.002, 0.998])
    return blocks_figure(images, shape, COLUMNS, cmap="gray", vmin=low, vmax=high)


def units_figure(run: Drawn) -> Figure:
    """Densities of data and draws: of some columns from the least spread to the most, and of all pixels together."""
    data = run.to_data(run.examples)
    together = image_shape(run) is not None
    picked = spread_columns(data, 4 if together else 6)
    return histograms_figure(data, run.to_data(_drawn(run)), picked, labels(run, "column "), together)


def moments_figure(run: Drawn) -> Figure:
    """Mean, variance and products of pairs, data against draws: each a mean over rows, with its error. In units of the
    data; where these are no pixels, every column from its mean, in units of its deviation."""
    both = [run.to_data(rows.astype(float)) for rows in (run.examples, _drawn(run))]
    table = image_shape(run) is None
    if table:
        centre, spread = both[0].mean(axis=0), both[0].std(axis=0)
        both = [(rows - centre) / np.where(spread > 0, spread, 1) for rows in both]
    first, second = np.triu_indices(both[0].shape[1], 1)
    if len(first) > 2000:
        some = np.random.default_rng(0).choice(len(first), 2000, replace=False)
        first, second = first[some], second[some]
    centred = [rows - rows.mean(0) for rows in both]
    products = {
        r"$\langle\phi_i\rangle$": both,
        r"$\mathrm{Var}\,\phi_i$": [x**2 for x in centred],
        r"$\mathrm{Cov}(\phi_i,\phi_j)$": [x[:, first] * x[:, second] for x in centred],
    }
    parts = {
        name: (*(x.mean(0) for x in of), *(x.std(0) / np.sqrt(len(x)) for x in of)) for name, of in products.items()
    }
    figure = comparison_figure({name: part for name, part in parts.items() if part[0].size}, "data", "network")
    return head(figure, "columns from their means, in units of their deviations") if table else figure


def sample_figures(run: Drawn) -> Iterator[tuple[str, Figure]]:
    """Data against draws, where there are any."""
    if "posterior" not in run.data:
        return
    if shape := image_shape(run):
        yield "samples", samples_figure(run, shape)
    else:
        yield "pairs", pairs_figure(run.to_data(run.examples), run.to_data(_drawn(run)), labels(run))
    yield "histograms", units_figure(run)
    yield "moments", moments_figure(run)


def figures(run: NetworkResult) -> Iterator[tuple[str, Figure]]:
    """Those that the run has data for."""
    history = run.arrays("history")
    if run.exact:
        yield "summary", density_figure(run)
    elif len(history["epoch"]):
        evaluations = run.arrays("evaluations")
        yield "summary", summary_figure(run.network, history, evaluations, file_name(run), rows_of_checks(run))
    if "density" in run.data and not run.exact:
        yield "start", start_figure(run)
    yield "features", features_figure(run, run.network.w, file_name(run))
    yield from sample_figures(run)
