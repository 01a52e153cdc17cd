#!/usr/bin/env python3
"""Writes src/run/self_test_traps.inc: the traps of `quartic selftest --long`, as configs with exact values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CHOSEN = (
    "BAL 2x2", "BAL open 8x2", "massive 8x8 in a field", "star of 6 in a field", "clique of 5",
    "antiferromagnetic open chain",
    "one site, tilted double well", "ring of 3", "2x2x2 cube, Gaussian",
    "64 deep wells, b=100000", "far chain", "far quartic sites", "BAL 2x2, unit 1e-10", "stiffness over ten decades",
    "hub of 20, pinned", "hub of 12, share 0.1", "entropic hub, wide share 0.5", "clique of 7, share 0.1",
    "two hubs, weak bridge",
    "deep ring, tilt 0.01", "Ising ring in a field", "antiferromagnetic ring, staggered tilt", "glass in fields",
    "random fields on a tree", "nearly massless ring", "b = 0 hub", "ring, 16 x 60", "ring, 1024 x 1", "free 8x8",
)  # fmt: skip
FREE_ENERGIES = ("BAL ring of 16", "triangles, weak bridge", "hub of 20, pinned", "clique of 6, tilt 0.02")
OBSERVABLES = (
    "m",
    "abs_m",
    "m2",
    "phi2",
    "phi4",
    "nn",
    "action",
    "susceptibility_connected",
    "binder_cumulant",
    "specific_heat",
)


def toml(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def config(trap: dict[str, Any]) -> str:
    run = {"chains": 256, "draws": 400, **trap["run"]}
    graph = {("edges" if key == "pairs" else key): value for key, value in trap["graph"].items()}
    lines = ["[graph]", *(f"{key} = {toml(value)}" for key, value in graph.items()), "[action]"]
    for kind, value in {"w": 0.0, "r": 0.0, "b": 0.0, **trap["couplings"]}.items():
        lines.append(f"{kind} = {{ values = {toml(value)} }}" if isinstance(value, list) else f"{kind} = {value!r}")
    lines += ["[sampler]", f"chains = {run['chains']}", "[sample]", f"draws = {run['draws']}"]
    return "\n".join(lines)


def row(name: str, trap: dict[str, Any], observables: tuple[str, ...]) -> str:
    known = ", ".join(f'{{"{o}", {trap["exact"][o]!r}}}' for o in observables if o in trap["exact"])
    return f'{{"{name}", {str(trap["ordinary"]).lower()}, R"({config(trap)})",\n {{{known}}}}},\n'


def main() -> None:
    here = Path(__file__).parent
    traps = {trap["name"]: trap for trap in json.loads((here / "traps.json").read_text())["traps"]}
    text = "// Written by tests/statistical/traps/compile_in.py from traps.json.\n// clang-format off\n"
    text += "".join(row(name, traps[name], OBSERVABLES) for name in CHOSEN if name in traps)
    text += "".join(row(f"F of {name}", traps[name], ("F",)) for name in FREE_ENERGIES if name in traps)
    (here.parents[2] / "src/run/self_test_traps.inc").write_text(text + "// clang-format on\n")


if __name__ == "__main__":
    main()
