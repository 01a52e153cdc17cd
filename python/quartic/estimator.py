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
        clone,
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
from ._quartic import Network, NetworkLearner, NetworkSampler, Scaling
from .arguments import whole
from .errors import BadInput
from .progress import Watch
from .results import Estimate, LogZ
from .scaling import best_shift, center_and_scale
from .seeds import RandomState, seed_of
from .training import Training, train_by_chains

_COUNT = Interval(Integral, 1, 2**31 - 1, closed="both")
_UNITS = {"quartic", "gaussian", "binary", "spin"}
_CONTINUOUS = {"quartic", "gaussian"}
_DISCRETE = {"binary", "spin"}
_MOST_EXACT = 14  # two-valued hidden units that are learned exactly: 2^14 terms of ln Z
_MOST_COLUMNS_OF_A_GAUSSIAN = 1024
_MOST_WEIGHTS_WATCHED = 65536  # TrainingWatch
_CHAINS = 100  # of a machine that is learned without
_FEWEST_ROWS = 8  # to hold some out of
_FEWEST_ROWS_MORE = 20  # for partial_fit to go on exactly
_BY_ROWS = {
    "columns": "standardise",
    "power": "power",
    "whiten": "whiten",
    "zca": "zca",
    "power-whiten": "power-whiten",
}
_CANDIDATES = ["standardise", "whiten", "power", "power-whiten"]


