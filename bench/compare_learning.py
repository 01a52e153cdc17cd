"""Free couplings of known targets on growing lattices: seconds, memory, and how near the target they come.

Usage: python bench/compare_learning.py [--threads 2] [--large]

A_3 is the homogeneous theory near its transition, A_4(g) the same less g times the diagonal pairs. Every row is a run
of its own from a random start to its own end: "converged" means that only noise moved the couplings. The ratio is that
of Var(A - S) a site to the row of 8 x 8 with the same target, which is solved as one dense regression. CPU seconds are
of all threads, so that rows can be compared on a busy machine. --large adds 128 x 128, for the cost of an epoch.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

TERMS = {"nn": -1, "phi2": 1.52425, "phi4": 0.175}
ROWS = [
    (0.0, 16, "tied"), (0.0, 16, "free"),
    (0.25, 8, "free"), (0.25, 16, "free"), (0.25, 32, "free"), (0.25, 64, "free"),
    (1.0, 8, "free"), (1.0, 16, "free"), (1.0, 32, "free"), (1.0, 64, "free"),
]  # fmt: skip


def one(diagonal: float, extent: int, freedom: str, epochs: int, threads: int) -> dict[str, object]:
    """In a process of its own, whose peak memory is that of the run."""
    import quartic

    target = {**TERMS, **({"nnn": -diagonal} if diagonal else {})}
    graph = quartic.lattice("square", extent)
    begun, cpu = time.perf_counter(), time.process_time()
    run = quartic.learn(
        target, graph, freedom=dict.fromkeys("wab", freedom), epochs=epochs, chains=512, certificate=False,
        random_state=1, n_jobs=threads, progress=False,
    )  # fmt: skip
    took = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu}
    history, last = run.history, -1  # which imports xarray
    return {
        **took,
        "epochs": len(history["epoch"]),
        "couplings": len(run.array("history/parameter")),
        "variance": float(history["action_variance"][last]) / extent**2,
        "solver": str(run.array("history/solver")[last]),
        "radius": int(history["radius"][last]),
        "converged": bool(run.converged),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measured(*row: object) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, __file__, "--one", json.dumps(row)], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        print(json.dumps(one(*json.loads(wanted.one))))
        return
    print(f"{'target':>10} {'lattice':>9} {'couplings':>9} {'solver':>8} {'radius':>6} {'epochs':>6} {'seconds':>8} "
          f"{'CPU':>7} {'CPU ms/epoch/site':>17} {'Var(A-S)/V':>10} {'ratio':>6} {'MB':>6}")  # fmt: skip
    small: dict[float, float] = {}
    rows = [(*row, 200) for row in ROWS] + ([(0.25, 128, "free", 6)] if wanted.large else [])
    for diagonal, extent, freedom, epochs in rows:
        got = measured(diagonal, extent, freedom, epochs, wanted.threads)
        small.setdefault(diagonal, got["variance"])
        ratio = got["variance"] / small[diagonal] if diagonal else float("nan")
        name = f"A_4({diagonal:g})" if diagonal else "A_3"
        pace = 1e3 * got["cpu"] / got["epochs"] / extent**2
        print(f"{name:>10} {f'{extent} x {extent}':>9} {got['couplings']:>9} {got['solver']:>8} {got['radius']:>6} "
              f"{got['epochs']:>6} {got['seconds']:>8.1f} {got['cpu']:>7.1f} {pace:>17.3f} "
              f"{got['variance']:>10.3g} {ratio:>6.2f} {got['megabytes']:>6.0f}  "
              f"{'' if got['converged'] else 'not converged'}")  # fmt: skip


if __name__ == "__main__":
    main()
