#!/usr/bin/env python3
"""Writes traps.json: every trap with exact averages and the number of their digits.

    python exact_values.py            # what traps.json lacks, or has of other couplings
    python exact_values.py WORD ...   # anew, those whose names hold a word

Two quadratures of different nodes and elimination orders must agree; Gaussian fields are exact by determinants. Needs
numpy and scipy; none of quartic's code.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import reweighting
from catalogue import all_traps
from reweighting import Point
from trap import Trap

LEAST_DIGITS = 5


def key_of(one: Trap | Point) -> str:
    return one.family + one.name


def number(value: Any) -> Any:
    return [number(v) for v in value] if isinstance(value, list) else float(f"{value:.13g}")


def known_rows(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    old = json.loads(path.read_text())
    return {row["family"] + row["name"]: row for row in old["traps"] + old["reweighting"]}


def completed(
    row: dict[str, Any], old: dict[str, dict[str, Any]], again: list[str], compute: Callable[[], Any]
) -> dict[str, Any]:
    """With the exact values of an earlier row of the same couplings, or with new ones."""
    before = old.get(row["family"] + row["name"], {})
    same = all(before.get(key) == row.get(key) for key in ("graph", "couplings", "to", "imaginary"))
    if same and not any(word in row["name"] for word in again):
        return row | {"digits": before["digits"], "exact": before["exact"]}
    print(f"{row['family']:14} {row['name']:42}", end="", flush=True)
    start = time.time()
    values, count = compute()
    print(f"{count:3} digits {time.time() - start:6.1f} s", flush=True)
    if count < LEAST_DIGITS:
        raise SystemExit(f"{row['name']}: two computations agree in {count} digits only")
    return row | {"digits": count, "exact": {name: number(value) for name, value in values.items()}}


def write(path: Path, traps: list[dict[str, Any]], points: list[dict[str, Any]]) -> None:
    with path.open("w") as file:
        for key, rows, end in (('{\n "traps"', traps, "],"), (' "reweighting"', points, "]\n}")):
            file.write(f"{key}: [\n  " + ",\n  ".join(json.dumps(row) for row in rows) + f"\n {end}\n")


def main() -> None:
    path = Path(__file__).with_name("traps.json")
    old, again = known_rows(path), sys.argv[1:]
    traps, points = all_traps(), reweighting.all_points()
    known = dict(old)
    # Those of closed form first; what is known is written as it comes.
    for one in sorted([*traps, *points], key=lambda one: bool(one.field.w.any() and one.field.b.any())):
        row = completed(one.described(), old, again, one.exact)
        known[row["family"] + row["name"]] = row
        write(path, *([known[key] for key in map(key_of, some) if key in known] for some in (traps, points)))
    print(len(traps), "traps,", len(points), "points of reweighting")


if __name__ == "__main__":
    main()
