"""What quartic does: sample, learn, reweight, free energies, and runs of config files.

Every function here builds a config and hands it to the C++ run layer, which the command line uses too: same config,
same seed, same bits, same run file.
"""

import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import _quartic
from ._quartic import Action, Graph
from .arguments import file_name, function, mapping, observable_name, positive, whole
from .errors import BadInput, BadType
from .progress import Callback, Watch
from .results import Estimate
from .runs import LearnResult, Result, ReweightResult, SampleResult, temporary_file, threads_of
from .seeds import RandomState, seed_of

Fields = np.ndarray
Function = Callable[[Fields], Any]
Terms = Mapping[Any, Any] | Sequence[Any] | Function | Action
PathLike = str | os.PathLike[str]
DRAW_INTERVAL = 0.2  # seconds between two draws that a watch hears of


# --- configs ---


def _toml(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, str | os.PathLike):
        return json.dumps(os.fspath(value), ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, Sequence | np.ndarray):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    return json.dumps(str(value))


def make_config(
    place: str,
    keys: Mapping[str, Any],
    settings: Mapping[str, Any] | None,
    random_state: RandomState,
    n_jobs: int | None,
    own: tuple[str, ...] = ("graph.", "action."),
) -> _quartic.Config:
    """A config from "section.key": value; None stands for the default. `settings` may not begin with any of `own`."""
    settings = mapping(place, "settings", settings or {}, "settings={'sampler.hmc_steps': 10}")
    for name in settings:
        if str(name) in keys and keys[name] is not None:
            raise BadInput(f"{place}: settings say {name!r}, as an argument does", "leave one out")
        if str(name).startswith(own):
            raise BadInput(f"{place}: settings cannot say {name!r}: that is the action's", "quartic.Action(...)")
    given = {"run.seed": seed_of(random_state), "run.threads": threads_of(n_jobs) or None, **keys, **(settings or {})}
    sections: dict[str, list[str]] = {}
    for name, value in given.items():
        section, dot, key = str(name).partition(".")
        if not dot:
            raise BadInput(f"{place}: settings: {name!r} is no key", "write section.key, as in 'sampler.hmc_steps'")
        if value is not None:
            sections.setdefault(section, []).append(f"{key} = {_toml(value)}")
    text = "\n".join(f"[{section}]\n" + "\n".join(lines) for section, lines in sections.items())
    return _quartic.Config(text, place, [])


def _graph_of(graph: Any, place: str) -> Graph:
    if isinstance(graph, Graph):
        return graph
    if hasattr(graph, "nodes") and hasattr(graph, "edges"):
        return Graph.from_networkx(graph)
    raise BadType(f"{place}: {type(graph).__name__} is no graph", "quartic.lattice('square', 8), quartic.Graph(...)")


def _action_of(action: Any, place: str) -> Action:
    if isinstance(action, Action):
        return action
    if hasattr(action, "action") and isinstance(action.action, Action):
        return action.action
    raise BadType(f"{place}: {type(action).__name__} is no action", "quartic.Action(graph, w=1, a=1.5, b=0.2)")


