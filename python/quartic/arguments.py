"""What an argument may be, in one sentence each."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .errors import BadInput, BadType
from .ranges import Range, range_of


def whole(place: str, name: str, value: Any, least: int) -> int:
    """An integer of at least so much, at most what a count of the config may be."""
    most = range_of("sample.draws").high
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise BadType(f"{place}: {name} must be an integer, not {value!r}", f"{name}={max(least, 1)}, say")
    if not least <= value <= most:
        raise BadInput(
            f"{place}: {name} must be an integer from {least} to {most}, not {value}", f"{name}={max(least, 1)}, say"
        )
    return int(value)


def number(place: str, name: str, value: Any, allowed: Range) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise BadType(f"{place}: {name} must be a number, not {value!r}", f"{name}=0.01, say") from None
    if not allowed.holds(found):
        raise BadInput(f"{place}: {name} must be {allowed}, not {value}", f"{name}=0.01, say")
    return found


def file_name(place: str, value: Any) -> Path:
    if not isinstance(value, str | os.PathLike):
        raise BadType(f"{place}: {type(value).__name__} is no path", "'run.h5', say")
    if not os.fspath(value):
        raise BadInput(f"{place}: the path is empty", "'run.h5', say")
    return Path(value)


def mapping(place: str, name: str, value: Any, example: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise BadType(f"{place}: {name} must be a mapping, not {type(value).__name__}", example)
    return value


def function(place: str, name: str, value: Any) -> Callable[..., Any]:
    if not callable(value):
        raise BadType(f"{place}: {name} must be a function, not {type(value).__name__}", f"{name}=f")
    return value  # type: ignore[no-any-return]


def observable_name(place: str, name: Any) -> str:
    if not isinstance(name, str) or not name or not name.isprintable():
        raise BadType(f"{place}: {name!r} is no name of an observable", "observables={'mine': f}")
    return name
