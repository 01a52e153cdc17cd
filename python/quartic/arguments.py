"""What an argument may be, in one sentence each."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import _quartic
from .errors import BadInput, BadType
from .ranges import Range, range_of

PathLike = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def whole(place: str, name: str, value: Any, least: int, key: str = "sample.draws") -> int:
    """An integer of at least so much, at most what that key of the config may be."""
    most = range_of(key).high
    value = scalar(value)
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise BadType(f"{place}: {name} must be an integer, not {value!r}", f"{name}={max(least, 1)}, say")
    if not least <= value <= most:
        raise BadInput(
            f"{place}: {name} must be an integer from {least} to {most}, not {value}", f"{name}={max(least, 1)}, say"
        )
    return int(value)


def number(place: str, name: str, value: Any, allowed: Range) -> float:
    try:
        found = float(scalar(value))
    except (TypeError, ValueError):
        raise BadType(f"{place}: {name} must be a number, not {value!r}", f"{name}=0.01, say") from None
    if not allowed.holds(found):
        raise BadInput(f"{place}: {name} must be {allowed}, not {value}", f"{name}=0.01, say")
    return found


def in_range(place: str, name: str, value: Any, key: str) -> float:
    """A number that a key of the config may be."""
    return number(place, name, value, range_of(key))


def at_most(place: str, name: str, values: Any, most: int) -> None:
    """Asked before they are made an array: a range is as long as it says, and takes no memory."""
    try:
        count = len(values)
    except TypeError:
        return  # a number, say
    except OverflowError:
        count = sys.maxsize
    if count > most:
        raise BadInput(f"{place}: {name} may have at most {most} values, not {count}", "fewer of them")


def scalar(value: Any) -> Any:
    """That of an array without dimensions."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def is_path(value: Any) -> bool:
    return isinstance(value, str | bytes | os.PathLike)


def file_name(place: str, value: Any) -> Path:
    """A path is bytes, which Python has as text with surrogates for those that are none of its encoding."""
    if not is_path(value):
        raise BadType(f"{place}: {type(value).__name__} is no path", "'run.h5', say")
    try:
        name = os.fsencode(value)
    except UnicodeEncodeError:
        encoding = sys.getfilesystemencoding()
        raise BadInput(f"{place}: {value!r} is no path in {encoding}, the encoding of names here") from None
    if not name:
        raise BadInput(f"{place}: the path is empty", "'run.h5', say")
    if b"\0" in name:
        raise BadInput(f"{place}: the path {value!r} has a NUL, as no name has", "'run.h5', say")
    return Path(os.fsdecode(name))


def path_text(path: PathLike) -> str:
    """As it can be shown: control characters and bytes of no character are \\xNN."""
    return _quartic.path_text(os.fsencode(path))


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


def require_name(name: Any, known: Iterable[str]) -> None:
    if not isinstance(name, str):
        raise BadType(f"an observable's name is a str, not a {type(name).__name__}", f"one of {', '.join(known)}")


def require_unmasked(*values: Any) -> None:
    """An array of numpy made of masked ones would forget the mask."""
    for value in values:
        if isinstance(value, np.ma.MaskedArray) and (masked := int(np.ma.count_masked(value))):
            raise BadInput(f"{masked} of {value.size} values are masked", "fill them, or leave their rows out")
