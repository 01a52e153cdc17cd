"""How rows are learned: exactly, by chains, or by chains from what was learned exactly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _quartic
from ._quartic import Network, NetworkLearner, PacedLearner, Scaling
from .errors import BadInput
from .progress import Watch
from .results import Estimate
from .scaling import best_shift, center_and_scale

DISCRETE = {"binary", "spin"}
BY_ROWS = {
    "columns": "standardise",
    "power": "power",
    "whiten": "whiten",
    "zca": "zca",
    "power-whiten": "power-whiten",
}
_CANDIDATES = ["standardise", "whiten", "power", "power-whiten"]
_FEWEST_ROWS = 8  # to hold some out of
_CHAINS = 100  # of a machine that is learned without


@dataclass
class Learned:
    """A network in the units that `scaling` leads to, and how it came to be."""

    network: Network
    scaling: Scaling
    chains: np.ndarray  # visible values, where sampling goes on from
    n_iter: int
    history: list[dict[str, Any]]
    held_out: Estimate | None = None  # in the units of the data
    candidates: list[dict[str, Any]] = field(default_factory=list)
    state: dict[str, Any] | None = None  # of the NetworkLearner; none: learned exactly
    batch: int = 0  # of the same
    base: Network | None = None  # where annealing begins; none: ln Z is exact
    warnings: list[str] = field(default_factory=list)


class Learning:
    """One learning by the parameters of an estimator, `wanted`, which it only reads."""

    def __init__(self, wanted: Any, seed: int, threads: int, names: Sequence[str] | None):
        self.wanted, self.seed, self.threads = wanted, seed, threads
        self.names = None if names is None else [str(name) for name in names]  # scikit-learn has an array of them
        self.continuous = wanted.visible not in DISCRETE

    def learn(self, X: np.ndarray) -> Learned:
        wanted = self.wanted
        way = self._way(X)
        if wanted.gates and not (self.continuous and wanted.hidden in DISCRETE):
            raise BadInput(
                f"gates of {wanted.visible} and {wanted.hidden} units: two-valued hidden units gate the widths of "
                "real-valued columns",
                "visible='quartic' or 'gaussian' with hidden='binary' or 'spin', or gates=None",
            )
        if wanted.gates and way != "exactly":
            raise BadInput(
                "gates are learned without chains alone, where ln Z is exact",
                f"{_FEWEST_ROWS} rows at least, few n_components, two-valued hidden units, n_iter=None",
            )
        return self._exactly(X) if way == "exactly" else self._by_chains(X, way)

    def _way(self, X: np.ndarray) -> str:
        wanted, rows = self.wanted, len(X)
        if wanted.n_iter is not None or wanted.rungs > 1 or rows < _FEWEST_ROWS:
            return "chains"
        way = _quartic.learning_way(
            wanted.visible, wanted.hidden, wanted.n_components or 0, X.shape[1], wanted.noise > 0
        )
        few = rows - _held_out(rows) < _FEWEST_ROWS
        return "chains" if way == "chains-from-exact" and few else way

    # --- exactly ---

    def _race(self, X: np.ndarray, learn: Any, **options: Any) -> tuple[dict[str, Any], Scaling, float]:
        """By learn_density or learn_start; the scaling from the units of X, and ln of its part that the race has not
        seen."""
        wanted, rows, outer = self.wanted, X, None
        if self.continuous:
            rule = "all" if wanted.scaling == "all" else "columns"
            center, scale = center_and_scale(X, rule, wanted.noise, self.names, ", or use binary units")
            if wanted.noise > 0:
                rows = X + wanted.noise * scale * np.random.default_rng([self.seed, 0]).normal(size=X.shape)
            if wanted.scaling == "all":
                outer = Scaling.columns(center, scale)
                rows = outer.to_model(rows)
        watch = Watch()
        try:
            fit = learn(
                rows, visible=wanted.visible, hidden=wanted.hidden, hidden_units=wanted.n_components or 0,
                scalings=_CANDIDATES if wanted.scaling == "auto" else [BY_ROWS.get(wanted.scaling, "none")],
                ridge=wanted.ridge, rounds=wanted.max_iter // 10, threads=self.threads, random_state=self.seed,
                progress=lambda done: watch.phase("learning", done), names=self.names or [],
                **options,
            )  # fmt: skip
        finally:
            watch.close()
        shift = 0.0 if outer is None else float(outer.log_jacobian(X[:1])[0])
        return fit, outer or fit["scaling"], shift

    def _exactly(self, X: np.ndarray) -> Learned:
        fit, scaling, shift = self._race(X, _quartic.learn_density, gates=self.wanted.gates is not False)
        network, chosen = fit["network"], fit["candidates"][fit["chosen"]]
        chains = self.wanted.batch_size or _CHAINS
        if _quartic.can_draw_exactly(network):
            drawn = _quartic.draw_exactly(network, chains, self.seed, self.threads)
        else:
            some = np.random.default_rng([self.seed, 1]).permutation(len(X))[:chains]
            drawn = self._in_model(X[some], scaling)
        out = Learned(
            network, scaling, drawn, max(fit["iterations"], 1), candidates=fit["candidates"],
            history=[{"iteration": 10 * k, "held_out": value + shift} for k, value in enumerate(chosen["held_out"])],
            held_out=Estimate(fit["held_out"] + shift, fit["held_out_error"]), warnings=list(fit["remarks"]),
        )  # fmt: skip
        if chosen["improving"]:
            bound, rise = self.wanted.max_iter, chosen["rise"]
            out.warnings.append(
                f"ln p of held-out rows was still rising after {bound} iterations, by {rise:.2g} in the last "
                f"tenth: max_iter={2 * bound}"
                if rise > 0
                else f"{bound} iterations ended before held-out rows could say how long to learn: max_iter={2 * bound}"
            )
        return out

    # --- by chains ---

    def _by_chains(self, X: np.ndarray, way: str) -> Learned:
        """As many passes as asked for, or as held-out rows ask for; the rate halved where it is too large."""
        wanted, rest, judged = self.wanted, *self._split(X)
        fit: dict[str, Any] = {"candidates": [], "remarks": []}
        if way == "chains":
            if self.continuous and len(rest):
                same = _quartic.remark_on_copies(X[rest][:: -(-len(rest) // 4096)])
                fit["remarks"] += [same] if same else []
            scaling = self.scaling_of(X[rest])
            network = self.network_of(self.rows_of(X[rest], scaling))
        else:
            fit, scaling, _ = self._race(X[rest], _quartic.learn_start)
            network = fit["network"]
        rows = self.rows_of(X, scaling)
        learner = PacedLearner(
            np.ascontiguousarray(rows[rest]), network, rows[judged], epochs=wanted.n_iter, **self._options(),
            rate=wanted.learning_rate, batch=wanted.batch_size or 0,
        )  # fmt: skip
        history = _watched(learner)
        out = Learned(
            learner.network, scaling, learner.chains, learner.best_epoch if learner.keeps_best else learner.epoch,
            history, candidates=fit["candidates"], state=learner.state(), batch=learner.batch,
            base=learner.base(rows[rest][:: -(-len(rest) // 1000)]),
            warnings=fit["remarks"] + self._said(learner, len(X), way, scaling),
        )  # fmt: skip
        self._judge(out, learner, X[judged], X[rest])
        return out

    def _split(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of rows to learn from and of rows that judge: held out where these say how long."""
        rows = len(X)
        if self.wanted.n_iter is not None or rows < _FEWEST_ROWS:
            return np.arange(rows), np.arange(0, rows, -(-rows // 1000))
        order = np.random.default_rng([self.seed, 2]).permutation(rows)
        return order[_held_out(rows) :], order[: min(_held_out(rows), 2000)]

    def _said(self, learner: PacedLearner, rows: int, way: str, scaling: Scaling) -> list[str]:
        wanted, out = self.wanted, []
        if rows < _FEWEST_ROWS:
            out.append(f"{rows} rows are too few to learn a density from: ln p of other rows means nothing")
        # From what was learned exactly a slow pace is no surprise.
        if learner.rate < wanted.learning_rate and way == "chains" and rows >= _FEWEST_ROWS:
            rate = wanted.learning_rate
            out.append(f"a learning rate of {rate:g} made ln p fall: it was learned at {learner.rate:.3g}")
        if learner.keeps_best and learner.rising and rows >= _FEWEST_ROWS:
            out.append(f"ln p of held-out rows was still rising after {learner.epoch} passes: a larger learning_rate")
        if learner.keeps_best and way == "chains-from-exact" and not learner.gained:
            out.append(
                "chains found nothing better than what fewer units learn exactly, where they began: n_components=None, "
                'hidden="binary" is as good and cheaper'
            )
        if wanted.n_iter is not None and learner.last and learner.before:
            value, error = learner.last
            gain, noise = value - learner.before[0], max(2 * error, 0.005)
            if gain < noise:
                alone = "independent columns" if scaling.by_column else "the scaled columns by themselves"
                verdict = f"lower than that of {alone}"
                if gain > -noise:
                    verdict = f"no higher than that of {alone}, which they may be"
                out.append(
                    f"ln p after {wanted.n_iter} passes is {verdict}: n_iter=None, more passes or another learning_rate"
                )
        return out

    def _judge(self, out: Learned, learner: PacedLearner, judged: np.ndarray, learned: np.ndarray) -> None:
        """ln p of the judged rows in the units of the data, beside one Gaussian of the others."""
        log_z = learner.best_log_z if learner.keeps_best else learner.last_log_z
        if log_z is None:
            return
        levels = -out.network.free_energy(self._in_model(judged, out.scaling), threads=self.threads)
        if self.continuous:
            levels += out.scaling.log_jacobian(judged)
            below = _quartic.below_gaussian(levels, log_z, judged, learned)
            if below is not None:
                remedy = "scaling='whiten' begins there; " if out.scaling.by_column else ""
                remedy += "n_iter=None, " if self.wanted.n_iter is not None else ""
                out.warnings.append(
                    f"ln p is {below:.2g} a row below that of one Gaussian with its correlations: {remedy}more passes "
                    "or n_components may help"
                )
        if learner.keeps_best and learner.best:
            error = float(np.std(levels)) / max(len(levels) - 1, 1) ** 0.5
            out.held_out = Estimate(float(np.mean(levels)) - log_z[0], error)
            for row in out.history:
                if "held_out" in row:
                    row["held_out"] += out.held_out.value - learner.best[0]

    def scaling_of(self, X: np.ndarray) -> Scaling:
        """Of learning with chains, which stays from the first rows on."""
        wanted = self.wanted
        if not self.continuous:
            return Scaling()
        if wanted.scaling not in ("auto", "columns", "all", None):
            return Scaling.fit(BY_ROWS[wanted.scaling], X)
        rule = "columns" if wanted.scaling == "auto" else wanted.scaling
        center, scale = center_and_scale(X, rule, wanted.noise, self.names, ", or use binary units")
        if wanted.scaling is not None and wanted.visible == "quartic":
            some = X[:: -(-len(X) // 5000)]
            center = center + scale * best_shift(self.rows_of(some, Scaling.columns(center, scale)))
        return Scaling.columns(center, scale)

    def rows_of(self, X: np.ndarray, scaling: Scaling, updates: int = 0) -> np.ndarray:
        """In the network's units, to learn from; the noise differs from one number of updates to another."""
        rows = self._in_model(X, scaling)
        if self.continuous and self.wanted.noise > 0:
            rows = rows + np.random.default_rng([self.seed, updates]).normal(0, self.wanted.noise, rows.shape)
        return rows.astype(np.float32)

    def _in_model(self, X: np.ndarray, scaling: Scaling) -> np.ndarray:
        return scaling.to_model(X) if self.continuous else np.asarray(X, dtype=np.float64)

    def network_of(self, rows: np.ndarray) -> Network:
        """Independent columns."""
        units = self.wanted.n_components or _quartic.default_hidden_units(len(rows))
        return Network.from_data(
            rows, units, visible=self.wanted.visible, hidden=self.wanted.hidden, random_state=self.seed
        )

    def trainer(self, rows: np.ndarray, network: Network, state: dict[str, Any] | None, batch: int) -> NetworkLearner:
        """For `partial_fit`: a new one, or one that goes on to the bit."""
        return NetworkLearner(
            rows, network, epochs=self.wanted.n_iter or 1, **self._options(), rate=self.wanted.learning_rate,
            batch=self.wanted.batch_size or batch, state=state,
        )  # fmt: skip

    def _options(self) -> dict[str, Any]:
        wanted = self.wanted
        return {
            "steps": wanted.steps, "rungs": wanted.rungs, "momentum": wanted.momentum,
            "weight_decay": wanted.weight_decay, "threads": self.threads, "random_state": self.seed,
        }  # fmt: skip


def _held_out(rows: int) -> int:
    """So many of them say how long chains learn."""
    return max(rows * 15 // 100, 1)


def _watched(learner: PacedLearner) -> list[dict[str, Any]]:
    """All epochs, and how they went at the rate that was kept."""
    history: list[dict[str, Any]] = []
    watch = Watch()
    try:
        while not learner.finished:
            row = learner.step()
            if row is None:
                history.clear()
                continue
            if learner.keeps_best and learner.last and learner.last_epoch == learner.epoch:
                row["held_out"], row["held_out_error"] = learner.last
            history.append(row)
            watch.step({"unit": "epoch", "done": learner.epoch, "total": None, "layer": 0, "layers": 0, "metrics": row})
    finally:
        watch.close()
    return history
