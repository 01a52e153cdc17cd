"""F = -ln Z of an action."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _quartic
from ._quartic import Action
from .arguments import number
from .configs import (
    Terms,
    action_of,
    make_config,
    target_terms,
)
from .progress import Watch
from .ranges import range_of
from .results import Judged
from .runs import Result
from .seeds import RandomState


class FreeEnergy(Judged):
    """F = -ln Z with its error.

    Attributes
    ----------
    value, error : float
        F and its standard error.
    routes : dict
        The two independent ones and more.
    ok : bool
        Whether these agree and are sound; `reason` says why not.
    """

    routes: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self} ({self._verdict()})"


def free_energy(
    action: Action | Result,
    *,
    to: Terms | None = None,
    error: float = 0.01,
    progress: bool | None = None,
    random_state: RandomState = None,
    n_jobs: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> FreeEnergy:
    """F = -ln Z of an action by annealing in both directions and by thermodynamic integration.

    Parameters
    ----------
    action : Action or result
        S.
    to : Action or terms, optional
        Then F_A - F_S of this action A on the same graph, from F of both.
    error : float
        Wanted standard error of each route.
    progress, random_state, n_jobs, settings : optional
        As of `sample`.

    Returns
    -------
    FreeEnergy
        With both routes and a verdict.

    Examples
    --------
    >>> import quartic
    >>> S = quartic.Action(quartic.lattice("square", 4), w=0, a=1, b=0)  # 16 Gaussians: F = -8 ln pi
    >>> quartic.free_energy(S, random_state=1).ok
    True
    """
    place = "quartic.free_energy()"
    error = number(place, "error", error, range_of("certificate.error"))
    start = action_of(action, place)
    if to is not None:
        first = free_energy(
            start, error=error, progress=progress, random_state=random_state, n_jobs=n_jobs, settings=settings
        )
        other = _free_energy_of(start, to, error, progress, random_state, n_jobs, settings, place)
        return FreeEnergy(
            other.value - first.value, float(np.hypot(first.error, other.error)),
            ok=first.ok and other.ok, reason=first.reason or other.reason,
            routes={"from": first.routes, "to": other.routes},
        )  # fmt: skip
    return _free_energy_of(start, None, error, progress, random_state, n_jobs, settings, place)


def _free_energy_of(
    start: Action, to: Terms | None, error: float, progress: bool | None, random_state: RandomState,
    n_jobs: int | None, settings: Mapping[str, Any] | None, place: str,
) -> FreeEnergy:  # fmt: skip
    config = make_config(place, {}, settings, random_state, n_jobs)
    config.set_graph(start.graph)
    config.set_couplings(start)
    if to is not None:
        config.set_target(target_terms(to, place, start.graph))
    watch = Watch(None, progress)
    try:
        found = json.loads(_quartic.free_energy_of(config, error, None, to is not None, watch))
    finally:
        watch.close()
    value = found.pop("free_energy")
    return FreeEnergy(value["value"], value["error"], ok=found.pop("ok"), reason=found.pop("reason"), routes=found)
