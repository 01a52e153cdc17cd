"""Figures of a run of `quartic fit` of a network."""

from collections.abc import Iterator

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ._quartic import Network
from .plot_panels import (
    comparison_figure,
    draw_band,
    draw_judged,
    draw_rows,
    histograms_figure,
    images_figure,
    plane,
    untrusted,
)
from .plot_style import BLUE, GREEN, ORANGE, head, number, whole
from .runs import NetworkResult, StackResult

Drawn = NetworkResult | StackResult
Columns = dict[str, np.ndarray]  # of the history, or of the evaluations
COLUMNS = 16  # of images
LIKELIHOODS = {"log_likelihood": "data", "held_out": "held out"}
RESULTS = {
    "log_likelihood_data_units": r"$\langle\ln p\rangle$, data",
    "held_out_data_units": r"$\langle\ln p\rangle$, held out",
    "log_likelihood": r"$\langle\ln p\rangle$, data, model's units",
    "held_out": r"$\langle\ln p\rangle$, held out",
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
    axes.set(xlabel="epoch", ylabel="free energy")
    axes.legend(loc="best")
    whole(axes)


def draw_likelihood(axes: Axes, of: Columns) -> None:
    """ln p per row at the judged epochs, with the interval from annealing in both directions."""
    for (plain, label), colour in zip(LIKELIHOODS.items(), (BLUE, ORANGE), strict=True):
        name = f"{plain}_data_units" if f"{plain}_data_units" in of else plain
        if name in of:
            value, error = of[name], _error(of, name)
            low, high = np.minimum(of[f"{name}_lower"], value - error), np.maximum(of[f"{name}_upper"], value + error)
            draw_judged(axes, of["epoch"], value, low, high, colour, label)
    axes.set(xlabel="epoch", ylabel=r"$\ln p$ a row")
    axes.legend(loc="best")


def draw_singular_values(axes: Axes, of: Columns) -> None:
    """Of w, at every judged epoch; a line is one of them."""
    epoch, values = of["epoch"], of["singular"]
    if len(epoch) > 1:
        axes.plot(epoch, values, color=BLUE, linewidth=0.8, alpha=0.6)
    else:
        axes.plot(np.arange(1, values.shape[1] + 1), values[0], "o-", markersize=2.5, color=BLUE, linewidth=0.8)
    axes.set(xlabel="epoch" if len(epoch) > 1 else "rank", ylabel="singular values of $w$", ylim=(0, None))
    whole(axes)


def draw_candidates(axes: Axes, density: Columns) -> None:
    """Held-out ln p of every scaling while it was learned exactly; the mark is where it was best, with its error."""
    steps = 10 * np.arange(density["held_out"].shape[1])
    low = density["held_out"][:, 0].min()
    for k, name in enumerate(density["scaling"]):
        curve, best = density["held_out"][k], int(density["best_round"][k])
        line = axes.plot(steps, curve, linewidth=1, color=f"C{k}", label=str(name))[0]
        axes.errorbar(steps[best], curve[best], density["best_error"][k], fmt="o", markersize=3, color=line.get_color())
    tops = np.nanmax(density["held_out"]) + density["best_error"].max()
    axes.set(xlabel="iterations", ylabel=r"$\ln p$ a held-out row", ylim=(low, tops + 0.05 * (tops - low)))
    axes.legend(loc="lower right", fontsize=7)


def draw_levels(axes: Axes, run: NetworkResult, log_z: float) -> None:
    """ln p of rows that were learned from and of draws: alike where the model is right."""
    for label, values, colour in (("data", run.examples, BLUE), ("draws", _drawn(run), GREEN)):
        rows = run.to_data(values.astype(np.float64))
        level = run.scaling.log_jacobian(rows) - run.network.free_energy(values.astype(np.float64)) - log_z
        low, high = np.quantile(level, [0.01, 1])
        axes.hist(level, bins=np.linspace(low, high, 24), density=True, histtype="step", color=colour, label=label)
    axes.set(xlabel=r"$\ln p$ of a row", ylabel="density of rows")
    axes.legend(loc="upper left")


def _result_rows(network: Network, evaluations: Columns) -> list[tuple[str, str]]:
    visible, hidden = network.w.shape
    rows = [("visible", f"{visible} {network.visible}"), ("hidden", f"{hidden} {network.hidden}")]
    if not len(evaluations["epoch"]):
        return rows
    last = {name: values[-1] for name, values in evaluations.items()}
    shown = [name for name in RESULTS if name in last and f"{name}_data_units" not in last]
    rows += [(RESULTS[name], number(last[name], _error(evaluations, name)[-1])) for name in shown]
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
    draw_rows(panels[1, 1], rows)
    return head(figure, run.path.name)


def start_figure(run: NetworkResult) -> Figure:
    """Of what chains began with."""
    figure, axes = plt.subplots(figsize=(4, 3))
    draw_candidates(axes, run.arrays("density"))
    return head(figure, f"{run.path.name}: the start of the chains, learned exactly")


def summary_figure(network: Network, history: Columns, evaluations: Columns, text: str) -> Figure:
    figure, panels = plt.subplots(2, 2, figsize=(7, 5))
    draw_free_energies(panels[0, 0], history)
    if len(evaluations["epoch"]):
        draw_likelihood(panels[0, 1], evaluations)
        draw_singular_values(panels[1, 0], evaluations)
    draw_rows(panels[1, 1], _result_rows(network, evaluations))
    return head(figure, text)


def features_figure(w: np.ndarray, shape: tuple[int, int]) -> Figure:
    """What every hidden unit responds to, the strongest first; each on its own scale."""
    order = np.argsort(-(w**2).sum(axis=0))[:64]
    rows = [("", w.T[order[k : k + COLUMNS]]) for k in range(0, len(order), COLUMNS)]
    return images_figure(rows, shape, 0.62, cmap="RdBu_r")


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
    """Rows of the data above, beneath draws of the network, and what is expected of each given its hidden units."""
    drawn = _drawn(run)[: 2 * COLUMNS]
    panels = {"data": run.examples, "draws": drawn, "expected": _expected(run, drawn)}
    images = {label: run.to_data(values[: 2 * COLUMNS]) for label, values in panels.items()}
    low, high = np.quantile(images["data"], [0.002, 0.998])
    rows = [("" if k else label, of[k * COLUMNS : (k + 1) * COLUMNS]) for label, of in images.items() for k in range(2)]
    for gap in (4, 2):
        rows.insert(gap, ("", images["data"][:0]))
    return images_figure(rows, shape, 0.62, cmap="gray", vmin=low, vmax=high)


def units_figure(run: Drawn) -> Figure:
    """Densities of data and draws: of all visible units and of some, from the least spread to the most."""
    data = run.to_data(run.examples)
    order = np.argsort(data.std(axis=0))
    picked = sorted({int(order[k * (len(order) - 1) // 3]) for k in range(4)})
    return histograms_figure(data, run.to_data(_drawn(run)), picked, "unit")


def moments_figure(run: Drawn) -> Figure:
    """Mean, variance and products of pairs, data against draws: each a mean over rows, with its error."""
    both = [rows.astype(float) for rows in (run.examples, _drawn(run))]
    first, second = np.random.default_rng(0).integers(both[0].shape[1], size=(2, 2000))
    centred = [rows - rows.mean(0) for rows in both]
    products = {
        r"$\langle\phi_i\rangle$": both,
        r"$\mathrm{Var}\,\phi_i$": [x**2 for x in centred],
        r"$\mathrm{Cov}(\phi_i,\phi_j)$": [x[:, first] * x[:, second] for x in centred],
    }
    parts = {
        name: (*(x.mean(0) for x in of), *(x.std(0) / np.sqrt(len(x)) for x in of)) for name, of in products.items()
    }
    return comparison_figure(parts, "data", "network")


def sample_figures(run: Drawn) -> Iterator[tuple[str, Figure]]:
    """Data against draws, where there are any."""
    if "posterior" not in run.data:
        return
    if shape := image_shape(run):
        yield "samples", samples_figure(run, shape)
    yield "histograms", units_figure(run)
    yield "moments", moments_figure(run)


def figures(run: NetworkResult) -> Iterator[tuple[str, Figure]]:
    """Those that the run has data for."""
    history = run.arrays("history")
    if run.exact:
        yield "summary", density_figure(run)
    elif len(history["epoch"]):
        yield "summary", summary_figure(run.network, history, run.arrays("evaluations"), run.path.name)
    if "density" in run.data and not run.exact:
        yield "start", start_figure(run)
    if shape := image_shape(run):
        yield "features", features_figure(run.network.w, shape)
    yield from sample_figures(run)
