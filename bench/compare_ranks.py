"""Two ranks of MPI beside one, one thread each: how many times as fast a step is.

    python bench/compare_ranks.py [--ranks 2] [--rounds 3] [--only sample,learn,network]

Ranks and one alone take turns; of each the fastest step counts, from the times at which --json tells of draws, epochs
and passes, so that neither start nor end does. Free cores, one a rank, are needed: the ratio says so where there are
none, by being one or less.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SAMPLE = """[graph]
lattice = "square"
extent = [64, 64]
[action]
w.start = 1.0
a.start = 1.52425
b.start = 0.175
[sampler]
chains = 256
[sample]
warm_up = 20
draws = 400
[output]
draws = 1
"""
LEARN = """[graph]
lattice = "square"
extent = [16, 16]
[action]
w = { start = [0.2, 0.6], freedom = "free" }
a = { start = [1.0, 2.0], freedom = "free" }
b = { start = [0.1, 0.4], freedom = "free" }
[sampler]
chains = 512
[learn]
epochs = 6
draws = 8
stop_early = false
[certificate]
enabled = false
""" + "".join(
    f'[[target]]\nterm = "{term}"\ncoupling = {coupling}\n'
    for term, coupling in (("nn", -1), ("nnn", -0.25), ("phi2", 1.52425), ("phi4", 0.175))
)
NETWORK = """[model]
kind = "network"
hidden = "binary"
hidden_units = 500
[data]
path = "x.npy"
scaling = "none"
[training]
epochs = 5
batch = 500
chains = 512
rate = 0.001
[evaluation]
rows = 2
steps = 2
sweeps = 0
chains = 32
"""
CASES = {"sample": ("sample", SAMPLE, "draw"), "learn": ("learn", LEARN, "epoch"), "network": ("fit", NETWORK, "epoch")}


def fastest_step(command: list[str], unit: str, folder: Path) -> float:
    """Seconds of the fastest tenth of all steps between two tellings of the program."""
    process = subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout and process.stderr
    found: list[tuple[float, float]] = []
    for line in process.stdout:
        if line.startswith("{") and json.loads(line)["event"] == unit:
            found.append((time.perf_counter(), float(json.loads(line)[unit])))
    if process.wait() != 0:
        sys.exit(process.stderr.read())
    times, steps = np.array(found).T
    return float(np.min(np.diff(times) / np.diff(steps)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(CASES))
    options = parser.parse_args()
    program = shutil.which("quartic") or sys.exit("quartic is not on PATH")
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    for name in options.only.split(","):
        verb, config, unit = CASES[name]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "run.toml").write_text(config)
            if name == "network":
                np.save(folder / "x.npy", np.random.default_rng(1).normal(size=(20000, 784)).astype("f4"))
            alone = [program, verb, "run.toml", "-o", "run.h5", "--force", "--json", "--threads", "1"]
            shared = ["mpirun", "-n", str(options.ranks), *alone]
            took: dict[str, list[float]] = {"alone": [], "shared": []}
            for _ in range(options.rounds):
                took["alone"].append(fastest_step(alone, unit, folder))
                took["shared"].append(fastest_step(shared, unit, folder))
        one, many = (min(took[which]) for which in ("alone", "shared"))
        print(
            f"{name:8} {1e3 * one:9.3f} ms a {unit} alone, {1e3 * many:9.3f} ms on {options.ranks} ranks: "
            f"{one / many:.2f} times as fast",
            flush=True,
        )


if __name__ == "__main__":
    main()
