"""What the estimators that learn by a run of `fit` have in common."""

import re
import warnings
from math import prod
from typing import Any

import numpy as np

try:
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError("the estimators need scikit-learn 1.6 or later: pip install 'quartic[sklearn]'") from error

from .arguments import require_unmasked
from .data_runs import generate
from .progress import Watch
from .run_files import fit_rows
from .runs import Result
from .scaling import center_and_scale, require_near
from .seeds import RandomState, seed_of

# What a config calls otherwise than the estimators' parameters.
_PARAMETERS = {
    "data.scaling": "scaling", "training.epochs": "n_iter", "training.rate": "learning_rate",
    "training.batch": "batch_size", "training.": "", "fit.": "", "model.": "",
}  # fmt: skip


def in_parameters(advice: str) -> str:
    """Advice that names keys of a config, in those of an estimator."""
    for key, parameter in _PARAMETERS.items():
        advice = re.sub(rf"\b{re.escape(key)}", parameter, advice)
    return advice


class FittedRun(BaseEstimator):
    """Rows in, a run of `fit` inside. A subclass gives the config's keys."""

    # parameters of every subclass
    scaling: str | None
    noise: float
    verbose: bool | None
    n_jobs: int | None
    random_state: RandomState

    def _rows(self, X: Any, reset: bool) -> np.ndarray:
        """As scikit-learn wants them; rows of images are flattened, and their shape remembered."""
        require_unmasked(X)
        X = np.asarray(X) if isinstance(X, list | tuple) else X
        images = len(getattr(X, "shape", ())) > 2
        if reset:
            self._row_shape: tuple[int, ...] | None = tuple(X.shape[1:]) if images else None
        if images:
            X = np.asarray(X).reshape(len(X), prod(X.shape[1:]))  # -1 is none where there are no rows
        return validate_data(
            self, X, dtype=[np.float64, np.float32], order="C", reset=reset, ensure_min_samples=2 if reset else 1
        )

    def _fit(self, rows: np.ndarray, keys: dict[str, Any], **more: Any) -> Result:
        random = self.random_state
        seed = seed_of(random if isinstance(random, np.random.Generator) else check_random_state(random))
        self.center_, self.scale_ = self._scaling(rows)
        watch = Watch(progress=self.verbose)
        scaled = (rows - self.center_) / self.scale_
        result = fit_rows(
            scaled, f"{type(self).__name__}.fit()", {name: value for name, value in keys.items() if value is not None},
            seed, self.n_jobs, watch=watch, **more,
        )  # fmt: skip
        if not result.finished:  # by Ctrl-C; an estimator is fitted or not
            raise KeyboardInterrupt("stopped before its end")
        if not result.ok:
            reason = in_parameters(result.reason).replace(": .checks)", ": .result_.checks)")
            warnings.warn(f"the fit is not to be trusted: {reason}", ConvergenceWarning, stacklevel=4)
        return result

    @property
    def _by_column(self) -> str | None:
        return self.scaling

    def _scaling(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return center_and_scale(rows, self._by_column, self.noise, getattr(self, "feature_names_in_", None))

    def _seen(self, X: Any) -> np.ndarray:
        """Rows in the units of the model."""
        check_is_fitted(self)
        rows = self._rows(X, reset=False)
        require_near(rows, self.center_, self.scale_, getattr(self, "feature_names_in_", None))
        return (rows - self.center_) / self.scale_

    def sample(self, n_samples: int = 1, random_state: RandomState = None, sweeps: int = 10) -> np.ndarray:
        """Draw rows from the model, in the units and the shape of the data.

        Parameters
        ----------
        n_samples : int
            How many.
        random_state : int, Generator, RandomState or None
            The same integer gives the same rows.
        sweeps : int
            Between rows of one chain.

        Returns
        -------
        numpy.ndarray
            Shape (n_samples, n_features), or n_samples images where images were fitted.
        """
        check_is_fitted(self)
        rows = generate(
            self.result_, n_samples, sweeps=sweeps, random_state=random_state, n_jobs=self.n_jobs, progress=False
        )
        rows = rows.reshape(n_samples, -1) * self.scale_ + self.center_
        return rows if self._row_shape is None else rows.reshape(n_samples, *self._row_shape)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "result_")
