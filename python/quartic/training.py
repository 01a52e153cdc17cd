"""Learning with chains: how long, and at what rate, where the data are to say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._quartic import Network, NetworkLearner, TrainingWatch, gaussian_log_density
from .errors import BadInput, Diverged
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
    below_gaussian: bool = False  # ln p below that of one Gaussian, by more than chance
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
        value, error = watch.best if epochs is None else watch.last
        below = -_above_gaussian(out.network or trainer.network, value, judged, some)
        out.below_gaussian = below > 3 * error
        if out.below_gaussian:
            out.warnings.append(
                f"ln p is {below:.2g} a row below that of one Gaussian with its correlations: scaling='whiten' begins "
                "there; a larger learning_rate, n_iter or n_components may help"
            )
    return out


def _above_gaussian(network: Network, log_likelihood: float, judged: np.ndarray, learned: np.ndarray) -> float:
    """By how much ln p of the judged rows is above that of the Gaussian of the others; 0 where there is none."""
    if network.visible not in ("quartic", "gaussian"):
        return 0.0
    try:
        return log_likelihood - float(np.mean(gaussian_log_density(judged, learned)))
    except BadInput:  # columns that depend on one another
        return 0.0
