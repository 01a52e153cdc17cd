"""Runs of config files and of rows at hand, run files opened and gone on with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import _quartic
from ._quartic import Graph
from .arguments import PathLike, file_name, mapping, whole
from .configs import DRAW_INTERVAL, Function, functions_of, into_file, make_config, to_toml
from .errors import BadInput
from .progress import Callback, Watch
from .ranks import is_root, on_root
from .runs import LearnResult, Result, threads_of
from .sampled import SampleResult
from .seeds import RandomState
from .temporary import save_rows


def fit_rows(
    rows: np.ndarray, place: str, keys: Mapping[str, Any], random_state: RandomState, n_jobs: int | None,
    *, graph: Graph | None = None, watch: Watch | None = None,
) -> Result:  # fmt: skip
    """A run of `fit` on rows in memory, shape (rows, columns); keys as of `make_config`."""

    def run(file: Path, watch: Watch) -> bool:
        data = file.with_name("data.npy")
        save_rows(data, rows)
        config = make_config(place, {"data.path": data, **keys}, None, random_state, n_jobs)
        if graph is not None:
            config.set_graph(graph)
        return _quartic.fit_run(config, file, place, watch)

    return into_file(run, None, False, watch or Watch(progress=False))


# --- config files and run files ---


def run(
    config: PathLike,
    *,
    path: PathLike | None = None,
    callback: Callback | None = None,
    progress: bool | None = None,
    force: bool = False,
    settings: Mapping[str, Any] | None = None,
    comm: Any = None,
) -> Result:
    """Run a config file as the command line would.

    That is `fit` where it has data, `learn` where it has a target, else `sample`.

    Parameters
    ----------
    config : path
        TOML (docs/config.md).
    path : path, optional
        The run file to write; the config's own output.file, or a temporary one.
    callback, progress, force : optional
        As of `sample` and `learn`.
    settings : mapping, optional
        Keys that override the config's, by "section.key".
    comm : mpi4py.MPI.Comm, optional
        As of `sample`; ranks share fits, too.

    Returns
    -------
    SampleResult, LearnResult, FieldResult, NetworkResult or StackResult
        By what the config asks for.
    """
    place = "quartic.run()"
    settings_of = mapping(place, "settings", settings or {}, "settings={'sample.draws': 10}")
    given = _quartic.Config.read(
        file_name(place, config), [f"{key}={to_toml(value)}" for key, value in settings_of.items()]
    )
    verbs = {
        "sample": lambda file, w: _quartic.sample_run(given, file, place, {}, w),
        "learn": lambda file, w: _quartic.learn_run(given, file, place, w),
    }
    verb = verbs.get(given.kind, lambda file, w: _quartic.fit_run(given, file, place, w))
    watch = Watch(callback, progress, DRAW_INTERVAL if given.kind == "sample" else 0.0, comm)
    return into_file(verb, given.output if path is None else path, force, watch)


def open_run(path: PathLike) -> Result:
    """The run in a run file, of whatever kind.

    Parameters
    ----------
    path : path
        The run file.

    Returns
    -------
    SampleResult, LearnResult, FieldResult, NetworkResult, StackResult or ReweightResult
        By the verb that wrote it.

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
    comm: Any = None,
) -> Result:
    """Go on with an interrupted run to the bits of one that never stopped, or extend a finished one.

    Parameters
    ----------
    run : result or path
        What goes on.
    epochs, draws : int, optional
        A new limit, counted from the start.
    target, observables : optional
        The functions that the run began with, which no file can hold.
    callback, progress, n_jobs : optional
        As of `sample` and `learn`.
    path : path, optional
        Where it goes on; by default in the run's own file.
    force : bool
        Whether to write over a file that exists.
    comm : mpi4py.MPI.Comm, optional
        As of `sample`, of any number of ranks; what rank 0 gives as `run` counts.

    Returns
    -------
    Result
        Of the kind of `run`.
    """
    place = "quartic.resume()"
    file = on_root(comm, lambda: run.path if isinstance(run, Result) else file_name(place, run))
    known = run if isinstance(run, Result) else Result.of(file)
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
        to = file_name(place, path)
        on_root(comm, lambda: _quartic.require_writable(to, force))
    watch = Watch(callback, progress, DRAW_INTERVAL if isinstance(known, SampleResult) else 0.0, comm)
    functions = functions_of(observables, place)
    try:
        _quartic.resume_run(
            known.path, to, limit, None if n_jobs is None else threads_of(n_jobs), functions, target, watch
        )
    finally:
        watch.close()
    if not is_root(comm):
        return None  # type: ignore[return-value]
    result = Result.of(to)
    if to == known.path:
        result._kept = known
    return result


def _moved(*_: Any) -> Any:
    raise BadInput("quartic.run.read is now quartic.open", "quartic.run runs a config file")


run.read = _moved  # type: ignore[attr-defined]
