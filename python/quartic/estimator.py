"""The phi^4 network and its special cases as an estimator of scikit-learn."""

import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np

try:
    from sklearn.base import (
        BaseEstimator,
        ClassNamePrefixFeaturesOutMixin,
        OutlierMixin,
        TransformerMixin,
        _fit_context,
    )
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils import check_random_state
    from sklearn.utils._param_validation import Interval, StrOptions
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "quartic.RestrictedBoltzmannMachine needs scikit-learn 1.6 or later: pip install 'quartic[sklearn]'"
    ) from error

from . import _quartic
from ._quartic import Network, NetworkSampler
from .arguments import require_unmasked, whole
from .errors import BadInput
from .ranges import range_of
from .results import LogZ
from .runs import threads_of
from .seeds import RandomState, seed_of
from .training import BY_ROWS, DISCRETE, Learned, Learning

_UNITS = {"quartic", "gaussian", *DISCRETE}
_FEWEST_ROWS_MORE = 20  # for partial_fit to go on exactly


def _interval(key: str, least: int | None = None) -> Interval:
    """The range of a key of the config, from `least` where 0 means "auto" there."""
    low, high, excluded, integer = range_of(key)
    return Interval(
        Integral if integer else Real, low if least is None else least, high, closed="right" if excluded else "both"
    )