class RestrictedBoltzmannMachine(ClassNamePrefixFeaturesOutMixin, TransformerMixin, OutlierMixin, BaseEstimator):
    """Density of rows: a restricted Boltzmann machine with units for real values as well as for bits.

    p(x, h) ~ exp(sum (w x + u x^2) h - sum (r x + a x^2 + b x^4) - sum (s h + m h^2 + n h^4)). `visible="quartic"` is
    for real values of any distribution a quartic exponential family can take, two-peaked ones too; "gaussian" with
    hidden "binary" is the Gaussian-Bernoulli machine; "binary" with "binary" is that of
    `sklearn.neural_network.BernoulliRBM`.

    With up to 14 two-valued hidden units, Gaussian units on both sides, or two columns, ln Z is exact and so is the
    gradient: learned by L-BFGS, without chains; how long, and with `scaling="auto"` in which units, is chosen on
    held-out rows. More hidden units are learned by stochastic maximum likelihood with persistent chains.

    Real-valued columns are scaled inside: ln p is the density in the units of the data. A column that never varies has
    no density; it is refused unless there is noise.

    Parameters
    ----------
    n_components : number of hidden units; None: as many as are cheap to learn exactly, about one for 15 rows at most.
    visible, hidden : kind of units: "quartic", "gaussian", "binary" (0, 1) or "spin" (-1, 1).
    gates : whether a hidden unit may change the width of a column too (u); None: where it is learned exactly.
    scaling : "auto": the best on held-out rows of "columns", "power", "whiten" and "power-whiten" where it is learned
        exactly, else "columns", or "whiten" where one Gaussian would be better. "columns": each column by its own
        spread; "all": one spread for all, as for pixels;
        "power": each column by the monotone map (Yeo and Johnson) that makes it most like a Gaussian, against heavy
        tails; "whiten": uncorrelated columns along the principal axes; "zca": the same turned back; "power-whiten":
        both; None: as they are.
    ridge : strength of the Gaussian prior of w and u in exact learning.
    max_iter : most iterations of exact learning.
    n_iter : passes over the data with chains; None: exact learning where it can be, else until held-out ln p has not
        risen for three checks in a row. A number always means chains.
    learning_rate : step of learning with chains, in units of the data's spread; halved where it makes ln p fall.
    batch_size : rows an update, and the number of persistent chains; None: a twentieth of the rows, from 64 to 500.
    steps : sweeps of Gibbs sampling an update (the k of PCD-k).
    rungs : more than 1, say 4: the chains are tempered, so that they pass between well-separated clusters; without,
        ln p of clustered data varies by nats from seed to seed. Costs as many times the sampling.
    momentum, weight_decay : of the updates of the weights, with chains.
    noise : standard deviation of Gaussian noise added to real-valued rows to learn from, in units of each column's
        spread. A tenth is right where columns hardly vary or take few values, as pixels do.
    contamination : fraction of the rows learned from that `predict` calls outliers.
    n_jobs : threads, None for all cores; never changes the results.
    random_state : None, an integer, a Generator or a RandomState.

    Attributes
    ----------
    network_ : the quartic.Network, in scaled units.
    components_ : its weights, shape (n_components, n_features).
    scaling_ : the quartic.Scaling to these units and back.
    center_, scale_ : its affine part, (X - center_) / scale_.
    held_out_ : quartic.Estimate of ln p a held-out row, in the units of X, by which was chosen; None without a choice.
    candidates_ : of exact learning, a dict a scaling: held-out ln p every 10 iterations, and where it was best.
    chains_ : where the model's persistent chains are (exactly learned: independent draws), in scaled units.
    history_ : one dict an epoch, as quartic.NetworkLearner.step gives it; with exact learning held-out ln p every 10
        iterations.
    n_iter_ : epochs or iterations done.
    offset_ : `decision_function` is `score_samples` less this.
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
        "n_components": [_COUNT, None],
        "visible": [StrOptions(_UNITS)],
        "hidden": [StrOptions(_UNITS)],
        "gates": ["boolean", None],
        "ridge": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 10, 2**31 - 1, closed="both")],
        "contamination": [Interval(Real, 0, 0.5, closed="right")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [_COUNT, None],
        "n_iter": [_COUNT, None],
        "steps": [_COUNT],
        "rungs": [_COUNT],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "scaling": [StrOptions({"auto", "all", *_BY_ROWS}), None],
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
        max_iter: int = 2500,
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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learns from the rows of X afresh."""
        X = self._rows(X, reset=True)
        self._begin()
        exactly = self._learns_exactly(X)
        if self.gates and not (self._continuous and self.hidden in _DISCRETE):
            raise BadInput(
                f"gates of {self.visible} and {self.hidden} units: two-valued hidden units gate the widths of "
                "real-valued columns",
                "visible='quartic' or 'gaussian' with hidden='binary' or 'spin', or gates=None",
            )
        if self.gates and not exactly:
            raise BadInput(
                "gates are learned without chains alone, where ln Z is exact",
                f"{_FEWEST_ROWS} rows at least, n_components up to {_MOST_EXACT}, two-valued hidden units, n_iter=None",
            )
        if exactly:
            self._fit_exactly(X)
        else:
            if len(X) < _FEWEST_ROWS:
                warnings.warn(
                    f"{len(X)} rows are too few to learn a density from: ln p of other rows means nothing",
                    ConvergenceWarning,
                    stacklevel=2,
                )
            if self._grows(X):
                self._grow(X)
            else:
                self._start(X)
            self._fit_by_chains(X)
        self._set_offset(X)
        return self

    def _learns_exactly(self, X: np.ndarray) -> bool:
        if self.n_iter is not None or self.rungs > 1 or len(X) < _FEWEST_ROWS:
            return False
        if self.visible == self.hidden == "gaussian":
            return True
        few = self.n_components is None or self.n_components <= _MOST_EXACT or X.shape[1] <= 2
        return self.hidden in _DISCRETE and few

    def _grows(self, X: np.ndarray) -> bool:
        """Whether chains go on from a smaller machine that is learned exactly."""
        units = self.n_components or 0
        plain = self.n_iter is None and self.rungs == 1 and self.noise == 0 and self.scaling != "all"
        known = self._continuous and self.hidden in _DISCRETE and len(X) >= _FEWEST_ROWS
        return plain and known and units > _MOST_EXACT and units * X.shape[1] <= _MOST_WEIGHTS_WATCHED

    def _grow(self, X: np.ndarray) -> None:
        """Begins with as many units as are cheap to learn exactly; the others do nothing at first."""
        small = (
            clone(self)
            .set_params(n_components=None, gates=False, random_state=np.random.default_rng([self._seed, 3]))
            .fit(X)
        )
        self.scaling_, inner = small.scaling_, small.network_
        self._take_scaling(X.shape[1])
        more = self.n_components - len(inner.s)
        random = np.random.default_rng([self._seed, 4])
        self._grown = Network(
            np.c_[inner.w, random.normal(0, 0.01, (X.shape[1], more))], self.visible, self.hidden,
            r=inner.r, a=inner.a, b=inner.b, s=np.r_[inner.s, np.zeros(more)],
        )  # fmt: skip

    def _fit_exactly(self, X: np.ndarray) -> None:
        rows, outer = X, None
        if self._continuous:
            names = getattr(self, "feature_names_in_", None)
            rule = "all" if self.scaling == "all" else "columns"
            center, scale = center_and_scale(X, rule, self.noise, names, ", or use binary units")
            if self.noise > 0:
                random = np.random.default_rng([self._seed, 0])
                rows = X + self.noise * scale * random.normal(size=X.shape)
            if self.scaling == "all":
                outer = Scaling.columns(center, scale)
                rows = outer.to_model(rows)
        scalings = _CANDIDATES if self.scaling == "auto" else [_BY_ROWS.get(self.scaling, "none")]
        units = self.n_components or (X.shape[1] if self.hidden == "gaussian" else 0)
        watch = Watch()
        try:
            fit = _quartic.learn_density(
                rows, visible=self.visible, hidden=self.hidden, hidden_units=units, gates=self.gates is not False,
                scalings=scalings, ridge=self.ridge, rounds=self.max_iter // 10, threads=self._threads,
                random_state=self._seed, progress=lambda done: watch.phase("learning", done),
                names=[str(name) for name in getattr(self, "feature_names_in_", [])],
            )  # fmt: skip
        finally:
            watch.close()
        chosen = fit["candidates"][fit["chosen"]]
        self.network_, self.scaling_ = fit["network"], outer or fit["scaling"]
        self.candidates_, self.n_iter_ = fit["candidates"], max(fit["iterations"], 1)
        shift = 0.0 if outer is None else float(outer.log_jacobian(X[:1])[0])
        self.held_out_ = Estimate(fit["held_out"] + shift, fit["held_out_error"])
        self.history_ = [{"iteration": 10 * k, "held_out": value + shift} for k, value in enumerate(chosen["held_out"])]
        self._take_scaling(X.shape[1])
        chains = self.batch_size or _CHAINS
        if _quartic.can_draw_exactly(self.network_):
            self.chains_ = _quartic.draw_exactly(self.network_, chains, self._seed, self._threads)
        else:
            some = np.random.default_rng([self._seed, 1]).permutation(len(X))[:chains]
            self.chains_ = self._scaled(X[some])
        self._base = None
        for remark in fit["remarks"]:
            warnings.warn(remark, ConvergenceWarning, stacklevel=3)
        if chosen["improving"]:
            rise = chosen["held_out"][-1] - chosen["held_out"][-1 - max(len(chosen["held_out"]) // 10, 1)]
            warnings.warn(
                f"ln p of held-out rows was still rising after {self.max_iter} iterations, by {rise:.2g} in the last "
                f"tenth: max_iter={2 * self.max_iter}",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _take_scaling(self, columns: int) -> None:
        """`center_` and `scale_`, of every column."""
        self.center_ = np.broadcast_to(self.scaling_.offset, columns).copy()
        self.scale_ = np.broadcast_to(self.scaling_.scale, columns).copy()

    def _fit_by_chains(self, X: np.ndarray) -> None:
        """With as many passes as asked for, or as held-out rows ask for; the rate halved where it is too large."""
        result = self._trained_by_chains(X)
        below = self._below_gaussian(X, result)
        if below > 0 and self.scaling == "auto" and self.n_iter is None and self.scaling_.by_column:
            result = self._from_the_gaussian(X, result)
            below = self._below_gaussian(X, result)
        if below > 0:
            remedy = "scaling='whiten' begins there; " if self.scaling_.by_column else ""
            result.warnings.append(
                f"ln p is {below:.2g} a row below that of one Gaussian with its correlations: {remedy}more passes or "
                "n_components may help"
            )
        for text in result.warnings:
            # From what was learned exactly a slow pace is no surprise.
            if self._grown is None or not text.startswith("learning_rate"):
                warnings.warn(text, ConvergenceWarning, stacklevel=3)
        self.history_ = result.history
        self._take(result.trainer, result.rows)
        if result.network is not None:  # an earlier one was the best
            self.network_, self.n_iter_ = result.network, result.epoch
        self.candidates_, self.held_out_ = [], None
        if result.held_out is not None:
            self.held_out_ = self._held_out(X, result)
            shift = self.held_out_.value - result.held_out.value
            for row in self.history_:
                if "held_out" in row:
                    row["held_out"] += shift

    def _trained_by_chains(self, X: np.ndarray) -> Training:
        rows = self._scaled(X, with_noise=True)
        return train_by_chains(self._make_trainer, rows, self.n_iter, self.learning_rate, self._seed, self._threads)

    def _from_the_gaussian(self, X: np.ndarray, other: Training) -> Training:
        """Again in whitened units, which begin at the Gaussian of X; whichever held-out rows prefer."""
        before, scaling = self._held_out(X, other), self.scaling_
        self.scaling_, self._grown = Scaling.fit("whiten", X), None
        self._take_scaling(X.shape[1])
        result = self._trained_by_chains(X)
        if self._held_out(X, result).value > before.value:
            return result
        self.scaling_ = scaling
        self._take_scaling(X.shape[1])
        return other

    def _held_out(self, X: np.ndarray, result: Training) -> Estimate:
        """In the units of X, its error over rows."""
        levels = self._trained_levels(X[result.judged], result)
        return Estimate(float(np.mean(levels)) - result.log_z.value, _error_of(levels))

    def _trained_levels(self, X: np.ndarray, result: Training) -> np.ndarray:
        """ln p of rows in the units of X, but for ln Z."""
        levels = -(result.network or result.trainer.network).free_energy(self._scaled(X), threads=self._threads)
        return levels + self.scaling_.log_jacobian(X) if self._continuous else levels

    def _below_gaussian(self, X: np.ndarray, result: Training) -> float:
        """By how much ln p of the rows of X is below that of one Gaussian, row by row; 0 where that is chance."""
        if result.log_z is None or not self._continuous or X.shape[1] > _MOST_COLUMNS_OF_A_GAUSSIAN:
            return 0.0
        some = X[:: -(-len(X) // 2000)]
        try:
            gaussian = _quartic.gaussian_log_density(some, X)
        except BadInput:  # columns that depend on one another
            return 0.0
        below = gaussian - self._trained_levels(some, result) + result.log_z.value
        value = float(np.mean(below))
        return value if value > max(3 * np.hypot(_error_of(below), result.log_z.error), 0.01) else 0.0

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One pass over the rows of X in batches, in the order given. The first rows ever seen set the scaling. A
        machine that `fit` has learned exactly makes 10 iterations of exact learning on these rows instead."""
        first = not hasattr(self, "network_")
        X = self._rows(X, reset=first)
        if first:
            self._begin()
            self._start(X)
            self.history_, self.candidates_, self.held_out_ = [], [], None
        rows = self._scaled(X, with_noise=True)
        if not first and self._trained is None:
            if len(X) < _FEWEST_ROWS_MORE:
                raise BadInput(
                    f"{len(X)} rows are too few to go on learning a machine exactly that fit has learned so",
                    f"partial_fit with {_FEWEST_ROWS_MORE} rows at least, or fit with n_iter=1 first",
                )
            self.network_ = _quartic.learn_exactly(self.network_, rows, 10, self.ridge, self._threads)
            self._log_z = None
            self._set_offset(X)
            return self
        trainer = self._make_trainer(rows, self.learning_rate, self.n_iter or 1)
        for begin in range(0, len(rows), trainer.batch):
            trainer.update(rows[begin : begin + trainer.batch])
        self._take(trainer, rows)
        self._set_offset(X)
        return self

    def _rows(self, X: Any, reset: bool) -> np.ndarray:
        """Two rows at least to learn from: one has no spread."""
        least = 2 if reset and self._continuous else 1
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=reset, ensure_min_samples=least)

    @property
    def _continuous(self) -> bool:
        return self.visible in _CONTINUOUS

    def _begin(self) -> None:
        self._trained, self._base, self._log_z, self._grown = None, None, None, None
        random = self.random_state
        self._seed = seed_of(random if isinstance(random, np.random.Generator) else check_random_state(random))
        self.scaling_ = Scaling()

    def _start(self, X: np.ndarray) -> None:
        """The scaling of learning with chains, which stays from the first rows on."""
        columns = X.shape[1]
        if self._continuous and self.scaling in ("auto", "columns", "all", None):
            rule = "columns" if self.scaling == "auto" else self.scaling
            names = getattr(self, "feature_names_in_", None)
            center, scale = center_and_scale(X, rule, self.noise, names, ", or use binary units")
            self.scaling_ = Scaling.columns(center, scale)
            if self.scaling is not None and self.visible == "quartic":
                some = X[:: -(-len(X) // 5000)]
                self._take_scaling(columns)
                center = center + scale * best_shift(self._scaled(some, with_noise=True))
                self.scaling_ = Scaling.columns(center, scale)
        elif self._continuous:
            self.scaling_ = Scaling.fit(_BY_ROWS[self.scaling], X)
        self._take_scaling(columns)

    def _scaled(self, X: np.ndarray, with_noise: bool = False) -> np.ndarray:
        """Rows in the network's units, float32 to learn from and else float64."""
        if not self._continuous:
            return np.asarray(X, dtype=np.float32 if with_noise else np.float64)
        rows = self.scaling_.to_model(X)
        if not with_noise:
            return rows
        if self.noise > 0:
            seen = 0 if self._trained is None else self._trained["updates"]
            rows = rows + np.random.default_rng([self._seed, seen]).normal(0, self.noise, rows.shape)
        return rows.astype(np.float32)

    def _make_trainer(self, rows: np.ndarray, rate: float, epochs: int) -> NetworkLearner:
        """A new one, or the one that `partial_fit` goes on with, to the bit."""
        if self._trained is None and self._grown is not None:
            network = self._grown
        elif self._trained is None:
            network = Network.from_data(
                rows,
                self.n_components or min(64, max(2, len(rows) // 15)),
                visible=self.visible,
                hidden=self.hidden,
                random_state=self._seed,
            )
        else:
            network = self.network_
        batch = self.batch_size or (0 if self._trained is None else self._batch)
        return NetworkLearner(
            rows, network, epochs=epochs, batch=batch, steps=self.steps, rungs=self.rungs, rate=rate,
            momentum=self.momentum, weight_decay=self.weight_decay,
            threads=self._threads, random_state=self._seed, state=self._trained,
        )  # fmt: skip

    def _take(self, trainer: NetworkLearner, rows: np.ndarray) -> None:
        self.network_ = trainer.network
        self.chains_ = trainer.chains
        self.n_iter_ = trainer.epoch
        self._batch = trainer.batch
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
        rows = self._seen(X)
        return self.network_.hidden_mean(rows, threads=self._threads)

    def gibbs(self, X: Any, random_state: RandomState = None) -> np.ndarray:
        """One step of Gibbs sampling from every row: hidden units given it, then visible ones given them."""
        rows = self._seen(X)
        random = np.random.default_rng(seed_of(random_state))
        hidden = self.network_.hidden_draw(rows, random, threads=self._threads)
        return self.scaling_.from_model(self.network_.visible_draw(hidden, random, threads=self._threads))

    def sample(self, n_samples: int = 1, random_state: RandomState = None, sweeps: int = 500) -> np.ndarray:
        """Rows drawn from the model: independent ones where there are at most 20 two-valued hidden units, else from
        where the persistent chains ended, after so many sweeps."""
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
        """Mean ln p of the rows of X."""
        return float(np.mean(self.score_samples(X)))

    # --- outliers: ln Z cancels, so that none is needed ---

    def decision_function(self, X: Any) -> np.ndarray:
        """ln p of rows less that which a fraction `contamination` of the rows learned from stays below."""
        rows = self._seen(X)
        return self._levels(X, rows) - self._level

    def predict(self, X: Any) -> np.ndarray:
        """-1 for outliers, 1 for the others."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    @property
    def offset_(self) -> float:
        return self._level - self.log_z_.value.value

    def _set_offset(self, X: np.ndarray) -> None:
        levels = self._levels(X, self._scaled(X))
        self._level = float(np.percentile(levels, 100 * self.contamination))

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


def _error_of(values: np.ndarray) -> float:
    """Standard error of the mean."""
    return float(np.std(values)) / max(len(values) - 1, 1) ** 0.5
