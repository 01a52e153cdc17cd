"""How estimators scale real-valued rows."""

from collections.abc import Sequence

import numpy as np

from . import density
from ._quartic import Network
from .errors import BadInput

SCALINGS = ("columns", "all", None)
_FARTHEST = 1e30  # in spreads of a column: its fourth power is a number with room to spare, and float32 holds it


def center_and_scale(
    rows: np.ndarray, scaling: str | None, noise: float, names: Sequence[str] | None = None, remedy: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """Of x = (X - center) / scale: each column its own spread, one for all, or none.

    Raises BadInput for a scaling that is none, and where a column does not vary and no noise makes it: it has no
    density. `names` are those of the columns, `remedy` what else may help.
    """
    require_scaling(scaling, SCALINGS)
    mean = rows.mean(0, dtype=np.float64)
    spread = _spread(rows - mean)
    least = 2e-6 * np.median(spread) if scaling == "all" else 0.0
    constant = spread <= np.maximum(least, 1e-13 * np.abs(mean))
    if constant.any() and noise == 0:
        raise BadInput(
            f"{_column(constant, names)} of the data does not vary: it has no density",
            "leave such columns out (sklearn.feature_selection.VarianceThreshold), or add noise (noise=0.1)" + remedy,
        )
    if scaling is None:
        return np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    typical = float(np.sqrt(np.mean(spread**2))) or 1.0
    return mean, np.full(len(mean), typical) if scaling == "all" else np.where(constant, typical, spread)


def require_near(rows: np.ndarray, center: np.ndarray, scale: np.ndarray, names: Sequence[str] | None = None) -> None:
    """Raises BadInput for a row so far from those learned from that its density is no number."""
    with np.errstate(over="ignore"):
        far = np.abs(rows - center) > _FARTHEST * scale
    if far.any():
        row, column = np.argwhere(far)[0]
        raise BadInput(
            f"row {row}, {_named(column, names)} is {rows[row, column]:g}, more than {_FARTHEST:g} spreads from the "
            "data learned from: no number holds its density",
            "leave such rows out, or mend their units",
        )


def require_scaling(scaling: str | None, known: Sequence[str | None]) -> None:
    """Raises BadInput for a scaling that is none of those known."""
    if scaling not in known:
        raise BadInput(f"scaling must be one of {tuple(known)}, not {scaling!r}", 'scaling="columns"')


def _spread(centred: np.ndarray) -> np.ndarray:
    """Of columns, relative to the largest: squares of 1e-300 are 0."""
    largest = np.abs(centred).max(0)
    return largest * np.sqrt(np.mean((centred / np.where(largest > 0, largest, 1)) ** 2, axis=0))


def best_shift(rows: np.ndarray) -> np.ndarray:
    """The c of each column of largest ln p of x - c under one quartic unit, to 1/16 of the column's spread."""
    spread = rows.std(0, dtype=np.float64)
    varies = spread > 2e-6 * np.median(spread)  # among these rows, as others need not
    rows, shifted = rows[:, varies].astype(np.float64), np.zeros(len(spread))

    def likelihood(shift: np.ndarray) -> np.ndarray:
        x = rows - shift * spread[varies]
        unit = Network.from_data(x, 1, deviation=0, random_state=0)
        energy = unit.r * x.mean(0) + unit.a * (x**2).mean(0) + unit.b * (x**4).mean(0)
        return -energy - density.log_normaliser(unit.a, unit.b, -unit.r)

    best, step = np.zeros(varies.sum()), 0.25
    for steps in (8, 3):  # two spreads either way, then finer around the best
        shifts = [best + step * k for k in sorted(range(-steps, steps + 1), key=abs)]
        values = [likelihood(shift) for shift in shifts]
        best = np.take_along_axis(np.array(shifts), np.argmax(values, axis=0)[None], 0)[0]
        step /= 4
    shifted[varies] = best * spread[varies]
    return shifted


def _named(column: int, names: Sequence[str] | None) -> str:
    return f"column {column}" if names is None else f"column {column} ({names[column]!r})"


def _column(which: np.ndarray, names: Sequence[str] | None) -> str:
    text = _named(int(np.flatnonzero(which)[0]), names)
    others = int(which.sum()) - 1
    return text if others == 0 else f"{text}, like {others} more,"