class RestrictedBoltzmannMachine(ClassNamePrefixFeaturesOutMixin, TransformerMixin, OutlierMixin, BaseEstimator):
    """Density of rows: a restricted Boltzmann machine with units for real values as well as for bits.

    p(x, h) ~ exp(sum (w x + u x^2) h - sum (r x + a x^2 + b x^4) - sum (s h + m h^2 + n h^4)). `visible="quartic"` is
    for real values of any distribution a quartic exponential family can take, two-peaked ones too; "gaussian" with
    hidden "binary" is the Gaussian-Bernoulli machine; "binary" with "binary" is that of
    `sklearn.neural_network.BernoulliRBM`.

    With up to 14 two-valued hidden units, Gaussian units on both sides, or two columns, ln Z is exact and so is the
    gradient: learned by L-BFGS, without chains; how long, and with `scaling="auto"` in which units, is chosen on
    held-out rows. Others are learned by stochastic maximum likelihood with persistent chains; these begin with what is
    learned exactly, with few two-valued units or with none.

    Real-valued columns are scaled inside: ln p is the density in the units of the data. A column that never varies has
    no density; it is refused unless there is noise.

    Parameters
    ----------
    n_components : int, optional
        Number of hidden units; None: as many as are cheap to learn exactly, about one for 15 rows at most.
    visible, hidden : {"quartic", "gaussian", "binary", "spin"}
        Kind of units; binary ones are 0 or 1, spins -1 or 1.
    gates : bool, optional
        Whether a hidden unit may change the width of a column too (u); None: where it is learned exactly.
    scaling : {"auto", "columns", "all", "power", "whiten", "zca", "power-whiten", None}
        "auto": the best on held-out rows of "columns", "power", "whiten" and "power-whiten" where it is learned exactly
        or chains begin so, else "columns". "columns": each column by its own spread; "all": one spread for all, as for
        pixels; "power": each column by the monotone map (Yeo and Johnson) that makes it most like a Gaussian, against
        heavy tails; "whiten": uncorrelated columns along the principal axes; "zca": the same turned back;
        "power-whiten": both; None: as they are.
    ridge : float
        Strength of the Gaussian prior of w and u in exact learning.
    max_iter : int
        Most iterations of exact learning.
    learning_rate : float
        Step of learning with chains, in units of the data's spread; halved where it makes ln p fall.
    batch_size : int, optional
        Rows an update, and the number of persistent chains; None: a twentieth of the rows, from 64 to 500.
    n_iter : int, optional
        Passes over the data with chains; None: exact learning where it can be, else until held-out ln p has not risen
        for three checks in a row. A number always means chains.
    steps : int
        Sweeps of Gibbs sampling an update (the k of PCD-k).
    rungs : int
        More than 1, say 4: the chains are tempered, so that they pass between well-separated clusters; without, ln p of
        clustered data varies by nats from seed to seed. Costs as many times the sampling.
    momentum, weight_decay : float
        Of the updates of the weights, with chains.
    noise : float
        Standard deviation of Gaussian noise added to real-valued rows to learn from, in units of each column's spread.
        A tenth is right where columns hardly vary or take few values, as pixels do.
    contamination : float
        Fraction of the rows learned from that `predict` calls outliers.
    n_jobs : int, optional
        Threads, None for all cores; never changes the results.
    random_state : int, Generator, RandomState or None
        Seed of all random streams.

    Attributes
    ----------
    network_ : Network
        What was learned, in scaled units.
    scaling_ : Scaling
        To these units and back.
    center_, scale_ : numpy.ndarray
        Its affine part, ``(X - center_) / scale_``.
    held_out_ : Estimate or None
        ln p a held-out row, in the units of X, by which was chosen; None without a choice.
    candidates_ : list of dict
        Of exact learning, also of that which chains begin with, one a scaling: held-out ln p every 10 iterations, and
        where it was best.
    chains_ : numpy.ndarray
        Where the model's persistent chains are (exactly learned: independent draws), in scaled units.
    history_ : list of dict
        One an epoch, as NetworkLearner.step gives it; with exact learning held-out ln p every 10 iterations.
    n_iter_ : int
        Epochs or iterations done.
    n_features_in_, feature_names_in_ : int, numpy.ndarray
        As everywhere in scikit-learn.

    Examples
    --------
    >>> import numpy as np, quartic
    >>> random = np.random.default_rng(0)
    >>> X = random.choice([-1.0, 1.0], (500, 1)) + random.normal(0, 0.1, (500, 3))
    >>> rbm = quartic.RestrictedBoltzmannMachine(n_components=4, random_state=0).fit(X)
    >>> rbm.transform(X).shape, rbm.sample(10).shape
    ((500, 4), (10, 3))
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's convention)
        "n_components": [_interval("model.hidden_units", 1), None],
        "visible": [StrOptions(_UNITS)],
        "hidden": [StrOptions(_UNITS)],
        "gates": ["boolean", None],
        "ridge": [_interval("training.ridge")],
        "max_iter": [_interval("training.iterations")],
        "contamination": [Interval(Real, 0, 0.5, closed="right")],
        "learning_rate": [_interval("training.rate")],
        "batch_size": [_interval("training.batch"), None],
        "n_iter": [_interval("training.epochs"), None],
        "steps": [_interval("training.steps")],
        "rungs": [_interval("training.rungs")],
        "momentum": [_interval("training.momentum")],
        "weight_decay": [_interval("training.weight_decay")],
        "noise": [_interval("model.noise")],
        "scaling": [StrOptions({"auto", "all", *BY_ROWS}), None],
        "n_jobs": [None, Integral],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        visible: str = "quartic",
        hidden: str = "binary",
        gates: bool | None = None,
        scaling: str | None = "auto",
        ridge: float = 1.0,
        max_iter: int = 5000,
        learning_rate: float = 0.05,
        batch_size: int | None = None,
        n_iter: int | None = None,
        steps: int = 1,
        rungs: int = 1,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        noise: float = 0.0,
        contamination: float = 0.1,
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ):
        self.n_components = n_components
        self.visible = visible
        self.hidden = hidden
        self.gates = gates
        self.scaling = scaling
        self.ridge = ridge
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.steps = steps
        self.rungs = rungs
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.noise = noise
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state

    # --- learning ---

    network_: Network  # fitted, as are the others whose names end so
    _log_z: LogZ | None
    _trained: dict[str, Any] | None

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from the rows of X afresh.

        Parameters
        ----------
        X : array_like
            Rows, shape (n_samples, n_features).
        y : None
            Ignored.

        Returns
        -------
        RestrictedBoltzmannMachine
            Itself, fitted.
        """
        X = self._rows(X, reset=True)
        self._begin()
        learned = self._learning.learn(X)
        for text in learned.warnings:
            warnings.warn(text, ConvergenceWarning, stacklevel=3)
        self._take(learned)
        self._set_offset(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One pass over the rows of X in batches, in the order given.

        The first rows ever seen set the scaling. A machine that `fit` has learned exactly makes 10 iterations of exact
        learning on these rows instead.

        Parameters
        ----------
        X : array_like
            Rows, shape (n_samples, n_features).
        y : None
            Ignored.

        Returns
        -------
        RestrictedBoltzmannMachine
            Itself, fitted.
        """
        first = not hasattr(self, "network_")
        X = self._rows(X, reset=first)
        if first:
            self._begin()
            self.scaling_ = self._learning.scaling_of(X)
        learning, state = self._learning, self._trained
        rows = learning.rows_of(X, self.scaling_, 0 if state is None else state["updates"])
        if not first and state is None:
            if len(X) < _FEWEST_ROWS_MORE:
                raise BadInput(
                    f"{len(X)} rows are too few to go on learning a machine exactly that fit has learned so",
                    f"partial_fit with {_FEWEST_ROWS_MORE} rows at least, or fit with n_iter=1 first",
                )
            self.network_ = _quartic.learn_exactly(self.network_, rows, 10, self.ridge, self._threads)
            self._log_z = None
        else:
            network = learning.network_of(rows) if first else self.network_
            trainer = learning.trainer(rows, network, state, 0 if first else self._batch)
            for begin in range(0, len(rows), trainer.batch):
                trainer.update(rows[begin : begin + trainer.batch])
            self._take(
                Learned(
                    trainer.network, self.scaling_, trainer.chains, trainer.epoch, [] if first else self.history_,
                    state=trainer.state(), batch=trainer.batch,
                    base=trainer.base(rows[:: -(-len(rows) // 1000)]),
                    held_out=None if first else self.held_out_, candidates=[] if first else self.candidates_,
                )
            )  # fmt: skip
        self._set_offset(X)
        return self

    def _rows(self, X: Any, reset: bool) -> np.ndarray:
        """Two rows at least to learn from: one has no spread."""
        require_unmasked(X)
        least = 2 if reset and self._continuous else 1
        return validate_data(self, X, dtype=[np.float64, np.float32], order="C", reset=reset, ensure_min_samples=least)

    @property
    def _continuous(self) -> bool:
        return self.visible not in DISCRETE

    def _begin(self) -> None:
        self._trained = None
        random = self.random_state
        self._seed = seed_of(random if isinstance(random, np.random.Generator) else check_random_state(random))

    @property
    def _learning(self) -> Learning:
        return Learning(self, self._seed, self._threads, getattr(self, "feature_names_in_", None))

    def _take(self, learned: Learned) -> None:
        columns = learned.network.w.shape[0]
        self.network_, self.scaling_, self.chains_ = learned.network, learned.scaling, learned.chains
        self.center_ = np.broadcast_to(learned.scaling.offset, columns).copy()
        self.scale_ = np.broadcast_to(learned.scaling.scale, columns).copy()
        self.n_iter_, self.history_ = learned.n_iter, learned.history
        self.candidates_, self.held_out_ = learned.candidates, learned.held_out
        self._trained, self._batch, self._base = learned.state, learned.batch, learned.base
        self._log_z = None

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        """Rows in the network's units."""
        return self.scaling_.to_model(X) if self._continuous else np.asarray(X, dtype=np.float64)

    @property
    def _threads(self) -> int:
        return threads_of(self.n_jobs)

    @property
    def components_(self) -> np.ndarray:
        """Weights of the hidden units, shape (n_components, n_features)."""
        return self.network_.w.T

    @property
    def _n_features_out(self) -> int:
        return len(self.network_.s)

    # --- using ---

    def transform(self, X: Any) -> np.ndarray:
        """Mean of the hidden units given rows.

        Parameters
        ----------
        X : array_like
            Rows, shape (n_samples, n_features).

        Returns
        -------
        numpy.ndarray
            Shape (n_samples, n_components).
        """
        rows = self._seen(X)
        return self.network_.hidden_mean(rows, threads=self._threads)

    def gibbs(self, X: Any, random_state: RandomState = None) -> np.ndarray:
        """One step of Gibbs sampling from every row: hidden units given it, then visible ones given them.

        Parameters
        ----------
        X : array_like
            Rows, shape (n_samples, n_features).
        random_state : int, Generator, RandomState or None
            The same integer gives the same rows.

        Returns
        -------
        numpy.ndarray
            Rows in the shape and units of X.
        """
        rows = self._seen(X)
        random = np.random.default_rng(seed_of(random_state))
        hidden = self.network_.hidden_draw(rows, random, threads=self._threads)
        return self.scaling_.from_model(self.network_.visible_draw(hidden, random, threads=self._threads))

    def sample(self, n_samples: int = 1, random_state: RandomState = None, sweeps: int = 500) -> np.ndarray:
        """Draw rows from the model.

        They are independent where there are at most 20 two-valued hidden units, else from where the persistent chains
        ended, after so many sweeps.

        Parameters
        ----------
        n_samples : int
            How many.
        random_state : int, Generator, RandomState or None
            The same integer gives the same rows.
        sweeps : int
            Of Gibbs sampling, where they come from chains.

        Returns
        -------
        numpy.ndarray
            Shape (n_samples, n_features), in the units of the data.
        """
        check_is_fitted(self)
        n_samples = whole("sample()", "n_samples", n_samples, 1)
        sweeps = whole("sample()", "sweeps", sweeps, 0)
        if _quartic.can_draw_exactly(self.network_):
            return self.scaling_.from_model(
                _quartic.draw_exactly(self.network_, n_samples, seed_of(random_state), self._threads)
            )
        sampler = NetworkSampler(self.network_, n_samples, random_state, threads=self._threads)
        sampler.set_visible(self.chains_[np.arange(n_samples) % len(self.chains_)])
        sampler.sweep(sweeps)
        return self.scaling_.from_model(sampler.visible)

    def _seen(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = self._rows(X, reset=False)
        if not self._continuous:
            values = (0, 1) if self.visible == "binary" else (-1, 1)
            others = ~np.isin(X, values)
            if others.any():
                row, column = np.argwhere(others)[0]
                raise BadInput(f"row {row}, column {column} is {X[row, column]:g}, no value of a {self.visible} unit")
        return self._scaled(X)

    # --- judging ---

    def score_samples(self, X: Any) -> np.ndarray:
        """Log-likelihood of every row, with ln Z of ``log_z_``.

        That is exact for small networks, else an estimate whose error and bounds shift all rows alike (a warning says
        if it is not to be trusted).

        Parameters
        ----------
        X : array_like
            Rows, shape (n_samples, n_features).

        Returns
        -------
        numpy.ndarray
            Shape (n_samples,), ln p: for real-valued units a density in the units of X, for discrete ones a
            probability.
        """
        rows = self._seen(X)
        z = self.log_z_
        if z.ok and not z.exact and not self._continuous:
            known = self.network_.log_likelihood(rows, z, threads=self._threads)
            if not known.ok:
                warnings.warn(f"ln Z is not to be trusted: {known.reason}", ConvergenceWarning, stacklevel=2)
        return self._levels(X, rows) - z.value.value

    def _levels(self, X: Any, rows: np.ndarray) -> np.ndarray:
        """ln p of rows but for ln Z, in the units of X."""
        plain = -self.network_.free_energy(rows, threads=self._threads)
        if not self._continuous:
            return plain
        return plain + self.scaling_.log_jacobian(np.asarray(X, dtype=np.float64))

    def score(self, X: Any, y: Any = None) -> float:
        """Mean ln p of the rows of X.

        Parameters
        ----------
        X : array_like
            Rows, shape (n_samples, n_features).
        y : None
            Ignored.

        Returns
        -------
        float
            In the units of X.
        """
        return float(np.mean(self.score_samples(X)))

    # --- outliers: ln Z cancels, so that none is needed ---

    def decision_function(self, X: Any) -> np.ndarray:
        """How far rows are from being called outliers.

        Parameters
        ----------
        X : array_like
            Rows, shape (n_samples, n_features).

        Returns
        -------
        numpy.ndarray
            Shape (n_samples,): ln p of rows less that which a fraction `contamination` of the rows learned from stays
            below.
        """
        rows = self._seen(X)
        return self._levels(X, rows) - self._level

    def predict(self, X: Any) -> np.ndarray:
        """Tell outliers from the others.

        Parameters
        ----------
        X : array_like
            Rows, shape (n_samples, n_features).

        Returns
        -------
        numpy.ndarray
            -1 for outliers, 1 for the others.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    @property
    def offset_(self) -> float:
        """What ``decision_function`` takes from ``score_samples``."""
        return self._level - self.log_z_.value.value

    def _set_offset(self, X: np.ndarray) -> None:
        levels = self._levels(X, self._scaled(X))
        self._level = float(np.percentile(levels, 100 * self.contamination))

    @property
    def log_z_(self) -> LogZ:
        """The normaliser ln Z of ``network_``, exact or estimated when it is first asked for."""
        check_is_fitted(self)
        return self.estimate_log_z() if self._log_z is None else self._log_z

    def estimate_log_z(self, **options: Any) -> LogZ:
        """Find ln Z with other than the default effort.

        Parameters
        ----------
        **options
            Those of `Network.estimate_log_z`.

        Returns
        -------
        LogZ
            Which ``log_z_`` is from now on.
        """
        check_is_fitted(self)
        defaults = {"random_state": self._seed, "threads": self._threads, "start": self.chains_}
        z = self.network_.estimate_log_z(self._base, **{**defaults, **options})
        self._log_z = z
        if not z.ok:
            warnings.warn(f"ln Z is not to be trusted: {z.reason}", ConvergenceWarning, stacklevel=3)
        return z

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "network_")
