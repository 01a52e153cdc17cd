#!/usr/bin/env python3
"""Runs all traps over seeds through the program and writes what they say.

    python survey.py OUT.json [--seeds 20] [--only WORD] [--figure pulls.png] [--table table.md]
    python survey.py OUT.json --read [--figure ...]      # what an earlier run wrote

z = (value - exact) / error of every number that says ok. Right: within 4 errors; a number that is right and not ok was
refused, which ordinary ones must not be.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

CATALOGUE = Path(__file__).with_name("traps.json")
SAME = {"action_density", "susceptibility"}  # as action, m2: no pull of their own
Row = dict[str, Any]


class Program:
    """`quartic` as a user runs it: a config in, a run file and JSON out."""

    def __init__(self, program: str, folder: Path):
        self.program, self.folder = program, folder

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, cwd=self.folder)
        if done.returncode not in (0, 5):
            raise Refused(done.stderr.strip().splitlines()[0] if done.stderr else f"exit code {done.returncode}")
        return done.stdout

    def config(self, row: Row) -> str:
        """Writes the row as a config, with its target if it has one."""
        run = {"chains": 256, "draws": 400, **row["run"]}
        graph = dict(row["graph"])
        if "pairs" in graph:
            graph["edges"] = graph.pop("pairs")
        lines = ["[graph]", *(f"{key} = {json.dumps(value)}" for key, value in graph.items()), "[action]"]
        for kind, value in {
            "w": 0.0,
            "r": 0.0,
            **row["couplings"],
            **({"b": 0.0} if "b" not in row["couplings"] else {}),
        }.items():
            lines.append(
                f"{kind} = {{ values = {json.dumps(value)} }}" if isinstance(value, list) else f"{kind} = {value!r}"
            )
        lines += ["[sampler]", f"chains = {run['chains']}", "[sample]", f"draws = {run['draws']}"]
        if "to" in row:
            for term, sign, kind in (("edges", -1.0, "w"), ("phi", 1.0, "r"), ("phi2", 1.0, "a"), ("phi4", 1.0, "b")):
                value = row["to"].get(kind, 0.0)
                weights = (
                    f"coupling = {sign}\nweights = {value}"
                    if isinstance(value, list)
                    else f"coupling = {sign * value!r}"
                )
                lines += ["[[target]]", f'term = "{term}"', weights]
            for term, g in row["imaginary"].items():
                lines += ["[[target]]", f'term = "{term}"', f"coupling = [0.0, {g!r}]"]
        (self.folder / "trap.toml").write_text("\n".join(lines) + "\n")
        return "trap.toml"

    def sample(self, row: Row, seed: int) -> str:
        self("sample", self.config(row), "-o", "trap.h5", "--force", "--quiet", "--threads", "1", "--seed", str(seed))
        return "trap.h5"


class Refused(Exception):
    """What the program would not do."""


def pull(value: float, error: float, exact: float, digits: int = 10) -> float:
    # The exact value, too, is rounded: what symmetry makes 0 without error is 1e-16.
    error = math.hypot(error, max(abs(exact), 1e-3) * 10.0**-digits)
    return (value - exact) / error if error > 0 else (0.0 if value == exact else math.inf)


def entry(name: str, z: float, ok: bool, reason: str) -> Row:
    z = round(z, 4) if math.isfinite(z) else (1e9 if not math.isnan(z) else None)
    return {"observable": name, "z": z, "ok": bool(ok), **({} if ok else {"reason": reason})}


def number(value: float | None) -> float:
    return math.nan if value is None else value


def sampled(program: Program, row: Row, seed: int) -> Iterator[Row]:
    shown = json.loads(program("show", program.sample(row, seed), "--json"))
    exact = row["exact"]
    for name, o in shown["observables"].items():
        if name in SAME:
            continue
        value, error = number(o["value"]), number(o["error"])
        if name == "correlation_length" and exact.get("xi2", 1) < 1e-9:
            # Undefined, or 0, which a root of noise is not.
            if not math.isnan(value) or o["ok"]:
                z = pull(value, error, 0.0) if exact["xi2"] > -1e-9 else math.inf
                yield entry(name, z, o["ok"], o["reason"])
        elif name in exact:
            yield entry(name, pull(value, error, exact[name], row["digits"]), o["ok"], o["reason"])


def free_energy(program: Program, row: Row, seed: int) -> Iterator[Row]:
    shown = program("free-energy", program.config(row), "--json", "--threads", "1", "--seed", str(seed))
    found = json.loads(shown.splitlines()[-1])
    f = found["free_energy"]
    yield entry(
        "F",
        pull(number(f["value"]), number(f["error"]), row["exact"]["F"], row["digits"]),
        found["ok"],
        found["reason"],
    )


def reweighted(program: Program, row: Row, seed: int) -> Iterator[Row]:
    names = list(row["exact"])
    files = [program.sample(row, seed)] * row["copies"]
    options = ["--anneal"] if row["anneal"] else []
    try:
        program(
            "reweight",
            *files,
            "-o",
            "to.h5",
            "--force",
            "--quiet",
            "--threads",
            "1",
            "--observables",
            ",".join(names),
            *options,
        )
    except Refused as refusal:
        yield from ({"observable": name, "z": None, "ok": False, "reason": str(refusal)} for name in names)
        return
    point = json.loads(program("show", "to.h5", "--json"))["points"][0]
    for name in names:
        o, exact = point["observables"][name], row["exact"][name]
        parts = {"": exact} if not isinstance(exact, list) else {"Re ": exact[0], "Im ": exact[1]}
        for part, value in parts.items():
            number_of = o if "value" in o else o["imag" if part == "Im " else "real"]
            z = pull(number(number_of["value"]), number(number_of["error"]), value)
            yield entry(part + name, z, point["ok"], point["reason"])


def tasks(only: str | None) -> Iterator[tuple[Row, Any, str]]:
    catalogue = json.loads(CATALOGUE.read_text())
    for row in catalogue["traps"]:
        yield row, sampled, row["family"]
    for row in catalogue["traps"]:
        if row["free_energy"]:
            yield row, free_energy, "free energy"
    for row in catalogue["reweighting"]:
        yield row, reweighted, "reweighting"


def survey(program: Program, out: Path, seeds: int, first: int, only: str | None) -> list[Row]:
    found: list[Row] = []
    for row, what, family in tasks(only):
        if only and only not in row["name"] and only != family:
            continue
        start = time.time()
        pulls = []
        for seed in range(first, first + seeds):
            try:
                pulls += [{"seed": seed, **one} for one in what(program, row, seed)]
            except Refused as error:
                pulls.append({"seed": seed, "observable": "all", "z": None, "ok": False, "reason": str(error)})
        found.append(
            {
                "name": row["name"],
                "family": family,
                "why": row["why"],
                "ordinary": row["ordinary"],
                "seconds": round(time.time() - start, 2),
                "pulls": pulls,
            }
        )
        print(line(found[-1]), flush=True)
        out.write_text("[" + ",\n".join(json.dumps(f) for f in found) + "]\n")
    return found


def summary(trap: Row) -> Row:
    pulls = trap["pulls"]
    ok = [p for p in pulls if p["ok"]]
    right = [p for p in pulls if p["z"] is not None and abs(p["z"]) <= 4]
    z = np.array([1e9 if p["z"] is None else p["z"] for p in ok])
    worst = max(ok, key=lambda p: abs(p["z"] if p["z"] is not None else 1e9), default=None)
    reasons = [p["reason"] for p in pulls if not p["ok"]]
    return {
        "count": len(pulls), "ok": len(ok), "ok_share": len(ok) / max(len(pulls), 1),
        "worst": float(max(abs(z))) if worst else None, "worst_observable": worst["observable"] if worst else "",
        "mean_square": float(np.mean(np.minimum(z**2, 1e12))) if len(z) else None, "wrong": int(np.sum(abs(z) > 4)),
        "right": len(right), "refused": sum(not p["ok"] for p in right),
        "reason": max(set(reasons), key=reasons.count) if reasons else "",
    }  # fmt: skip


def line(trap: Row) -> str:
    s = summary(trap)
    square = "" if s["mean_square"] is None else f"{s['mean_square']:9.3g}"
    worst = "" if s["worst"] is None else f"{s['worst']:9.3g}"
    mark = "WRONG" if s["wrong"] else ("refused" if trap["ordinary"] and s["refused"] else "")
    head = f"{trap['family']:13} {trap['name']:42} {s['ok']:5}/{s['count']:<5} worst {worst:>9} "
    return head + f"{s['worst_observable']:25} z^2 {square:>9} refused {s['refused']:4} {trap['seconds']:6.1f} s {mark}"


def distances(traps: list[Row]) -> np.ndarray:
    """z of what says ok; no number at all counts as 10^9."""
    return np.array([1e9 if p["z"] is None else p["z"] for t in traps for p in t["pulls"] if p["ok"]])


def families(found: list[Row]) -> str:
    by: defaultdict[str, list[Row]] = defaultdict(list)
    for trap in found:
        by[trap["family"]].append(trap)
    heads = ("traps", "numbers", "ok", "z^2 of ok", "wrong ok", "traps wrong", "right", "refused")
    lines = [f"{'family':13} " + " ".join(f"{head:>11}" for head in heads)]
    for family, traps in by.items():
        z = distances(traps)
        s = [summary(t) for t in traps]
        square = f"{np.mean(np.minimum(abs(z), 1e6) ** 2):.3g}" if len(z) else "-"
        total = {key: sum(x[key] for x in s) for key in ("count", "ok", "wrong", "right", "refused")}
        wrong = sum(x["wrong"] > 0 for x in s)
        row = (len(traps), total["count"], total["ok"], square, total["wrong"], wrong, total["right"], total["refused"])
        lines.append(f"{family:13} " + " ".join(f"{x:>11}" for x in row))
    everyday = [p for t in found if t["ordinary"] for p in t["pulls"]]
    right = [p["ok"] for p in everyday if p["z"] is not None and abs(p["z"]) <= 4]
    share = 100 * sum(right) / max(len(right), 1)
    lines.append(f"ordinary: {sum(right)} of {len(right)} right ones are ok, {share:.2f} %")
    return "\n".join(lines)


def table(found: list[Row]) -> str:
    """Markdown, one line a trap."""
    lines = ["| trap | why | numbers | ok | z² of ok | worst ok z |", "| --- | --- | --: | --: | --: | --: |"]
    for trap in found:
        s = summary(trap)
        square = "-" if s["mean_square"] is None else f"{s['mean_square']:.2f}"
        worst = "-" if s["worst"] is None else f"{s['worst']:.1f}"
        name = ("F of " if trap["family"] == "free energy" else "") + trap["name"] + ("*" if trap["ordinary"] else "")
        share = 100 * s["ok_share"]
        lines.append(f"| {name} | {trap['why']} | {s['count']} | {share:.0f} % | {square} | {worst} |")
    return "\n".join(lines) + "\n"


def draw(found: list[Row], path: Path) -> None:
    """All pulls of numbers that say ok against the standard normal density; the tails on a logarithmic axis."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    z = np.array([p["z"] for t in found for p in t["pulls"] if p["ok"] and p["z"] is not None])
    x = np.linspace(-6, 6, 601)
    normal = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    bins = np.linspace(-6, 6, 61)
    counts, _ = np.histogram(np.clip(z, -5.99, 5.99), bins)
    width = bins[1] - bins[0]
    density = counts / len(z) / width
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.4), constrained_layout=True)
    for panel in panels:
        panel.stairs(density, bins, fill=True, color="#9db8d2", label=f"{len(z)} pulls, variance {np.mean(z**2):.2f}")
        panel.plot(x, normal, color="#b03a2e", lw=1.5, label="standard normal")
        panel.set_xlabel("(value − exact) / error")
        panel.set_xlim(-6, 6)
    panels[0].set_ylabel("density")
    panels[0].set_ylim(0, 1.25 * max(density.max(), 0.4))
    panels[0].legend(frameon=False, loc="upper left", fontsize=8)
    panels[1].set_yscale("log")
    panels[1].set_ylim(0.3 / len(z) / width, 1)
    panels[1].text(
        0.98,
        0.95,
        f"beyond 4: {np.sum(abs(z) > 4)}, expected {len(z) * 6.33e-5:.1f}",
        transform=panels[1].transAxes,
        ha="right",
        va="top",
        fontsize=8,
    )
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--program", default="quartic")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--only")
    parser.add_argument("--read", action="store_true")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--table", type=Path)
    options = parser.parse_args()
    if options.read:
        found = json.loads(options.out.read_text())
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = survey(
                Program(options.program, Path(folder)), options.out, options.seeds, options.first, options.only
            )
    if options.read:
        print("\n".join(line(trap) for trap in found))
    print(families(found))
    if options.table:
        options.table.write_text(table(found))
    if options.figure:
        draw(found, options.figure)


if __name__ == "__main__":
    sys.exit(main())
