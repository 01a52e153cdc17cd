"""A phi^4 field on a lattice as a density estimator of scikit-learn."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from ._quartic import Graph, lattice
from .arguments import at_most
from .data_runs import FieldResult
from .errors import BadInput
from .fitted import ConvergenceWarning, FittedRun
from .results import Estimate
from .seeds import RandomState

_FEWEST_ROWS = 8
_MOST_DIRECTIONS = 64  # of two sites each, and no memory would hold a field


class LatticeField(FittedRun):
    """A phi^4 field on a graph, fitted to data by maximum likelihood, KL(q||p).

    S(phi) = - sum_<ij> w_ij phi_i phi_j + sum_i (r_i phi_i + a_i phi_i^2 + b_i phi_i^4), p ~ exp(-S): one site a
    column, every coupling free. Errors are those of maximum likelihood and Monte Carlo together.

    Parameters
    ----------
    lattice : str or Graph
        The graph: "chain", "square", "king" (with diagonals), ..., or any Graph with a site a column.
    shape : sequence of int, optional
        Extents of the lattice: those of the images that are fitted, or (columns,).
    periodic : bool
        Whether opposite sides are neighbours.
    scaling : {"columns", "all", None}
        Each column to mean 0 and variance 1; all by one mean and spread, as for pixels; or as they are.
    noise : float
        Standard deviation of Gaussian noise on the scaled data; a tenth is right where columns hardly vary.
    freedom : mapping, optional
        "free", "tied" or "frozen" by kind of coupling.
    optimiser : {"newton", "adam", "gradient"}, optional
        Newton's method by default, where its matrix fits.
    max_iter : int, optional
        Epochs at most.
    weight_decay : float
        With lambda the number given, lambda/2 theta^2 is taken from the mean ln p. Few rows are helped by some
        0.1 / n_samples, a prior of variance 10 on every coupling; neighbours correlated by .99 have couplings of
        hundreds, which it would spoil.
    chains : int, optional
        Markov chains, a multiple of 16.
    error : float
        Wanted standard error of ln Z.
    verbose : bool, optional
        Whether to show a bar; by default where stderr is a terminal.
    n_jobs : int, optional
        Threads, all cores by default; never changes the results.
    random_state : int, Generator, RandomState or None
        Seed of all random streams.

    Attributes
    ----------
    action_ : Action
        In scaled units ``x = (X - center_) / scale_``.
    couplings_, errors_ : dict of numpy.ndarray
        w by edge, r, a, b by site, and their standard errors.
    log_z_ : Estimate
        ln Z of ``action_``.
    result_ : FieldResult
        The run: its history, checks, `ok`.
    converged_ : bool
        Whether the couplings stopped moving beyond their errors.
    center_, scale_ : numpy.ndarray
        What was taken from each column, and what it was divided by.
    n_features_in_ : int
        Columns of X.

    Examples
    --------
    >>> import numpy as np, quartic
    >>> X = np.random.default_rng(0).normal(size=(500, 4)).cumsum(1)
    >>> field = quartic.LatticeField("chain", random_state=0).fit(X)
    >>> field.score_samples(X).shape, field.sample(10).shape
    ((500,), (10, 4))
    """

    def __init__(
        self,
        lattice: str | Graph = "chain",
        *,
        shape: Sequence[int] | None = None,
        periodic: bool = False,
        scaling: str | None = "columns",
        noise: float = 0.0,
        freedom: Mapping[str, str] | None = None,
        optimiser: str | None = None,
        max_iter: int | None = None,
        weight_decay: float = 0.0,
        chains: int | None = None,
        error: float = 0.01,
        verbose: bool | None = None,
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ):
        self.lattice = lattice
        self.shape = shape
        self.periodic = periodic
        self.scaling = scaling
        self.noise = noise
        self.freedom = freedom
        self.optimiser = optimiser
        self.max_iter = max_iter
        self.weight_decay = weight_decay
        self.chains = chains
        self.error = error
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the field to rows or images.

        Parameters
        ----------
        X : array_like
            Rows, shape (n_samples, n_features), or images, shape ``(n_samples, *extent)``.
        y : None
            Ignored.

        Returns
        -------
        LatticeField
            Itself, fitted.
        """
        rows = self._rows(X, reset=True)
        if len(rows) < _FEWEST_ROWS:
            warnings.warn(
                f"{len(rows)} rows are too few to learn a density from: ln p of other rows means nothing",
                ConvergenceWarning,
                stacklevel=2,
            )
        graph = self._graph(rows.shape[1])
        freedom = {"w": "free", "r": "free", "a": "free", "b": "free"} | dict(self.freedom or {})
        start = {"w": 0.0, "r": 0.0, "a": 0.5, "b": 0.1}  # where frozen ones stay: a site of variance about 1
        keys: dict[str, Any] = {
            f"action.{kind}": {"start": start.get(kind, 0.0), "freedom": word} for kind, word in freedom.items()
        }
        keys |= {
            "fit.optimiser": self.optimiser, "fit.epochs": self.max_iter, "fit.noise": self.noise or None,
            "fit.weight_decay": self.weight_decay or None,
            "sampler.chains": self.chains, "evaluation.error": self.error,
        }  # fmt: skip
        self.result_: FieldResult = self._fit(rows, keys, graph=graph)  # type: ignore[assignment]
        self.action_ = self.result_.action
        self.couplings_ = {kind: getattr(self.action_, kind).copy() for kind in "wrab"}
        self.errors_ = self.result_.errors
        self.converged_ = self.result_.converged
        self.n_iter_ = int(self.result_.history["epoch"].values[-1])
        return self

    def _graph(self, columns: int) -> Graph:
        if isinstance(self.lattice, Graph):
            return self.lattice
        extent = self.shape if self.shape is not None else self._row_shape or (columns,)
        at_most("LatticeField", "shape", extent, _MOST_DIRECTIONS)
        extent = [int(n) for n in np.atleast_1d(extent)]
        flat = len(extent) == 1 and self.lattice in ("square", "king", "triangular")
        if flat:
            root = round(columns**0.5)
            if root * root != columns:
                raise BadInput(
                    f"{columns} columns are no square image", f"shape=(height, width) of the {self.lattice} lattice"
                )
            extent = [root, root]
        if int(np.prod(extent)) != columns:
            raise BadInput(
                f"shape {tuple(extent)} has {np.prod(extent)} sites, the data {columns} columns", "shape=..."
            )
        return lattice(self.lattice, extent, self.periodic)

    @property
    def log_z_(self) -> Estimate:
        """The normaliser ln Z with its error; ``result_.reason`` says where it is not to be trusted."""
        free_energy = self.result_.evaluation["free_energy"]
        return Estimate(-free_energy.value, free_energy.error)

    def score_samples(self, X: Any) -> np.ndarray:
        """Log-density of every row.

        Parameters
        ----------
        X : array_like
            Rows or images.

        Returns
        -------
        numpy.ndarray
            Shape (n_samples,), ln p in the units of X. The error of ``log_z_`` shifts all alike.
        """
        rows = self._seen(X)
        return -self.action_(rows.astype(np.float64)) - self.log_z_.value - float(np.log(self.scale_).sum())

    def score(self, X: Any, y: Any = None) -> float:
        """Mean ln p of the rows of X.

        Parameters
        ----------
        X : array_like
            Rows.
        y : None
            Ignored.

        Returns
        -------
        float
            In the units of X.
        """
        return float(np.mean(self.score_samples(X)))
