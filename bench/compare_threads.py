"""What a second thread gives: wall seconds of two threads over one, and whether the bits are the same.

    python bench/compare_threads.py [--rounds N] [--only WORD,...] [--passive]

Both take turns in one process, round after round; of each the fastest counts, since all that a busy machine does is make
a run slower. `work` is the CPU time of two threads over that of one: what waiting in a loop, and memory that both want,
cost. With --passive, waiting threads sleep (OMP_WAIT_POLICY), and `by CPU` is the gain that the busiest thread's CPU time
would allow on free cores.
"""

# ruff: noqa: E402

import os
import sys

if "--passive" in sys.argv:
    os.environ["OMP_WAIT_POLICY"] = "passive"  # before OpenMP is loaded

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import quartic

Work = Callable[[int], np.ndarray]  # with so many threads; what it gives back must not depend on them

TERMS = {"nn": -1, "nnn": -0.25, "phi2": 1.52425, "phi4": 0.175}


def networks() -> Iterator[tuple[str, Work]]:
    """One update of a 784 x 500 network, batch 500."""
    rng = np.random.default_rng(3)
    bits = (rng.random((500, 784)) < 0.1 + 0.8 * np.arange(784) / 784).astype(np.float32)
    for steps in (1, 10):
        for visible, hidden in (("binary",) * 2, ("gaussian", "binary"), ("quartic", "binary"), ("quartic",) * 2):
            rows = bits if visible == "binary" else bits + rng.normal(0, 0.3, bits.shape).astype(np.float32)
            start = quartic.Network.from_data(rows, 500, visible=visible, hidden=hidden, random_state=1)
            learners = [
                quartic.NetworkLearner(
                    rows, start, steps=steps, batch=500, rate=1e-4, momentum=0.5, threads=threads, random_state=1
                )
                for threads in (1, 2)
            ]

            def update(threads: int, learners=learners, rows=rows) -> np.ndarray:
                learners[threads - 1].update(rows)
                return np.empty(0)

            def weights(threads: int, learners=learners) -> np.ndarray:
                return learners[threads - 1].network.w

            yield f"network {visible}-{hidden} PCD-{steps}", update
            if not np.array_equal(weights(1), weights(2)):
                sys.exit(f"{visible}-{hidden}: the weights depend on the number of threads")


def learned(certificate: bool) -> Work:
    graph = quartic.lattice("square", 16)

    def learn(threads: int) -> np.ndarray:
        run = quartic.learn(
            TERMS, graph, freedom=dict.fromkeys("wab", "free"), epochs=6, chains=512, certificate=certificate,
            random_state=1, n_jobs=threads, progress=False, settings={"learn.stop_early": False},
        )  # fmt: skip
        return np.concatenate([run.action.w, run.action.a, run.action.b])

    return learn


def fields() -> Iterator[tuple[str, Work]]:
    quiet = {"random_state": 1, "progress": False}
    yield "learn 16 x 16 free, 6 epochs", learned(False)
    yield "the same with a certificate", learned(True)
    large = quartic.Action(quartic.lattice("square", 64), w=1.0, a=1.52425, b=0.175)
    sample = {"chains": 128, "draws": 20, "warm_up": 20, "settings": {"output.draws": 1}, **quiet}
    yield "sample 64 x 64", lambda threads: quartic.sample(large, n_jobs=threads, **sample).phi
    small = quartic.Action(quartic.lattice("square", 16), w=1.0, a=1.52425, b=0.175)
    run = quartic.sample(small, chains=256, draws=64, thin=1, **quiet)
    scan = {"scan": {"nnn": np.linspace(0, -0.02, 41)}, "observables": ["m2"], "progress": False}

    def reweight(threads: int) -> np.ndarray:
        return np.array([m2.value for m2 in quartic.reweight(run, {**TERMS, "nnn": 0}, n_jobs=threads, **scan)["m2"]])

    yield "reweight, scan of 41 points", reweight
    yield "judge", lambda threads: np.array([quartic.judge(small, run.phi, n_jobs=threads, **quiet).p_value])
    yield "free energy", lambda threads: np.array([quartic.free_energy(small, error=0.05, n_jobs=threads, **quiet).value])


def thread_times() -> dict[str, float]:
    """CPU seconds of every thread."""
    tasks = Path("/proc/self/task").iterdir()
    return {task.name: 1e-9 * int((task / "schedstat").read_text().split()[0]) for task in tasks}


def run(work: Work, threads: int) -> tuple[float, float, float, np.ndarray]:
    """Wall, CPU and the busiest thread's CPU seconds."""
    before, cpu, begun = thread_times(), time.process_time(), time.perf_counter()
    got = work(threads)
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    busiest = max(after - before.get(name, 0.0) for name, after in thread_times().items())
    return wall, cpu, busiest, np.asarray(got)


def compare(name: str, work: Work, rounds: int, passive: bool) -> None:
    for threads in (1, 2):
        work(threads)
    times: dict[int, list[tuple[float, float, float, np.ndarray]]] = {1: [], 2: []}
    for _ in range(rounds):
        for threads in times:
            times[threads].append(run(work, threads))
    wall = {threads: min(row[0] for row in rows) for threads, rows in times.items()}
    cpu, busiest = ({n: sum(row[k] for row in rows) for n, rows in times.items()} for k in (1, 2))
    if not all(np.array_equal(a[3], b[3]) for a, b in zip(times[1], times[2], strict=True)):
        sys.exit(f"{name}: the result depends on the number of threads")
    print(f"{name:34} {wall[1]:>9.4f} {wall[2]:>9.4f} {wall[2] / wall[1]:>6.3f} {wall[1] / wall[2]:>5.2f} "
          f"{cpu[2] / cpu[1]:>5.2f}{f'{cpu[1] / busiest[2]:>7.2f}' if passive else ''}", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="of fields; networks, which are short, take eight times more")
    parser.add_argument("--only", default="", help="rows whose name holds one of these, by commas")
    parser.add_argument("--passive", action="store_true", help="threads that wait sleep")
    options = parser.parse_args()
    print(f"{'seconds':34} {'1 thread':>9} {'2':>9} {'2 / 1':>6} {'gain':>5} {'work':>5}"
          f"{' by CPU' if options.passive else ''}")  # fmt: skip
    for rows, times in ((networks, 8), (fields, 1)):
        for name, work in rows():
            if any(word in name for word in options.only.split(",")):
                compare(name, work, times * options.rounds, options.passive)


if __name__ == "__main__":
    main()
