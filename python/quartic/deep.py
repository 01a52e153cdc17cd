"""A deep stack of networks as an estimator of scikit-learn."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from . import _quartic
from .arguments import at_most
from .data_runs import StackResult
from .fitted import FittedRun
from .progress import Watch
from .results import Estimate
from .runs import threads_of
from .scaling import SCALINGS, require_scaling
from .seeds import RandomState
from .temporary import save_rows, temporary_folder

try:
    from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError("quartic.DeepStack needs scikit-learn 1.6 or later: pip install 'quartic[sklearn]'") from error


_TURNED = ("whiten", "zca")  # by the run itself
_MOST_LAYERS = 1000


class DeepStack(ClassNamePrefixFeaturesOutMixin, TransformerMixin, FittedRun):
    """Networks on top of each other, each trained on the hidden units of the one below.

    After Hinton, Osindero & Teh, Neural Comput. 18, 1527, 2006.

    Parameters
    ----------
    hidden_units : sequence of int
        Units of each layer, the data's first.
    visible : {"quartic", "gaussian", "binary", "spin"}
        Units of the data.
    hidden : str or sequence of str
        Units of the layers.
    n_iter : int or None
        Passes over the data a layer; None: as many as rows held out want, 15 % of all.
    learning_rate : float
        In units of the data's spread.
    batch_size : int or None
        Rows an update, and the number of persistent chains; None: a twentieth of the rows, from 64 to 500.
    steps, rungs : int
        Sweeps of Gibbs sampling an update; rungs of parallel tempering.
    momentum, weight_decay : float
        Of the updates of the weights.
    noise : float
        Standard deviation of Gaussian noise on real-valued rows, in scaled units.
    scaling : {"columns", "all", "whiten", "zca", None}
        As of RestrictedBoltzmannMachine; "whiten" and "zca" after "columns". Binary and spin data are never scaled.
    verbose, n_jobs, random_state : optional
        As of LatticeField.

    Attributes
    ----------
    result_ : StackResult
        The run: its networks, history, bounds, checks.
    center_, scale_ : numpy.ndarray
        What was taken from each column, and what it was divided by.
    n_features_in_ : int
        Columns of X.

    Examples
    --------
    >>> import numpy as np, quartic
    >>> random = np.random.default_rng(0)
    >>> X = random.choice([-1.0, 1.0], (400, 1)) + random.normal(0, 0.2, (400, 6))
    >>> stack = quartic.DeepStack([4, 2], visible="quartic", n_iter=5, random_state=0).fit(X)
    >>> stack.transform(X).shape, stack.sample(16).shape
    ((400, 2), (16, 6))
    """

    def __init__(
        self,
        hidden_units: Sequence[int] = (64, 32),
        *,
        visible: str = "quartic",
        hidden: str | Sequence[str] = "binary",
        n_iter: int | None = 20,
        learning_rate: float = 0.05,
        batch_size: int | None = None,
        steps: int = 1,
        rungs: int = 1,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        noise: float = 0.0,
        scaling: str | None = "columns",
        verbose: bool | None = None,
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ):
        self.hidden_units = hidden_units
        self.visible = visible
        self.hidden = hidden
        self.n_iter = n_iter
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.steps = steps
        self.rungs = rungs
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.noise = noise
        self.scaling = scaling
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train layer after layer.

        Parameters
        ----------
        X : array_like
            Rows, shape (n_samples, n_features), or images.
        y : None
            Ignored.

        Returns
        -------
        DeepStack
            Itself, fitted.
        """
        require_scaling(self.scaling, (*SCALINGS, *_TURNED))
        at_most("DeepStack", "hidden_units", self.hidden_units, _MOST_LAYERS)
        rows = self._rows(X, reset=True)
        keys = {
            "model.kind": "stack", "model.visible": self.visible, "model.hidden": self.hidden,
            "model.hidden_units": np.atleast_1d(self.hidden_units).tolist(), "model.noise": self.noise,
            "training.epochs": self.n_iter, "training.rate": self.learning_rate,
            "training.batch": min(self.batch_size, len(rows)) if self.batch_size else "auto",
            "training.steps": self.steps, "training.rungs": self.rungs, "training.momentum": self.momentum,
            "training.weight_decay": self.weight_decay,
        }  # fmt: skip
        if self.scaling in _TURNED and self._continuous:
            keys["data.scaling"] = self.scaling
        self.result_: StackResult = self._fit(rows, keys)  # type: ignore[assignment]
        return self

    @property
    def _continuous(self) -> bool:
        return self.visible in ("quartic", "gaussian")

    @property
    def _by_column(self) -> str | None:
        return "columns" if self.scaling in _TURNED else self.scaling

    def _scaling(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self._continuous:
            return super()._scaling(rows)
        return np.zeros(rows.shape[1]), np.ones(rows.shape[1])

    @property
    def bound_(self) -> Estimate:
        """Lower bound of the mean ln p of the rows, in scaled units."""
        bounds = self.result_.bounds
        return Estimate(float(bounds["bound"][-1]), float(bounds["bound_error"][-1]))

    @property
    def _n_features_out(self) -> int:
        return int(self.result_.networks[-1].w.shape[1])  # AttributeError before a fit, which scikit-learn asks for

    def transform(self, X: Any, layer: int | None = None) -> np.ndarray:
        """Mean of the hidden units of a layer, given rows.

        Parameters
        ----------
        X : array_like
            Rows or images.
        layer : int, optional
            Which: 1 is the data's; the top one by default.

        Returns
        -------
        numpy.ndarray
            Shape (n_samples, units).
        """
        check_is_fitted(self)
        rows = self._seen(X)
        watch = Watch(progress=False)
        with temporary_folder() as folder:
            file = folder / "rows.npy"
            save_rows(file, rows)
            hidden = _quartic.transform_rows(self.result_.path, file, layer, False, threads_of(self.n_jobs), watch)
        return hidden.astype(rows.dtype)
