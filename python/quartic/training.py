"""Learning with chains: how long, and at what rate, where the data are to say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._quartic import Network, NetworkLearner
from .errors import BadInput, Diverged
from .results import Estimate, LogZ

_MOST_EPOCHS, _MOST_UPDATES = 500, 30_000
_PATIENCE = 3  # checks without a better held-out ln p
_FALLEN = 3  # checks in a row with ln p below that of independent units: the first ones overshoot
_MOST_HALVINGS = 14
_CHEAP = 65_536  # weights of a network whose ln p is looked at while it learns

Make = Callable[[np.ndarray, float, int], NetworkLearner]  # of rows, rate and epochs


@dataclass
class Training:
    """What came of it. `network` and `epoch`: of the best held-out ln p, where that was not the last."""

    trainer: NetworkLearner
    rows: np.ndarray
    history: list[dict[str, Any]]
    network: Network | None = None
    epoch: int = 0
    held_out: Estimate | None = None
    warnings: list[str] = field(default_factory=list)


class TooFast(Exception):
    """The rate makes ln p fall."""


def train_by_chains(make: Make, rows: np.ndarray, epochs: int | None, rate: float, seed: int, threads: int) -> Training:
    """So many epochs; with None as many as make ln p of 15 % of the rows rise, which are held out. Where ln p falls
    below that of independent units, or the training diverges, it begins again at half the rate. Bounded in updates,
    never by the clock."""
    learned = rate
    for _ in range(_MOST_HALVINGS):
        try:
            out = _one_training(make, rows, epochs, learned, seed, threads)
            break
        except (Diverged, TooFast):
            learned /= 2
    else:
        out = _one_training(make, rows, epochs, learned, seed, threads)
    if learned < rate:
        out.warnings.append(f"learning_rate={rate:g} made ln p fall: it was learned at {learned:.3g}")
    return out


def _one_training(make: Make, rows: np.ndarray, epochs: int | None, rate: float, seed: int, threads: int) -> Training:
    judged = rows[:: -(-len(rows) // 1000)]
    if epochs is None and len(rows) >= 8:
        order = np.random.default_rng([seed, 2]).permutation(len(rows))
        cut = max(len(rows) * 15 // 100, 1)
        judged, rows = rows[order[:cut][:2000]], np.ascontiguousarray(rows[order[cut:]])
    trainer = make(rows, rate, epochs or _MOST_EPOCHS)
    out = Training(trainer, rows, [])
    look = _Look(trainer, judged, rows, seed, threads)
    best, since, next_check, fallen = look.before, 0, 1, 0
    while not trainer.finished:
        out.history.append(trainer.step())
        epoch = trainer.epoch
        last = trainer.finished or (trainer.updates >= _MOST_UPDATES and epochs is None)
        if not (look.cheap and (epoch >= next_check or last)):
            if last:
                break
            continue
        next_check = max(epoch + 1, int(1.4 * epoch))
        now = look.likelihood()
        low = now.value + 3 * now.error < look.before.value
        fallen = fallen + 1 if low else 0
        if low and (last or fallen >= _FALLEN):
            raise TooFast
        if epochs is not None:
            continue
        out.history[-1]["held_out"], out.history[-1]["held_out_error"] = now.value, now.error
        since += 1
        if now.value > best.value:
            best, since = now, 0
            out.network, out.epoch, out.held_out = trainer.network, epoch, now
        if since >= _PATIENCE:
            break
        if last:
            if since == 0:
                out.warnings.append(
                    f"ln p of held-out rows was still rising after {epoch} passes: n_iter={2 * epoch}, or a larger "
                    "learning_rate"
                )
            break
    return out


class _Look:
    """ln p of rows in between, roughly: a hundred annealed chains where ln Z is not exact."""

    def __init__(self, trainer: NetworkLearner, judged: np.ndarray, rows: np.ndarray, seed: int, threads: int):
        self._trainer, self._rows, self._seed, self._threads = trainer, judged, seed, threads
        self._some = rows[:: -(-len(rows) // 1000)]
        self.cheap = trainer.network.w.size <= _CHEAP
        self._levels_before: np.ndarray | None = None
        self.before = self.likelihood() if self.cheap else Estimate(-np.inf, 0.0)

    def likelihood(self) -> Estimate:
        """Its error is that of the difference to the beginning, on the same rows."""
        network = self._trainer.network
        try:
            z = self._log_z(network)
        except BadInput:  # weights that no annealing follows
            return Estimate(-np.inf, 0.0)
        levels = -network.free_energy(self._rows, threads=self._threads)
        if self._levels_before is None:
            self._levels_before = levels
        error = np.hypot((levels - self._levels_before).std() / np.sqrt(len(levels)), z.value.error)
        return Estimate(float(levels.mean() - z.value.value), float(error))

    def _log_z(self, network: Network) -> LogZ:
        few = len(network.s) <= 12 and network.hidden in ("binary", "spin")
        return network.estimate_log_z(
            self._trainer.base(self._some), chains=128, steps=200, sweeps=0, exact=few, random_state=self._seed,
            threads=self._threads,
        )  # fmt: skip
