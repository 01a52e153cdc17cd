"""The phi^4 network and its special cases as an estimator of scikit-learn."""

import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils import check_random_state
    from sklearn.utils._param_validation import Interval, StrOptions
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "quartic.RestrictedBoltzmannMachine needs scikit-learn 1.6 or later: pip install 'quartic[sklearn]'"
    ) from error

from . import density
from ._quartic import Network, NetworkLearner, NetworkSampler
from .errors import BadInput
from .results import LogZ
from .scaling import center_and_scale
from .seeds import RandomState, seed_of

_UNITS = {"quartic", "gaussian", "binary", "spin"}
_CONTINUOUS = {"quartic", "gaussian"}


def _best_shift(rows: np.ndarray) -> np.ndarray:
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


class RestrictedBoltzmannMachine(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Restricted Boltzmann machine with units for real values as well as for bits.

    p(x, h) ~ exp(sum w x h - sum (r x + a x^2 + b x^4) - sum (s h + m h^2 + n h^4)), learned by stochastic maximum
    likelihood with persistent chains. `visible="quartic"` is for real values of any distribution a quartic
    exponential family can take, two-peaked ones too; "gaussian" with hidden "binary" is the Gaussian-Bernoulli
    machine; "binary" with "binary" is that of `sklearn.neural_network.BernoulliRBM`.

    Real-valued columns are shifted and scaled inside: learning does not depend on their units, and ln p is the
    density in the units of the data. The shift of a quartic unit is where one unit alone fits its column best, since
    r x + a x^2 + b x^4 has no cubic term: of two peaks, however unequal, it is the middle. A column that never varies
    has no density; it is refused unless there is noise.

    Parameters
    ----------
    n_components : number of hidden units.
    visible, hidden : kind of units: "quartic", "gaussian", "binary" (0, 1) or "spin" (-1, 1).
    learning_rate : step, in units of the data's spread.
    batch_size : rows an update; also the number of persistent chains.
    n_iter : passes over the data.
    steps : sweeps of Gibbs sampling an update (the k of PCD-k).
    rungs : more than 1, say 4: the chains are tempered, so that they pass between well-separated clusters; without,
        ln p of clustered data varies by nats from seed to seed. Costs as many times the sampling.
    momentum, weight_decay : of the updates of the weights.
    noise : standard deviation of Gaussian noise added to real-valued rows to learn from, in units of `scale_`. A
        tenth is right where columns hardly vary or take few values, as pixels do.
    scaling : "columns": each column by its own spread; "all": one spread for all, as for pixels; None: as they are.
    n_jobs : threads, None for all cores; never changes the results.
    random_state : None, an integer, a Generator or a RandomState.

    Attributes
    ----------
    network_ : the quartic.Network, in scaled units x = (X - center_) / scale_.
    components_ : its weights, shape (n_components, n_features).
    center_, scale_ : of the scaling.
    chains_ : where the model's persistent chains are, in scaled units.
    history_ : one dict an epoch, as quartic.NetworkLearner.step gives it.
    n_iter_ : epochs done.
    log_z_ : quartic.LogZ of network_, exact or estimated with its error when it is first asked for; see
        `estimate_log_z`.
    n_features_in_, feature_names_in_ : as everywhere in scikit-learn.

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
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "visible": [StrOptions(_UNITS)],
        "hidden": [StrOptions(_UNITS)],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "steps": [Interval(Integral, 1, None, closed="left")],
        "rungs": [Interval(Integral, 1, None, closed="left")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "scaling": [StrOptions({"columns", "all"}), None],
        "n_jobs": [None, Integral],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        n_components: int = 256,
        *,
        visible: str = "quartic",
        hidden: str = "binary",
        learning_rate: float = 0.05,
        batch_size: int = 100,
        n_iter: int = 20,
        steps: int = 1,
        rungs: int = 1,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        noise: float = 0.0,
        scaling: str | None = "columns",
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ):
        self.n_components = n_components
        self.visible = visible
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.steps = steps
        self.rungs = rungs
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.noise = noise
        self.scaling = scaling
        self.n_jobs = n_jobs
        self.random_state = random_state

    # --- learning ---

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learns from the rows of X, `n_iter` times over, afresh."""
        X = self._rows(X, reset=True)
        self._start(X)
        rows = self._scaled(X, with_noise=True)
        trainer = self._make_trainer(rows)
        self.history_ = []
        while not trainer.finished:
            self.history_.append(trainer.step())
        self._take(trainer, rows)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One pass over the rows of X in batches, in the order given. The first rows ever seen set the scaling."""
        first = not hasattr(self, "network_")
        X = self._rows(X, reset=first)
        if first:
            self._start(X)
            self.history_ = []
        rows = self._scaled(X, with_noise=True)
        trainer = self._make_trainer(rows)
        for begin in range(0, len(rows), self.batch_size):
            trainer.update(rows[begin : begin + self.batch_size])
        self._take(trainer, rows)
        return self

    def _rows(self, X: Any, reset: bool) -> np.ndarray:
        """Two rows at least to learn from: one has no spread."""
        least = 2 if reset and self._continuous else 1
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=reset, ensure_min_samples=least)

    @property
    def _continuous(self) -> bool:
        return self.visible in _CONTINUOUS

    def _start(self, X: np.ndarray) -> None:
        """What stays from the first rows on: scaling and seed."""
        self._trained, self._base, self._log_z = None, None, None
        random = self.random_state
        self._seed = seed_of(random if isinstance(random, np.random.Generator) else check_random_state(random))
        columns = X.shape[1]
        self.center_, self.scale_ = np.zeros(columns), np.ones(columns)
        if not self._continuous:
            return
        names = getattr(self, "feature_names_in_", None)
        self.center_, self.scale_ = center_and_scale(X, self.scaling, self.noise, names, ", or use binary units")
        if self.scaling is not None:
            if self.visible == "quartic":
                some = X[:: -(-len(X) // 5000)]
                self.center_ = self.center_ + self.scale_ * _best_shift(self._scaled(some, with_noise=True))

    def _scaled(self, X: np.ndarray, with_noise: bool = False) -> np.ndarray:
        """Rows in the network's units, float32 to learn from and else float64."""
        if not self._continuous:
            return np.asarray(X, dtype=np.float32 if with_noise else np.float64)
        rows = (X - self.center_) / self.scale_
        if not with_noise:
            return rows
        if self.noise > 0:
            seen = 0 if self._trained is None else self._trained["updates"]
            rows = rows + np.random.default_rng([self._seed, seen]).normal(0, self.noise, rows.shape)
        return rows.astype(np.float32)

    def _make_trainer(self, rows: np.ndarray) -> NetworkLearner:
        """A new one, or the one that `partial_fit` goes on with, to the bit."""
        if self._trained is None:
            network = Network.from_data(
                rows, self.n_components, visible=self.visible, hidden=self.hidden, random_state=self._seed
            )
        else:
            network = self.network_
        return NetworkLearner(
            rows, network, epochs=self.n_iter, batch=self.batch_size, steps=self.steps, rungs=self.rungs,
            rate=self.learning_rate, momentum=self.momentum, weight_decay=self.weight_decay,
            threads=self._threads, random_state=self._seed, state=self._trained,
        )  # fmt: skip

    def _take(self, trainer: NetworkLearner, rows: np.ndarray) -> None:
        self.network_ = trainer.network
        self.chains_ = trainer.chains
        self.n_iter_ = trainer.epoch
        self._trained = trainer.state()
        self._base = trainer.base(rows[:: -(-len(rows) // 1000)])
        self._log_z = None

    @property
    def _threads(self) -> int:
        return 0 if self.n_jobs is None or self.n_jobs < 1 else self.n_jobs

    @property
    def components_(self) -> np.ndarray:
        return self.network_.w.T

    @property
    def _n_features_out(self) -> int:
        return len(self.network_.s)

    # --- using ---

    def transform(self, X: Any) -> np.ndarray:
        """Expectations of the hidden units given rows, shape (n_samples, n_components)."""
        return self.network_.hidden_mean(self._seen(X), threads=self._threads)

    def gibbs(self, X: Any, random_state: RandomState = None) -> np.ndarray:
        """One step of Gibbs sampling from every row: hidden units given it, then visible ones given them."""
        random = np.random.default_rng(seed_of(random_state))
        hidden = self.network_.hidden_draw(self._seen(X), random, threads=self._threads)
        return self.network_.visible_draw(hidden, random, threads=self._threads) * self.scale_ + self.center_

    def sample(self, n_samples: int = 1, random_state: RandomState = None, sweeps: int = 500) -> np.ndarray:
        """Rows drawn from the model: from where the persistent chains ended, after so many sweeps."""
        check_is_fitted(self)
        sampler = NetworkSampler(self.network_, n_samples, random_state, threads=self._threads)
        sampler.set_visible(self.chains_[np.arange(n_samples) % len(self.chains_)])
        sampler.sweep(sweeps)
        return sampler.visible * self.scale_ + self.center_

    def _seen(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        if not self._continuous:
            values = (0, 1) if self.visible == "binary" else (-1, 1)
            others = ~np.isin(X, values)
            if others.any():
                row, column = np.argwhere(others)[0]
                raise BadInput(f"row {row}, column {column} is {X[row, column]:g}, no value of a {self.visible} unit")
        return self._scaled(X)

    # --- judging ---

    def score_samples(self, X: Any) -> np.ndarray:
        """ln p of every row, with ln Z of `log_z_`: exact for small networks, else an estimate whose error and bounds
        shift all rows alike (a warning says if it is not to be trusted). For real-valued units a density in the units
        of X, for discrete ones a probability."""
        X = self._seen(X)
        z = self.log_z_
        if z.ok and not z.exact and not self._continuous:
            known = self.network_.log_likelihood(X, z, threads=self._threads)
            if not known.ok:
                warnings.warn(f"ln Z is not to be trusted: {known.reason}", ConvergenceWarning, stacklevel=2)
        return -self.network_.free_energy(X, threads=self._threads) - z.value.value - self._log_volume

    def score(self, X: Any, y: Any = None) -> float:
        """Mean ln p of the rows of X."""
        return float(np.mean(self.score_samples(X)))

    @property
    def _log_volume(self) -> float:
        return float(np.log(self.scale_).sum())

    @property
    def log_z_(self) -> LogZ:
        """ln Z of `network_`, estimated when it is first asked for."""
        check_is_fitted(self)
        if self._log_z is None:
            self.estimate_log_z()
        return self._log_z

    def estimate_log_z(self, **options: Any) -> LogZ:
        """Finds ln Z with other than the default effort; `options` are those of quartic.Network.estimate_log_z."""
        check_is_fitted(self)
        defaults = {"random_state": self._seed, "threads": self._threads, "start": self.chains_}
        self._log_z = self.network_.estimate_log_z(self._base, **{**defaults, **options})
        if not self._log_z.ok:
            warnings.warn(f"ln Z is not to be trusted: {self._log_z.reason}", ConvergenceWarning, stacklevel=3)
        return self._log_z

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "network_")
