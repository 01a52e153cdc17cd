"""Learning with chains: how long, and at what rate, where the data are to say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._quartic import Network, NetworkLearner, TrainingWatch
from .errors import Diverged
from .results import Estimate

_MOST_HALVINGS = 14

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
    judged: np.ndarray | None = None  # numbers of these rows
    log_z: Estimate | None = None  # of `network`, or of the last; none where nobody looked
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
    chosen = np.arange(0, len(rows), -(-len(rows) // 1000))
    judged = rows[chosen]
    if epochs is None and len(rows) >= 8:
        order = np.random.default_rng([seed, 2]).permutation(len(rows))
        cut = max(len(rows) * 15 // 100, 1)
        chosen = order[:cut][:2000]
        judged, rows = rows[chosen], np.ascontiguousarray(rows[order[cut:]])
    trainer = make(rows, rate, epochs or TrainingWatch.most_epochs)
    out = Training(trainer, rows, [], judged=chosen)
    some = rows[:: -(-len(rows) // 1000)]
    watch = TrainingWatch(trainer, judged, some, stops=epochs is None, seed=seed, threads=threads)
    verdict = "go_on"
    while verdict == "go_on":
        out.history.append(trainer.step())
        verdict = watch.look(trainer)
        if verdict == "too_fast":
            raise TooFast
        if epochs is None and watch.last_epoch == trainer.epoch:
            out.history[-1]["held_out"], out.history[-1]["held_out_error"] = watch.last
    if epochs is None and watch.last_epoch > 0:
        out.network, out.epoch, out.held_out = watch.best_network, watch.best_epoch, Estimate(*watch.best)
        if watch.rising:
            out.warnings.append(
                f"ln p of held-out rows was still rising after {trainer.epoch} passes: n_iter={2 * trainer.epoch}, or "
                "a larger learning_rate"
            )
    if watch.last_epoch > 0:
        out.log_z = Estimate(*(watch.best_log_z if epochs is None else watch.last_log_z))
        gain = watch.last[0] - watch.before[0]
        if epochs is not None and gain < max(2 * watch.last[1], 0.005):
            out.warnings.append(
                f"ln p after {epochs} passes is no higher than that of independent columns, which they may be: "
                "n_iter=None, more passes or another learning_rate"
            )
    return out
