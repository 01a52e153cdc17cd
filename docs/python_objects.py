"""What Python's tools cannot see of a nanobind module: signatures. `make_readable` puts plain functions with the same
signature and docstring in place of its functions, for programs that only read them (autodoc, numpydoc)."""

import inspect
import re
from types import FunctionType, ModuleType
from typing import Any

import numpy

import quartic


def _plain(function: Any) -> FunctionType:
    text, docstring, *defaults = function.__nb_signature__[0]
    if defaults:
        text = re.sub(r"\\(\d+)", lambda number: repr(defaults[0][int(number[1])]), text)
    scope: dict[str, Any] = {"numpy": numpy}
    exec(f"from __future__ import annotations\n{text.removesuffix(':')}: ...", scope)
    plain = scope[function.__name__]
    plain.__doc__, plain.__module__, plain.__qualname__ = docstring, "quartic", function.__qualname__
    return plain


def _is_bound(thing: Any) -> bool:
    return type(thing).__module__ == "nanobind" and hasattr(thing, "__nb_signature__")


def _of_class(kind: type) -> None:
    kind.__module__ = "quartic"
    for name, member in list(vars(kind).items()):
        if name == "__init__" and _is_bound(member):
            signature = inspect.signature(_plain(member))
            kind.__signature__ = signature.replace(  # type: ignore[attr-defined]
                parameters=list(signature.parameters.values())[1:], return_annotation=signature.empty
            )
        elif _is_bound(member) and not name.startswith("_"):
            plain = _plain(member)
            static = type(member).__name__ == "nb_func"
            setattr(kind, name, staticmethod(plain) if static else plain)


def make_readable() -> None:
    for name in quartic.__all__:
        thing = getattr(quartic, name)
        if inspect.isclass(thing) and type(thing).__module__ == "nanobind":
            _of_class(thing)
        elif _is_bound(thing):
            setattr(quartic, name, _plain(thing))


def public() -> list[tuple[str, Any]]:
    """Every public name of quartic with what it is, and every public member of a class that quartic defines, once."""
    found: list[tuple[str, Any]] = []
    seen: set[int] = set()
    for name in quartic.__all__:
        thing = getattr(quartic, name)
        if isinstance(thing, ModuleType):
            found += [(f"{name}.{n}", v) for n, v in vars(thing).items() if not n.startswith("_") and _own(v, thing)]
            continue
        found.append((name, thing))
        for member in _members(thing) if inspect.isclass(thing) else []:
            what = getattr(thing, member)
            if id(what) not in seen:  # inherited ones are those of the class above
                found.append((f"{name}.{member}", what))
                seen.add(id(what))
    return found


def _own(thing: Any, module: ModuleType) -> bool:
    return getattr(thing, "__module__", "") == module.__name__


def _members(kind: type) -> list[str]:
    """Of the class and of those above it that are quartic's."""
    ours = [base for base in kind.__mro__ if base.__module__.split(".")[0] == "quartic"]
    names = {name: base for base in reversed(ours) for name in vars(base) if not name.startswith("_")}
    return [name for name, base in names.items() if not unlisted(vars(base)[name])]


def unlisted(thing: Any) -> bool:
    """Fields of a NamedTuple, which its own docstring describes, constants, and what scikit-learn puts into a class."""
    thing = getattr(thing, "__func__", thing)
    kind = type(thing)
    if kind.__name__ == "_tuplegetter" or kind.__module__.startswith("sklearn"):
        return True
    return not (callable(thing) or hasattr(thing, "__get__"))


def skip(app: Any, what: str, name: str, thing: Any, skipped: bool, options: Any) -> bool | None:
    """For autodoc: what scikit-learn and Python themselves define is theirs to describe."""
    where = getattr(getattr(thing, "fget", None) or getattr(thing, "func", None) or thing, "__module__", None) or ""
    tuples = getattr(thing, "__qualname__", "").startswith("tuple.")
    if what == "class" and (tuples or unlisted(thing) or where.split(".")[0] not in ("quartic", "")):
        return True
    return None


def split_attributes(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """For napoleon, which knows "a, b : float" of parameters, but not of attributes."""
    if "Attributes" not in lines:
        return
    begin = lines.index("Attributes") + 2
    end = next((k - 1 for k in range(begin, len(lines)) if lines[k] and set(lines[k]) == {"-"}), len(lines))
    for k in range(end - 1, begin - 1, -1):
        found = re.match(r"(\w+(?:, \w+)+) : (.*)", lines[k])
        if found:
            last = next((n for n in range(k + 1, end) if not lines[n].startswith(" ")), end)
            each = [[f"{own} : {found[2]}", *lines[k + 1 : last]] for own in found[1].split(", ")]
            lines[k:last] = [line for block in each for line in block]
            end += (len(each) - 1) * (last - k)


__all__ = ["make_readable", "public", "skip", "split_attributes"]
