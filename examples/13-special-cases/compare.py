"""The special cases of the phi^4 network on one data set, by their exact ln p of rows they have not seen.

    python compare.py [-o FIGURE]

Four patterns of twelve signs; every row shows one, an eighth of its signs turned over, with Gaussian noise. So each
column has two peaks, and columns depend on each other through the pattern. The density that made the rows is known,
and no model can have a larger <ln p> than its.
"""

import argparse
import math
import warnings
from pathlib import Path

import numpy as np

from quartic import Network, RestrictedBoltzmannMachine

TURNED, NOISE = 1 / 8, 0.3
PATTERNS = np.random.default_rng(13).choice([-1.0, 1.0], (4, 12))
CASES = [  # visible, hidden, hidden units (few continuous ones, which take an integral each), rate
    ("gaussian", "gaussian", 8, 0.03),
    ("gaussian", "binary", 8, 0.1),
    ("quartic", "binary", 8, 0.1),
    ("quartic", "quartic", 2, 0.05),
    ("binary", "binary", 8, 0.5),  # a bit has a quarter of a spin's variance
    ("spin", "spin", 8, 0.03),
]
Table = dict[str, np.ndarray]  # ln p of every row, by model


def make_rows(rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    signs = PATTERNS[rng.integers(len(PATTERNS), size=rows)]
    turned = np.where(rng.random(signs.shape) < TURNED, -1, 1)
    return signs * turned + NOISE * rng.normal(size=signs.shape)


def normal(x: np.ndarray) -> np.ndarray:
    return np.exp(-((x / NOISE) ** 2) / 2) / math.sqrt(2 * math.pi * NOISE**2)


def truth(rows: np.ndarray) -> np.ndarray:
    """ln p of the rows under the density that made them."""
    x = rows[:, None]
    columns = np.log((1 - TURNED) * normal(x - PATTERNS) + TURNED * normal(x + PATTERNS))
    return np.logaddexp.reduce(columns.sum(-1), axis=1) - math.log(len(PATTERNS))


def truth_of_signs(signs: np.ndarray) -> np.ndarray:
    """ln p of the signs alone, which the noise turns over as well now and then."""
    slip = math.erfc(1 / (NOISE * math.sqrt(2))) / 2
    other = TURNED * (1 - slip) + (1 - TURNED) * slip
    columns = np.log(np.where(signs[:, None] == PATTERNS, 1 - other, other))
    return np.logaddexp.reduce(columns.sum(-1), axis=1) - math.log(len(PATTERNS))


def independent(unit: str, train: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Columns that know nothing of each other, with the moments of the data: a network without weights."""
    network = Network.from_data(train, 1, visible=unit, deviation=0)
    return -network.free_energy(rows) - network.exact_log_z()


def learned(case: tuple[str, str, int, float], train: np.ndarray, rows: np.ndarray) -> np.ndarray:
    visible, hidden, units, rate = case
    warnings.filterwarnings("ignore", message=".*one Gaussian")  # the table says how far each is
    machine = RestrictedBoltzmannMachine(
        units, visible=visible, hidden=hidden, learning_rate=rate, n_iter=30, rungs=4, random_state=1
    ).fit(train)
    assert machine.log_z_.exact
    return machine.score_samples(rows)


def compare() -> tuple[Table, Table]:
    """Densities of the rows, and probabilities of their signs: two tables, for they have no common measure."""
    values = make_rows(4000, 1), make_rows(2000, 2)
    densities, probabilities = {}, {}
    for unit in ("gaussian", "quartic"):
        densities[f"{unit} columns"] = independent(unit, *values)
    probabilities["independent signs"] = independent("spin", *map(np.sign, values))
    for case in CASES:
        visible, hidden, units, _ = case
        name = f"{visible}-{hidden}, {units}"
        if visible == "binary":
            data = [(rows > 0).astype(float) for rows in values]
        else:
            data = list(values) if visible != "spin" else [np.sign(rows) for rows in values]
        table = probabilities if visible in ("binary", "spin") else densities
        table[name] = learned(case, *data)
    densities["the truth"] = truth(values[1])
    probabilities["the truth"] = truth_of_signs(np.sign(values[1]))
    return densities, probabilities


def mean_of(x: np.ndarray) -> tuple[float, float]:
    """With its standard error."""
    return float(x.mean()), float(x.std(ddof=1) / math.sqrt(len(x)))


def draw(path: Path, tables: dict[str, Table]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    sizes = [len(table) - 1 for table in tables.values()]
    figure, panels = plt.subplots(2, 1, figsize=(6.4, 4.2), height_ratios=sizes, constrained_layout=True)
    for axes, (title, table) in zip(panels, tables.items(), strict=True):
        names = [name for name in table if name != "the truth"][::-1]
        # Row by row: what all models find hard cancels.
        lost = [mean_of(table["the truth"] - table[name]) for name in names]
        values, errors = zip(*lost, strict=True)
        axes.barh(names, values, xerr=errors, color="#2b6ca3", ecolor="#16324f", height=0.6)
        for at, (value, error) in enumerate(lost):
            offset = {"xytext": (5, 0), "textcoords": "offset points"}
            axes.annotate(f"{value:.2f} ± {error:.2f}", (value + error, at), va="center", fontsize=8, **offset)
        axes.margins(x=0.18)
        axes.set_title(title, fontsize=9, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    panels[-1].set_xlabel("nats a held-out row below the density that made it", fontsize=9)
    figure.savefig(path, dpi=200)
    print(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, metavar="FIGURE")
    options = parser.parse_args()
    densities, probabilities = compare()
    tables = {"ln density of real-valued rows": densities, "ln probability of their signs": probabilities}
    for title, table in tables.items():
        print(title)
        for name, (value, error) in ((name, mean_of(x)) for name, x in table.items()):
            print(f"  {name:<22} {value:9.3f} +- {error:.3f}")
    if options.output:
        draw(options.output, tables)


if __name__ == "__main__":
    main()
