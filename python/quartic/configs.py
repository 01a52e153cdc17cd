"""From arguments to a config, and from a config to a run file."""

import json
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import _quartic
from ._quartic import Action, Graph
from .arguments import PathLike, file_name, function, mapping, observable_name
from .errors import BadInput, BadType
from .progress import Watch
from .ranks import is_root, on_root
from .runs import Result, threads_of
from .seeds import RandomState, seed_of
from .temporary import remove, temporary_file

Fields = np.ndarray
Function = Callable[[Fields], Any]
Terms = Mapping[Any, Any] | Sequence[Any] | Function | Action
DRAW_INTERVAL = 0.2  # seconds between two draws that a watch hears of


# --- configs ---


def to_toml(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, bytes | os.PathLike):
        return _quoted(_quartic.path_text(os.fsencode(value)))
    if isinstance(value, str):
        return _quoted(value if value.isascii() else _utf8(value))
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {to_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return to_toml(value[()])
    if isinstance(value, Sequence | np.ndarray):
        return "[" + ", ".join(to_toml(inner) for inner in value) + "]"
    return _quoted(_utf8(str(value)))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _utf8(text: str) -> str:
    """Bytes of a name that are none of its encoding, surrogates to Python, as a config has them."""
    try:
        name = text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise BadInput(f"{text!r} is no text: it has surrogates of no byte") from None
    return _quartic.path_text(name) if any("\udc80" <= c <= "\udcff" for c in text) else text


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
            sections.setdefault(section, []).append(f"{key} = {to_toml(value)}")
    text = "\n".join(f"[{section}]\n" + "\n".join(lines) for section, lines in sections.items())
    return _quartic.Config(text, place, [])


def graph_of(graph: Any, place: str) -> Graph:
    if isinstance(graph, Graph):
        return graph
    if hasattr(graph, "nodes") and hasattr(graph, "edges"):
        return Graph.from_networkx(graph)
    raise BadType(f"{place}: {type(graph).__name__} is no graph", "quartic.lattice('square', 8), quartic.Graph(...)")


def action_of(action: Any, place: str) -> Action:
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
    if not isinstance(target, Mapping | Sequence) or isinstance(target, str | bytes):
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


def functions_of(observables: Any, place: str) -> dict[str, Function]:
    if observables is None:
        return {}
    if callable(observables):
        observables = {getattr(observables, "__name__", "function"): observables}
    if not isinstance(observables, Mapping) or not all(isinstance(name, str) for name in observables):
        raise BadType(f"{place}: observables must be a dict of functions by name", "observables={'mine': f}")
    return {observable_name(place, name): value for name, value in observables.items()}


def names_and_functions(observables: Any, place: str) -> tuple[list[str], dict[str, Function]]:
    """Of a mapping of functions, or of names and functions, which keep their own names as far as these differ."""
    if isinstance(observables, Mapping):
        return [], functions_of(observables, place)
    if isinstance(observables, str) or callable(observables):
        observables = [observables]
    if not isinstance(observables, Sequence):
        raise BadType(f"{place}: observables must be names and functions", "observables=['m2', f]")
    functions: dict[str, Function] = {}
    for o in observables:
        if isinstance(o, str):
            continue
        name = getattr(function(place, "an observable", o), "__name__", "function")
        free = (name if k == 0 else f"{name}_{k}" for k in range(len(functions) + 1))
        functions[next(candidate for candidate in free if candidate not in functions)] = o
    return [o for o in observables if isinstance(o, str)], functions


# --- running ---


def _place_for(path: PathLike | None, force: bool) -> tuple[Path, bool]:
    """Where the run file goes, and whether it is temporary."""
    if path is None:
        return temporary_file(), True
    file = file_name("path", path)
    _quartic.require_writable(file, force)
    return file, False


def into_file(run: Callable[[Path, Watch], Any], path: PathLike | None, force: bool, watch: Watch) -> Result:
    """Runs into a file, and says where an interrupted one goes on."""
    file, temporary = on_root(watch.comm, lambda: _place_for(path, force))
    process = os.getpid()  # a callback may fork
    try:
        finished = run(file, watch)
    except BaseException:
        if (
            is_root(watch.comm) and temporary and not file.exists()
        ):  # else it holds the last good state, which the message names
            remove(file.parent, process)
        raise
    finally:
        watch.close()
    if not is_root(watch.comm):
        return None  # type: ignore[return-value]
    result = Result.of(file, temporary=temporary)
    if finished is False:
        warnings.warn("stopped before its end; quartic.resume(result) goes on", stacklevel=3)
    return result