def target_terms(target: Terms, place: str, graph: Graph) -> list[dict[str, Any]]:
    """As [[target]] has them, from whatever a target may be."""
    if isinstance(target, Action):
        if not target.graph.same_as(graph):
            raise BadInput(f"{place}: the target is on {target.graph!r}, not on {graph!r}", "one graph for both")
        return [
            {"term": term, "coupling": sign, "weights": values}
            for term, sign, values in (
                ("edges", -1.0, target.w), ("phi", 1.0, target.r), ("phi2", 1.0, target.a), ("phi4", 1.0, target.b)
            )
            if np.any(values)
        ]  # fmt: skip
    if callable(target):
        return [{"term": "function", "coupling": 1.0, "function": target}]
    if not isinstance(target, Mapping | Sequence) or isinstance(target, str):
        raise BadType(
            f"{place}: {type(target).__name__} is no target", "{'nn': -1, 'phi2': 1.5}, a function, an Action"
        )
    pairs: Iterable[Any] = target.items() if isinstance(target, Mapping) else target
    terms = []
    for entry in pairs:
        if isinstance(entry, Mapping):
            terms.append({"coupling": 1.0, **entry})
            continue
        try:
            name, coupling = entry
            coupling = complex(coupling)
        except (TypeError, ValueError):
            raise BadInput(
                f"{place}: {entry!r} is no term of a target", "{'nn': -1, 'phi2': 1.5}, or [('nn', -1), (f, 0.1)]"
            ) from None
        term: dict[str, Any] = {"term": name, "coupling": coupling}
        if callable(name):
            term = {"term": "function", "coupling": coupling, "function": name}
        elif isinstance(name, tuple):  # pairs at a displacement
            term = {"term": "pairs", "displacement": list(name), "coupling": coupling}
        terms.append(term)
    if not terms:
        raise BadInput(f"{place}: the target has no terms", "{'nn': -1, 'phi2': 1.5, 'phi4': 0.2}, say")
    return terms


def _functions(observables: Any, place: str) -> dict[str, Function]:
    if observables is None:
        return {}
    if callable(observables):
        observables = {getattr(observables, "__name__", "function"): observables}
    if not isinstance(observables, Mapping) or not all(isinstance(name, str) for name in observables):
        raise BadType(f"{place}: observables must be a dict of functions by name", "observables={'mine': f}")
    return {observable_name(place, name): value for name, value in observables.items()}


def _listed(observables: Any, place: str) -> Sequence[Any]:
    if not isinstance(observables, Sequence):
        raise BadType(f"{place}: observables must be names and functions", "observables=['m2', f]")
    return observables


# --- running ---


def _place_for(path: PathLike | None, force: bool) -> tuple[Path, bool]:
    """Where the run file goes, and whether it is temporary."""
    if path is None:
        return temporary_file(), True
    _quartic.require_writable(str(file_name("path", path)), force)
    return Path(path), False


