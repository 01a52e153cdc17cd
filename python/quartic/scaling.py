"""How estimators scale real-valued rows."""

from collections.abc import Sequence

import numpy as np

from .errors import BadInput

SCALINGS = ("columns", "all", None)


def center_and_scale(
    rows: np.ndarray, scaling: str | None, noise: float, names: Sequence[str] | None = None, remedy: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """Of x = (X - center) / scale: each column its own spread, one for all, or none.

    Raises BadInput for a scaling that is none, and where a column does not vary and no noise makes it: it has no
    density. `names` are those of the columns, `remedy` what else may help.
    """
    if scaling not in SCALINGS:
        raise BadInput(f"scaling must be one of {SCALINGS}, not {scaling!r}", 'scaling="columns"')
    mean, spread = rows.mean(0, dtype=np.float64), rows.std(0, dtype=np.float64)
    least = 2e-6 * np.median(spread) if scaling == "all" else 0.0
    constant = spread <= np.maximum(least, 1e-10 * np.abs(mean))
    if constant.any() and noise == 0:
        raise BadInput(
            f"{_column(constant, names)} of the data does not vary: it has no density",
            "leave such columns out (sklearn.feature_selection.VarianceThreshold), or add noise (noise=0.1)" + remedy,
        )
    if scaling is None:
        return np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    typical = float(np.sqrt(np.mean(spread**2))) or 1.0
    return mean, np.full(len(mean), typical) if scaling == "all" else np.where(constant, typical, spread)


def _column(which: np.ndarray, names: Sequence[str] | None) -> str:
    at = int(np.flatnonzero(which)[0])
    text = f"column {at}" if names is None else f"column {at} ({names[at]!r})"
    others = int(which.sum()) - 1
    return text if others == 0 else f"{text}, like {others} more,"
