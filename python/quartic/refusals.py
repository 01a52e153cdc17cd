"""Calls that the bindings refuse, in a sentence that names argument, value and what is wanted."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from .arguments import is_path
from .errors import BadInput, BadType

_KINDS: dict[str, tuple[str, Any]] = {  # by annotation
    "int": ("an integer", Integral),
    "float": ("a number", Real),
    "bool": ("True or False", (bool, np.bool_)),
    "str": ("text", str),
    "complex": ("a number", (Real, complex)),
    "dict": ("a dict", dict),
    "list": ("a list", list),
    "tuple": ("a tuple", tuple),
    "bytes": ("bytes", bytes),
}
_WIDEST = 2**31  # integers of the bindings have 32 bits
_LONGEST = 60  # of a value that is shown as it is


class _Parameter(NamedTuple):
    name: str
    wanted: str
    optional: bool
    by_name: bool


def refused(where: str, said: str, given: Sequence[Any], named: dict[str, Any]) -> BadInput:
    """For nanobind's "...: incompatible function arguments", whose first signature says what is wanted."""
    parameters = _parameters(said)
    if parameters and parameters[0].name == "self":
        parameters, given = parameters[1:], given[1:]
    place, hint = f"{where}()", f"{where}({', '.join(p.name for p in parameters)})"
    if len(parameters) == len(given) == 1 and parameters[0].name.startswith("arg"):  # what is assigned to an attribute
        return _unfit(where, parameters[0], given[0]) or BadType(f"{where} cannot be {_shown(given[0])}")
    free = [p for p in parameters if not p.by_name]
    if len(given) > len(free):
        return BadType(f"{place} takes {len(free)} arguments, not {len(given)}", hint)
    values = {p.name: value for p, value in zip(free, given, strict=False)}
    for name, value in named.items():
        if name in values:
            return BadType(f"{place}: '{name}' is given twice", hint)
        if all(name != p.name for p in parameters):
            return BadType(f"{place} has no argument '{name}'", hint)
        values[name] = value
    for p in parameters:
        if p.name not in values and not p.optional:
            return BadType(f"{place} needs '{p.name}'", hint)
    for p in parameters:
        if p.name in values and (found := _unfit(f"{place}: {p.name}", p, values[p.name], hint)):
            return found
    return BadType(f"{place} cannot take {', '.join(_shown(v) for v in values.values())}", hint)


def unmade(where: str, value: Any) -> BadInput:
    kind = type(value).__name__
    return BadType(f"{where}: this {kind} was never made: {kind}.__new__ alone makes none", f"{kind}(...)")


def _unfit(what: str, parameter: _Parameter, value: Any, hint: str = "") -> BadInput | None:
    fits = [_fits(kind, value) for kind in (k.strip() for k in parameter.wanted.split("|"))]
    if any(fit is not False for fit in fits):
        wide = "int" in parameter.wanted.split(" ") and isinstance(value, Integral) and abs(int(value)) >= _WIDEST
        return BadInput(f"{what} cannot be {_shown(value)}: 32 bits do not hold it", hint) if wide else None
    return BadType(f"{what} must be {_words(parameter.wanted)}, not {_shown(value)}", hint)


def _fits(kind: str, value: Any) -> bool | None:
    """None where nobody can say."""
    if kind == "None":
        return value is None
    if kind == "os.PathLike":
        return is_path(value)
    if kind in _KINDS:
        return isinstance(value, _KINDS[kind][1])
    if value is None and kind != "object":
        return False
    name = kind.rpartition(".")[2]
    if "[" not in kind and name[:1].isupper() and name not in ("ArrayLike", "Any"):  # a class
        return any(base.__name__ == name for base in type(value).__mro__)
    return None


def _words(wanted: str) -> str:
    words = []
    for kind in (k.strip() for k in wanted.split("|")):
        name = kind.rpartition(".")[2]
        if kind == "os.PathLike":
            words = ["a path"]
        elif kind in _KINDS or kind == "None":
            words.append("None" if kind == "None" else _KINDS[kind][0])
        elif "rray" in kind:
            words.append("an array")
        else:
            words.append(f"a {name}")
    return " or ".join(words)


def _shown(value: Any) -> str:
    """As in other messages: numbers and short texts as they are, of others the type."""
    if value is None or (isinstance(value, str | Real | complex) and len(repr(value)) <= _LONGEST):
        return repr(value)
    return f"a {type(value).__name__}"


def _parameters(said: str) -> list[_Parameter]:
    """Of "    1. name(self, count: int = 1) -> None"."""
    line = said.partition("\n    1. ")[2].partition("\n")[0]
    inner = line.rpartition(" -> ")[0] or line
    out, by_name = [], False
    for part in _split(inner[inner.find("(") + 1 : inner.rfind(")")]):
        if part in ("*", "/"):
            by_name |= part == "*"
            continue
        declared, _, default = part.partition(" = ")
        name, _, wanted = declared.partition(":")
        if not name.startswith("*"):
            out.append(_Parameter(name.strip(), wanted.strip(), bool(default), by_name))
    return out


def _split(text: str) -> list[str]:
    """At commas outside brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for c in text:
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        depth += not quote and (c in "([{") - (c in ")]}")
        if c == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts if part.strip()]