def _go(run: Callable[[str, Watch], Any], path: PathLike | None, force: bool, watch: Watch) -> Result:
    """Runs into a file, and says where an interrupted one goes on."""
    file, temporary = _place_for(path, force)
    try:
        finished = run(str(file), watch)
    finally:
        watch.close()
    result = Result.of(file, temporary=temporary)
    if finished is False:
        warnings.warn("stopped before its end; quartic.resume(result) goes on", stacklevel=3)
    return result


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
) -> SampleResult:
    """Samples an action and measures it, every number with its error.

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
        Own observables by name: each takes fields of shape (n, *extent) and returns n numbers.
    precision : {"float32", "float64"}, optional
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
    settings : mapping, optional
        Any other key of the config by "section.key", as in ``{"sampler.hmc_steps": 10}`` (docs/config.md).

    Returns
    -------
    SampleResult

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
    action = _action_of(action, place)
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
    functions = _functions(observables, place)
    watch = Watch(callback, progress, DRAW_INTERVAL)
    return _go(lambda file, w: _quartic.sample_run(config, file, place, functions, w), path, force, watch)  # type: ignore[return-value]


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
) -> LearnResult:
    """Learns the couplings of an action from a target action A, KL(p||q), and certifies them.

    Parameters
    ----------
    target : mapping, sequence, callable or Action
        A: couplings by term (``{"nn": -1, "phi2": 1.5, "phi4": 0.2}``; nn, nnn, edges, phi, phi2, phi4, phi6,
        plaquette, or a displacement such as ``(2, 0)``), pairs of term and coupling, another action, or any function
        that takes fields of shape (n, *extent) and returns their n actions; it is called on whole blocks.
    graph : Graph, optional
        That of `start` where it is not given.
    start : Action, optional
        Where the couplings start; random by default.
    freedom : mapping, optional
        "free", "tied" or "frozen" by kind of coupling, as in ``{"r": "frozen", "a": "tied"}``. r is frozen by default.
    optimiser : {"natural", "adam", "gradient"}, optional
    rate : float, optional
        Of the update; 1 for natural, 0.01 for the others.
    epochs, chains, draws, sweeps, warm_up : int, optional
        At most so many epochs; chains; configurations a chain and epoch, sweeps between them and before the first.
    certificate : bool, optional
        Free energies, bound and overlap after learning.
    callback : callable, optional
        Called after every epoch with a dict of its metrics. Where it returns true the run stops.
    precision, progress, random_state, n_jobs, path, force, settings
        As of `sample`.

    Returns
    -------
    LearnResult

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
        start = _action_of(start, place)
        graph = start.graph if graph is None else graph
    if graph is None:
        raise BadInput(f"{place}: no graph", "quartic.learn(A, graph), or start=action")
    graph = _graph_of(graph, place)
    if start is not None and start.graph is not graph and not start.graph.same_as(graph):
        raise BadInput(f"{place}: start is on another graph ({start.graph!r})", "leave graph out: start has one")
    keys = {
        "sampler.chains": chains, "sampler.precision": precision, "learn.optimiser": optimiser, "learn.rate": rate,
        "learn.epochs": epochs, "learn.draws": draws, "learn.sweeps": sweeps, "learn.warm_up": warm_up,
        "certificate.enabled": certificate,
    }  # fmt: skip
    for kind, word in mapping(place, "freedom", freedom or {}, "freedom={'a': 'tied'}").items():
        keys[f"action.{kind}"] = {"freedom": word}
    config = make_config(
        place, keys, settings, random_state, n_jobs, ("graph.",) if start is None else ("graph.", "action.")
    )
    config.set_graph(graph)
    if start is not None:
        config.set_couplings(start)
    config.set_target(target_terms(target, place, graph))
    watch = Watch(callback, progress)
    return _go(lambda file, w: _quartic.learn_run(config, file, place, w), path, force, watch)  # type: ignore[return-value]


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
    """Reweights configurations to another, also complex, action B.

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
    progress, n_jobs, path, force
        As of `sample`.

    Returns
    -------
    ReweightResult

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
    several = runs if isinstance(runs, Sequence) and not isinstance(runs, str) else [runs]
    files = [str(run.path if isinstance(run, Result) else file_name(place, run)) for run in several]
    if not files:
        raise BadInput(f"{place}: no runs", "give a result with stored fields, or several")
    if scan is not None and (not isinstance(scan, Mapping) or len(scan) != 1):
        raise BadType(f"{place}: scan must name one term and its grid", "scan={'nnn': numpy.linspace(-1, 0, 21)}")
    scanned, grid = next(iter(scan.items())) if scan else ("", [])
    if not isinstance(scanned, str):
        raise BadType(f"{place}: a scan is of a term by name, not of {scanned!r}", "scan={'nnn': grid}")
    try:
        couplings = [complex(g) for g in np.atleast_1d(np.asarray(grid)).tolist()]
    except (TypeError, ValueError):
        raise BadType(f"{place}: {grid!r} is no grid of couplings", "numpy.linspace(-1, 0, 21), say") from None
    if scan and not couplings:
        raise BadInput(f"{place}: the grid of {scanned!r} is empty", "numpy.linspace(-1, 0, 21), say")
    names: list[str] = []
    functions: dict[str, Function] = {}
    if isinstance(observables, Mapping):
        functions = _functions(observables, place)
    elif isinstance(observables, str) or callable(observables):
        observables = [observables]
    for o in [] if functions else _listed(observables, place):
        if isinstance(o, str):
            names.append(o)
            continue
        name = getattr(function(place, "an observable", o), "__name__", "function")
        taken = sum(known.partition("_")[0] == name.partition("_")[0] for known in functions)
        functions[f"{name}_{taken}" if name in functions else name] = o
    known = several[0] if isinstance(several[0], Result) else Result.of(file_name(place, several[0]))
    terms = None if to is None else target_terms(to, place, Action.from_run(known).graph)

    def run(file: str, watch: Watch) -> None:
        _quartic.reweight_runs(
            files, terms, scanned, couplings, names, functions, anneal, threads_of(n_jobs), file, place, watch
        )

    return _go(run, path, force, Watch(None, progress))  # type: ignore[return-value]


class FreeEnergy(Estimate):
    """F = -ln Z with its error. `routes` has the two independent ones and more; `ok` says whether they agree and are
    sound, `reason` why not."""

    ok: bool
    reason: str
    routes: dict[str, Any]

    def __new__(cls, value: float, error: float, **more: Any) -> "FreeEnergy":
        self = super().__new__(cls, value, error)
        self.__dict__.update(more)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _free_energy, (self.value, self.error, self.__dict__)

    def __repr__(self) -> str:
        return f"{self} ({'ok' if self.ok else f'NOT ok: {self.reason}'})"


def _free_energy(value: float, error: float, more: dict[str, Any]) -> FreeEnergy:
    return FreeEnergy(value, error, **more)


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
    progress, random_state, n_jobs, settings
        As of `sample`.

    Returns
    -------
    FreeEnergy

    Examples
    --------
    >>> import quartic
    >>> S = quartic.Action(quartic.lattice("square", 4), w=0, a=1, b=0)  # 16 Gaussians: F = -8 ln pi
    >>> quartic.free_energy(S, random_state=1).ok
    True
    """
    place = "quartic.free_energy()"
    error = positive(place, "error", error)
    start = _action_of(action, place)
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


