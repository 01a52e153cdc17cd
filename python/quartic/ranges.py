"""Ranges of numbers, from the one table of the config's keys."""

import json
from functools import cache
from typing import Any, NamedTuple

from . import _quartic


class Range(NamedTuple):
    """From low to high; without low itself where it is excluded."""

    low: float
    high: float
    low_excluded: bool
    integer: bool

    def holds(self, value: float) -> bool:
        return (self.low < value if self.low_excluded else self.low <= value) and value <= self.high

    def __str__(self) -> str:
        return f"> {self.low:g} and at most {self.high:g}" if self.low_excluded else f"from {self.low} to {self.high}"


@cache
def range_of(name: str) -> Range:
    """That of a key "section.key", of its numbers where it takes words too."""
    section, key = name.split(".")
    for what in _alternatives(_schema()[section]["properties"][key]):
        if what.get("type") not in ("integer", "number"):
            continue
        integer, excluded = what["type"] == "integer", "exclusiveMinimum" in what
        low, high = what["exclusiveMinimum" if excluded else "minimum"], what["maximum"]
        return Range(int(low) if integer else low, int(high) if integer else high, excluded, integer)
    raise KeyError(f"{name} takes no number")


@cache
def _schema() -> dict[str, Any]:
    return json.loads(_quartic.config_schema())["properties"]


def _alternatives(what: dict[str, Any]) -> list[dict[str, Any]]:
    return what.get("anyOf", [what])
