"""What quartic does to actions: sample, learn, reweight.

Every function here builds a config and hands it to the C++ run layer, which the command line uses too: same config,
same seed, same bits, same run file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import _quartic
from ._quartic import Action, Graph
from .arguments import PathLike, at_most, file_name, mapping
from .configs import (
    DRAW_INTERVAL,
    Function,
    Terms,
    action_of,
    functions_of,
    graph_of,
    into_file,
    make_config,
    names_and_functions,
    target_terms,
)
from .errors import BadInput, BadType
from .progress import Callback, Watch
from .ranks import on_root
from .reweighted import ReweightResult
from .runs import LearnResult, Result, threads_of
from .sampled import SampleResult
from .seeds import RandomState, seed_of

_MOST_POINTS = 100000  # of a scan, as on the command line


def sample(
    action: Action,
    *,
    chains: int | None = None,
    draws: int | None = None,
    until: Mapping[str, float] | None = None,
    sweeps: int | None = None,
    warm_up: int | None = None,
    thin: int | None = None,
    max_seconds: float | None = None,
    observables: Mapping[str, Function] | None = None,
    precision: str | None = None,
    callback: Callback | None = None,
    progress: bool | None = None,
    random_state: RandomState = None,
    n_jobs: int | None = None,
    path: PathLike | None = None,
    force: bool = False,
    settings: Mapping[str, Any] | None = None,
    comm: Any = None,
) -> SampleResult:
    """Sample an action and measure it, every number with its error.

    Parameters
    ----------
    action : Action
        What is sampled, p ~ exp(-S); or a result, whose action it is.
    chains : int, optional
        Independent Markov chains, a multiple of 16; 1024.
    draws : int, optional
        Draws a chain, at most; 1000, or no limit where `until` is given.
    until : mapping, optional
        An observable and the relative error at which to stop: ``{"m2": 0.01}``.
    sweeps, warm_up, thin : int, optional
        Sweeps between draws, before the first (by default until averages are at rest), and draws between stored
        fields.
    max_seconds : float, optional
        Stop after this long.
    observables : mapping of callables, optional
        Own observables by name: each takes fields of shape ``(n, *extent)`` and returns n numbers.
    precision : {"auto", "float32", "float64"}, optional
        Of the fields; sums are always float64.
    callback : callable, optional
        Called a few times a second with a dict: draw, observables and their errors. Where it returns true the run
        stops.
    progress : bool, optional
        A bar; by default where stderr is a terminal.
    random_state : int, Generator, RandomState or None
        Seed of all random streams. The same seed gives the same bits, on any number of threads.
    n_jobs : int, optional
        Threads; all cores by default.
    path : path, optional
        The run file to write, refused where there is one unless `force`. By default a temporary file that
        `SampleResult.save` copies.
    force : bool
        Whether to write over a file that exists.
    settings : mapping, optional
        Any other key of the config by "section.key", as in ``{"sampler.hmc_steps": 10}`` (docs/config.md).
    comm : mpi4py.MPI.Comm, optional
        Whose ranks share the chains (docs/clusters.md): all call this alike, rank 0 writes the file and gets the
        result, the others None. Same bits for any number of them.

    Returns
    -------
    SampleResult
        Observables, fields, and the whole run.

    Raises
    ------
    BadInput
        Where the action cannot be normalised, or an argument cannot be.

    Examples
    --------
    >>> import quartic
    >>> S = quartic.Action(quartic.lattice("square", 4), w=1, a=1.52425, b=0.175)
    >>> result = quartic.sample(S, chains=64, draws=200, random_state=1)
    >>> result["phi2"].ok
    True
    """
    place = "quartic.sample()"
    if until is not None and (not isinstance(until, Mapping) or len(until) != 1):
        raise BadType(f"{place}: until must name one observable and its relative error", "until={'m2': 0.01}")
    wanted, error = next(iter(until.items())) if until else (None, None)
    action = action_of(action, place)
    random_state = on_root(comm, lambda: seed_of(random_state))
    config = make_config(
        place,
        {
            "sampler.chains": chains, "sampler.precision": precision, "sample.draws": draws, "sample.sweeps": sweeps,
            "sample.warm_up": warm_up, "sample.thin": thin, "sample.max_seconds": max_seconds, "sample.until": wanted,
            "sample.relative_error": error,
        },
        settings, random_state, n_jobs,
    )  # fmt: skip
    config.set_graph(action.graph)
    config.set_couplings(action)
    functions = functions_of(observables, place)
    watch = Watch(callback, progress, DRAW_INTERVAL, comm)
    return into_file(lambda file, w: _quartic.sample_run(config, file, place, functions, w), path, force, watch)  # type: ignore[return-value]


def learn(
    target: Terms,
    graph: Graph | None = None,
    *,
    start: Action | None = None,
    freedom: Mapping[str, str] | None = None,
    optimiser: str | None = None,
    rate: float | None = None,
    epochs: int | None = None,
    chains: int | None = None,
    draws: int | None = None,
    sweeps: int | None = None,
    warm_up: int | None = None,
    certificate: bool | None = None,
    precision: str | None = None,
    callback: Callback | None = None,
    progress: bool | None = None,
    random_state: RandomState = None,
    n_jobs: int | None = None,
    path: PathLike | None = None,
    force: bool = False,
    settings: Mapping[str, Any] | None = None,
    comm: Any = None,
) -> LearnResult:
    """Learn the couplings of an action from a target action A, KL(p||q), and certify them.

    Parameters
    ----------
    target : mapping, sequence, callable or Action
        A: couplings by term (``{"nn": -1, "phi2": 1.5, "phi4": 0.2}``; nn, nnn, edges, phi, phi2, phi4, phi6,
        plaquette, or a displacement such as ``(2, 0)``), pairs of term and coupling, another action, or any function
        that takes fields of shape ``(n, *extent)`` and returns their n actions; it is called on whole blocks. Where it
        has methods `densities` and `gradient`, of the fields' own shape, large lattices are learned patch by patch.
    graph : Graph, optional
        That of `start` where it is not given.
    start : Action, optional
        Where the couplings start; random by default.
    freedom : mapping, optional
        "free", "tied" or "frozen" by kind of coupling, as in ``{"r": "frozen", "a": "tied"}``. r is frozen by default.
    optimiser : {"natural", "adam", "gradient"}, optional
        The natural gradient by default.
    rate : float, optional
        Of the update; 1 for natural, 0.01 for the others.
    epochs, chains, draws, sweeps, warm_up : int, optional
        At most so many epochs; chains; configurations a chain and epoch, sweeps between them and before the first.
    certificate : bool, optional
        Free energies, bound and overlap after learning.
    precision : {"auto", "float32", "float64"}, optional
        As of `sample`.
    callback : callable, optional
        Called after every epoch with a dict of its metrics. Where it returns true the run stops.
    progress, random_state, n_jobs, path, force, settings, comm : optional
        As of `sample`.

    Returns
    -------
    LearnResult
        The learned action with its errors, history and certificate.

    Raises
    ------
    BadInput
        Where the target cannot be normalised or an argument cannot be, or a function returns the wrong shape.
    Diverged
        Where the couplings ran away.

    Examples
    --------
    >>> import quartic
    >>> G = quartic.lattice("square", 4)
    >>> fit = quartic.learn({"nn": -1, "phi2": 1.52425, "phi4": 0.175}, G, random_state=1, epochs=20)
    >>> fit.converged
    True
    """
    place = "quartic.learn()"
    if start is not None:
        start = action_of(start, place)
        graph = start.graph if graph is None else graph
    if graph is None:
        raise BadInput(f"{place}: no graph", "quartic.learn(A, graph), or start=action")
    graph = graph_of(graph, place)
    if start is not None and start.graph is not graph and not start.graph.same_as(graph):
        raise BadInput(f"{place}: start is on another graph ({start.graph!r})", "leave graph out: start has one")
    keys: dict[str, Any] = {
        "sampler.chains": chains, "sampler.precision": precision, "learn.optimiser": optimiser, "learn.rate": rate,
        "learn.epochs": epochs, "learn.draws": draws, "learn.sweeps": sweeps, "learn.warm_up": warm_up,
        "certificate.enabled": certificate,
    }  # fmt: skip
    for kind, word in mapping(place, "freedom", freedom or {}, "freedom={'a': 'tied'}").items():
        keys[f"action.{kind}"] = {"freedom": word}
    random_state = on_root(comm, lambda: seed_of(random_state))
    config = make_config(
        place, keys, settings, random_state, n_jobs, ("graph.",) if start is None else ("graph.", "action.")
    )
    config.set_graph(graph)
    if start is not None:
        config.set_couplings(start)
    config.set_target(target_terms(target, place, graph))
    watch = Watch(callback, progress, comm=comm)
    return into_file(lambda file, w: _quartic.learn_run(config, file, place, w), path, force, watch)  # type: ignore[return-value]


def reweight(
    runs: Result | PathLike | Sequence[Result | PathLike],
    to: Terms | None = None,
    *,
    scan: Mapping[str, Any] | None = None,
    observables: Any = ("abs_m", "m2", "phi2", "phi4", "action_density"),
    anneal: bool = False,
    progress: bool | None = None,
    n_jobs: int | None = None,
    path: PathLike | None = None,
    force: bool = False,
) -> ReweightResult:
    """Reweight configurations to another, also complex, action B.

    Parameters
    ----------
    runs : result, path, or several
        Runs with stored fields; several are combined by MBAR (Shirts & Chodera, J. Chem. Phys. 129, 124105, 2008).
    to : mapping, sequence or Action, optional
        B, as of `learn`, couplings complex where wanted; the first run's own target by default.
    scan : mapping, optional
        One term and the grid of its coupling: ``{"nnn": numpy.linspace(-1, 0, 21)}``.
    observables : sequence or mapping, optional
        Names (m, abs_m, m2, m4, action_density, or terms per site) and functions, as of `sample`.
    anneal : bool
        Anneal the configurations to the real part of B first, where weights at once have died.
    progress, n_jobs, path, force : optional
        As of `sample`.

    Returns
    -------
    ReweightResult
        Averages under B at every point, each with its verdict.

    Examples
    --------
    >>> import quartic
    >>> S = quartic.Action(quartic.lattice("square", 4), w=1, a=1.52425, b=0.175)
    >>> run = quartic.sample(S, chains=64, draws=200, random_state=1)
    >>> B = {"nn": -1, "phi2": 1.52425 + 0.05j, "phi4": 0.175}
    >>> quartic.reweight(run, B, observables=["m2"]).ok
    True
    """
    place = "quartic.reweight()"
    several = runs if isinstance(runs, Sequence) and not isinstance(runs, str | bytes) else [runs]
    files = [run.path if isinstance(run, Result) else file_name(place, run) for run in several]
    if not files:
        raise BadInput(f"{place}: no runs", "give a result with stored fields, or several")
    if scan is not None and (not isinstance(scan, Mapping) or len(scan) != 1):
        raise BadType(f"{place}: scan must name one term and its grid", "scan={'nnn': numpy.linspace(-1, 0, 21)}")
    scanned, grid = next(iter(scan.items())) if scan else ("", [])
    if not isinstance(scanned, str):
        raise BadType(f"{place}: a scan is of a term by name, not of {scanned!r}", "scan={'nnn': grid}")
    at_most(place, "scan", grid, _MOST_POINTS)
    try:
        couplings = [complex(g) for g in np.atleast_1d(np.asarray(grid)).tolist()]
    except (TypeError, ValueError):
        raise BadType(f"{place}: {grid!r} is no grid of couplings", "numpy.linspace(-1, 0, 21), say") from None
    if scan and not couplings:
        raise BadInput(f"{place}: the grid of {scanned!r} is empty", "numpy.linspace(-1, 0, 21), say")
    names, functions = names_and_functions(observables, place)
    known = several[0] if isinstance(several[0], Result) else Result.of(files[0])
    terms = None if to is None else target_terms(to, place, Action.from_run(known).graph)

    def run(file: Path, watch: Watch) -> None:
        _quartic.reweight_runs(
            files, terms, scanned, couplings, names, functions, anneal, threads_of(n_jobs), file, place, watch
        )

    return into_file(run, path, force, Watch(None, progress))  # type: ignore[return-value]