def fit_rows(
    rows: np.ndarray, place: str, keys: Mapping[str, Any], random_state: RandomState, n_jobs: int | None,
    *, graph: Graph | None = None, watch: Watch | None = None,
) -> Result:  # fmt: skip
    """A run of `fit` on rows in memory, shape (rows, columns); keys as of `make_config`."""
    file = temporary_file()
    data = file.with_name("data.npy")
    np.save(data, np.ascontiguousarray(rows, dtype=np.float32))
    config = make_config(place, {"data.path": data, **keys}, None, random_state, n_jobs)
    if graph is not None:
        config.set_graph(graph)
    watch = watch or Watch(progress=False)
    try:
        finished = _quartic.fit_run(config, str(file), place, watch)
    finally:
        watch.close()
    if not finished:
        warnings.warn("stopped before its end", stacklevel=4)
    return Result.of(file, temporary=True)


# --- config files and run files ---


def run(
    config: PathLike,
    *,
    path: PathLike | None = None,
    callback: Callback | None = None,
    progress: bool | None = None,
    force: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> Result:
    """Runs a config file as the command line would: `fit` where it has data, `learn` where it has a target, else
    `sample`.

    Parameters
    ----------
    config : path
        TOML (docs/config.md).
    path : path, optional
        The run file to write; the config's own output.file, or a temporary one.
    settings : mapping, optional
        Keys that override the config's, by "section.key".
    callback, progress, force
        As of `sample` and `learn`.

    Returns
    -------
    SampleResult, LearnResult, FieldResult, NetworkResult or StackResult
    """
    place = "quartic.run()"
    settings_of = mapping(place, "settings", settings or {}, "settings={'sample.draws': 10}")
    given = _quartic.Config.read(
        str(file_name(place, config)), [f"{key}={_toml(value)}" for key, value in settings_of.items()]
    )
    verbs = {
        "sample": lambda file, w: _quartic.sample_run(given, file, place, {}, w),
        "learn": lambda file, w: _quartic.learn_run(given, file, place, w),
    }
    verb = verbs.get(given.kind, lambda file, w: _quartic.fit_run(given, file, place, w))
    watch = Watch(callback, progress, DRAW_INTERVAL if given.kind == "sample" else 0.0)
    return _go(verb, path or given.output or None, force, watch)


def open_run(path: PathLike) -> Result:
    """The run in a run file, of whatever kind: exported as `quartic.open`.

    Returns
    -------
    SampleResult, LearnResult, FieldResult, NetworkResult, StackResult or ReweightResult

    Raises
    ------
    BadInput
        Where it is no run file.
    """
    return Result.of(file_name("quartic.open()", path))


def resume(
    run: Result | PathLike,
    *,
    epochs: int | None = None,
    draws: int | None = None,
    target: Function | None = None,
    observables: Mapping[str, Function] | None = None,
    callback: Callback | None = None,
    progress: bool | None = None,
    n_jobs: int | None = None,
    path: PathLike | None = None,
    force: bool = False,
) -> Result:
    """Goes on with an interrupted run to the bits of one that never stopped, or extends a finished one.

    Parameters
    ----------
    run : result or path
    epochs, draws : int, optional
        A new limit, counted from the start.
    target, observables : optional
        The functions that the run began with, which no file can hold.
    path : path, optional
        Where it goes on; by default in the run's own file.
    callback, progress, n_jobs, force
        As of `sample` and `learn`.
    """
    place = "quartic.resume()"
    known = run if isinstance(run, Result) else Result.of(file_name(place, run))
    limit, other = (draws, epochs) if isinstance(known, SampleResult) else (epochs, draws)
    if other is not None:
        unit = "draws" if isinstance(known, SampleResult) else "epochs"
        raise BadInput(f"{place}: a {known.kind} run counts in {unit}", f"{unit}=...")
    if limit is not None:
        limit = whole(place, "draws" if isinstance(known, SampleResult) else "epochs", limit, 1)
    if target is not None and not isinstance(known, LearnResult):
        raise BadInput(f"{place}: a {known.kind} run has no target", "target=f belongs to a learn run")
    to = known.path
    if path is not None:
        _quartic.require_writable(str(file_name(place, path)), force)
        to = Path(path)
    watch = Watch(callback, progress, DRAW_INTERVAL if isinstance(known, SampleResult) else 0.0)
    functions = _functions(observables, place)
    try:
        _quartic.resume_run(
            str(known.path), str(to), limit, None if n_jobs is None else threads_of(n_jobs), functions, target, watch
        )
    finally:
        watch.close()
    result = Result.of(to)
    if to == known.path:
        result._kept = known  # a temporary file goes with its last user
    return result


# --- a sampler in hand ---


class Sampler:
    """Chains of an action to draw fields from, with no measurement and no file.

    Parameters
    ----------
    action : Action
    chains : int
        A multiple of 16.
    warm_up : int
        Sweeps before the first draw, in which the moves are tuned.
    precision, progress, random_state, n_jobs, settings
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
        action = _action_of(action, place)
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
        """`count` draws (endlessly many: None), each an array of its own of shape (chains, *extent), written once by
        C++."""
        sweeps = whole("Sampler.draws()", "sweeps", sweeps, 1)
        count = None if count is None else whole("Sampler.draws()", "count", count, 0)
        done = 0
        while count is None or done < count:
            self._chains.sweep(sweeps)
            yield self._chains.fields()
            done += 1

    def sweep(self, count: int = 1) -> None:
        self._chains.sweep(whole("Sampler.sweep()", "count", count, 1))

    @property
    def phi(self) -> np.ndarray:
        """The fields now, a copy."""
        return self._chains.fields()

    def __repr__(self) -> str:
        return f"<quartic.Sampler of {self.action!r}: {self._chains.schedule()}>"


def to_pymbar(runs: Sequence[Result]) -> tuple[np.ndarray, np.ndarray]:
    """u_kn and N_k of runs for ``pymbar.MBAR(u_kn, N_k)``: the action of every run on the stored fields of all, whose
    draws are correlated (`thin` them)."""
    for run in runs if isinstance(runs, Sequence) else [runs]:
        if not isinstance(run, SampleResult):
            raise BadType(f"quartic.to_pymbar(): {type(run).__name__} is no sampled run", "to_pymbar([run1, run2])")
    fields = [run.phi.reshape(-1, run.action.graph.sites) for run in runs]  # type: ignore[attr-defined]
    pooled = np.concatenate(fields).astype(np.float64)
    return np.array([run.action(pooled) for run in runs]), np.array([len(f) for f in fields])  # type: ignore[attr-defined]


def _moved(*_: Any) -> Any:
    raise BadInput("quartic.run.read is now quartic.open", "quartic.run runs a config file")


run.read = _moved  # type: ignore[attr-defined]
