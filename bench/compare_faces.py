"""What Python costs: quartic.run beside the program at L = 64, and a function as target beside the terms that it is.

Usage: python bench/compare_faces.py [PROGRAM]     (the program `quartic` of PATH by default)
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import quartic

CONFIG = """[graph]
extent = [64, 64]
[sampler]
chains = 64
[sample]
draws = 600
warm_up = 200
[action]
w = 1.0
a = 1.52425
b = 0.175
[run]
threads = 1
[output]
draws = 16
"""


def measuring(path: Path) -> float:
    return quartic.open(path).provenance["measuring_seconds"]


def faces(program: str, turns: int = 5) -> list[float]:
    """Throughput of Python over that of the program, in turns."""
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "run.toml"
        config.write_text(CONFIG)
        for turn in range(turns):
            line, own = Path(folder) / f"line{turn}.h5", Path(folder) / f"python{turn}.h5"
            subprocess.run([program, "sample", config, "-o", line, "--quiet"], check=True)
            quartic.run(config, path=own, progress=False)
            ratios.append(measuring(line) / measuring(own))
    return ratios


def functions(turns: int = 5) -> list[float]:
    """What a function as target costs besides its own time, over that time."""
    spent = 0.0

    def target(phi: np.ndarray) -> np.ndarray:
        nonlocal spent
        start = time.process_time()
        pairs = sum((phi * np.roll(phi, 1, axis)).sum((1, 2)) for axis in (1, 2))
        out = -pairs + (1.52425 * phi**2 + 0.175 * phi**4).sum((1, 2))
        spent += time.process_time() - start
        return out

    def seconds(what: object) -> float:
        start = time.process_time()
        quartic.learn(
            what, quartic.lattice("square", 8), random_state=1, n_jobs=1, epochs=20, certificate=False, progress=False,
            settings={"learn.stop_early": False},
        )  # fmt: skip
        return time.process_time() - start

    costs = []
    for _ in range(turns):
        known, spent = seconds({"nn": -1, "phi2": 1.52425, "phi4": 0.175}), 0.0
        costs.append((seconds(target) - known - spent) / spent)
    return costs


def main() -> None:
    program = sys.argv[1] if len(sys.argv) > 1 else "quartic"
    for what, values in (("throughput of Python / program", faces(program)), ("function: other / own time", functions())):
        print(f"{what}: median {statistics.median(values):.3f}, all {', '.join(f'{v:.3f}' for v in sorted(values))}")


if __name__ == "__main__":
    main()
