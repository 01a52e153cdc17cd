"""A sampler in hand, and fields for other libraries."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from . import _quartic
from ._quartic import Action
from .arguments import whole
from .configs import action_of, make_config
from .errors import BadInput, BadType
from .progress import Watch
from .runs import Result
from .sampled import SampleResult
from .seeds import RandomState


class Sampler:
    """Chains of an action to draw fields from, with no measurement and no file.

    Parameters
    ----------
    action : Action
        What is sampled.
    chains : int
        A multiple of 16.
    warm_up : int
        Sweeps before the first draw, in which the moves are tuned.
    precision, progress, random_state, n_jobs, settings : optional
        As of `sample`.

    Examples
    --------
    >>> import quartic
    >>> S = quartic.Action(quartic.lattice("square", 4), w=1, a=1.52425, b=0.175)
    >>> [phi.shape for phi in quartic.Sampler(S, chains=16, random_state=1).draws(2)]
    [(16, 4, 4), (16, 4, 4)]
    """

    def __init__(
        self,
        action: Action,
        chains: int = 1024,
        *,
        warm_up: int = 200,
        precision: str | None = None,
        progress: bool | None = None,
        random_state: RandomState = None,
        n_jobs: int | None = None,
        settings: Mapping[str, Any] | None = None,
    ):
        place = "quartic.Sampler()"
        action = action_of(action, place)
        keys = {"sampler.chains": chains, "sampler.precision": precision}
        config = make_config(place, keys, settings, random_state, n_jobs)
        config.set_graph(action.graph)
        config.set_couplings(action)
        warm_up = whole(place, "warm_up", warm_up, 0)
        watch = Watch(None, progress)
        try:
            self._chains = _quartic.Chains(config, warm_up, watch)
        finally:
            watch.close()
        self.action = action

    def draws(self, count: int | None = None, *, sweeps: int = 1) -> Iterator[np.ndarray]:
        """Iterate over draws of all chains.

        Parameters
        ----------
        count : int, optional
            How many; endlessly many by default.
        sweeps : int
            Sweeps before each.

        Yields
        ------
        numpy.ndarray
            Fields of shape ``(chains, *extent)``, an array of its own.
        """
        sweeps = whole("Sampler.draws()", "sweeps", sweeps, 1)
        count = None if count is None else whole("Sampler.draws()", "count", count, 0)
        done = 0
        while count is None or done < count:
            self._chains.sweep(sweeps)
            yield self._chains.fields()
            done += 1

    def sweep(self, count: int = 1) -> None:
        """Move all chains on.

        Parameters
        ----------
        count : int
            Sweeps.
        """
        self._chains.sweep(whole("Sampler.sweep()", "count", count, 1))

    @property
    def phi(self) -> np.ndarray:
        """The fields now, a copy."""
        return self._chains.fields()

    def __reduce__(self) -> NoReturn:
        raise BadType(
            "a Sampler cannot be pickled or copied: its chains are of this process", "its fields: sampler.phi"
        )

    def __repr__(self) -> str:
        return f"<quartic.Sampler of {self.action!r}: {self._chains.schedule()}>"


def to_pymbar(runs: Sequence[Result]) -> tuple[np.ndarray, np.ndarray]:
    """What ``pymbar.MBAR(u_kn, N_k)`` takes: the action of every run on the stored fields of all.

    Parameters
    ----------
    runs : sequence of SampleResult
        Draws of a chain are correlated: `thin` them.

    Returns
    -------
    u_kn : numpy.ndarray
        Actions, shape (runs, fields).
    N_k : numpy.ndarray
        Fields of every run.
    """
    place, example = "quartic.to_pymbar()", "to_pymbar([run1, run2])"
    if not isinstance(runs, Sequence) or isinstance(runs, str | bytes):
        raise BadType(f"{place}: runs must be a sequence of sampled runs, not {type(runs).__name__}", example)
    if not runs:
        raise BadInput(f"{place}: no runs", example)
    for run in runs:
        if not isinstance(run, SampleResult):
            raise BadType(f"{place}: {type(run).__name__} is no sampled run", example)
    if len({run.action.graph.sites for run in runs}) > 1:  # type: ignore[attr-defined]
        raise BadInput(f"{place}: the runs are on graphs of different sizes", "runs on one graph")
    fields = [run.phi.reshape(-1, run.action.graph.sites) for run in runs]  # type: ignore[attr-defined]
    pooled = np.concatenate(fields).astype(np.float64)
    return np.array([run.action(pooled) for run in runs]), np.array([len(f) for f in fields])  # type: ignore[attr-defined]
