#!/usr/bin/env python3
"""Random runs of odd sizes on one process and on several ranks: are the bits the same?

Usage: tests/mpi/odd_sizes.py [COUNT] [SEED]     20 runs by default; exit 1 where one failed or has other bits

Lattices whose sites, data whose rows and networks whose units no block of chains, no rank and no vector divides.
"""

import random
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("cli", "python")]
from program import quartic, same_bits  # noqa: E402
from test_ranks import LEARN, SAMPLE, on_ranks, settings, written  # noqa: E402


def lattice(chance: random.Random) -> list[str]:
    dimensions = chance.choice([1, 2, 2, 2, 3])
    extent = [chance.randint(2, (40, 9, 4)[dimensions - 1]) for _ in range(dimensions)]
    kind = chance.choice([["chain"], ["square", "square", "king"], ["cubic"]][dimensions - 1])
    return [f"graph.extent={extent}", f"graph.lattice={kind}", f"graph.boundary={chance.choice(['periodic', 'open'])}"]


def sample(chance: random.Random):
    chains = chance.choice([64 * chance.randint(3, 9), 16 * chance.randint(3, 30)])
    more = chance.choice(
        [
            [], ["sampler.rungs=3"], ["sampler.hmc_steps=3"], ["sampler.precision=float64"],
            ["action.r.start=0.02", "action.a.start=-1.5"], ["sampler.cluster=swendsen-wang"], ["sample.thin=3"],
        ]
    )  # fmt: skip
    draws = chance.randint(1, 60)
    return "sample", SAMPLE, [*lattice(chance), f"sampler.chains={chains}", f"sample.draws={draws}", *more], {}


def learn(chance: random.Random):
    free = chance.choice([[], ["action.a.freedom=free", "action.w.freedom=free"]])
    more = chance.choice([[], ["learn.solver=dense"], ["learn.solver=matrix_free"], ["learn.optimiser=adam"]])
    chains = 16 * chance.randint(16, 40)
    few = ["learn.epochs=3", f"learn.draws={chance.randint(2, 7)}", "certificate.chains=256", "certificate.draws=2"]
    return "learn", LEARN, [*lattice(chance), *free, *more, *few, f"sampler.chains={chains}"], {}


def rows_of(chance: random.Random, least: int, columns: int) -> np.ndarray:
    numbers = np.random.default_rng(chance.randint(0, 10**6))
    count = least + chance.randint(0, 300)
    return np.tanh(numbers.normal(size=(count, 3)) @ numbers.normal(size=(3, columns))) + 0.3 * numbers.normal(
        size=(count, columns)
    )


FIELD = """[model]
kind = "field"
[graph]
lattice = "square"
[data]
path = "x.npy"
[sampler]
chains = 256
[fit]
epochs = 3
[evaluation]
draws = 3
chains = 256
"""
NETWORK = """[model]
kind = "network"
[data]
path = "x.npy"
[training]
epochs = 2
[evaluation]
rows = 5
steps = 3
sweeps = 0
chains = 32
"""


def fit_field(chance: random.Random):
    height, width = chance.randint(2, 5), chance.randint(2, 5)
    more = chance.choice(
        [
            [], ["fit.start=pseudo_likelihood"], ["fit.start=score_matching"], ["fit.optimiser=adam", "fit.batch=100"],
            ["data.held_out=0.3"], ["model.hidden_units=3", "fit.epochs=2", "evaluation.enabled=false"],
        ]
    )  # fmt: skip
    chains = 64 * chance.randint(4, 7)
    options = [f"graph.extent=[{height}, {width}]", f"sampler.chains={chains}", *more]
    return "fit", FIELD, options, {"x": rows_of(chance, 200, height * width)}


def fit_network(chance: random.Random):
    columns = chance.randint(3, 300)
    stack = chance.random() < 0.3
    units = chance.randint(25, 90)  # fewer are summed out, in minutes
    visible, hidden = chance.choice(
        [("quartic", "binary"), ("quartic", "spin"), ("gaussian", "binary"), ("quartic", "quartic")]
    )
    more = chance.choice([[], ["training.optimiser=adam"], ["training.start=data"], ["training.steps=2"]])
    options = [
        f"model.kind={'stack' if stack else 'network'}",
        f"model.hidden_units={[units, 5] if stack else units}",
        f"model.visible={visible}",
        f"model.hidden={hidden}",
        f"training.chains={chance.randint(257, 700)}",
        f"training.batch={chance.randint(30, 200)}",
        f"training.rate={0.001}",
        "data.scaling=standardise",
        *more,
    ]
    return "fit", NETWORK, options, {"x": rows_of(chance, 200, columns)}


def main() -> None:
    count, seed = (int(word) for word in (sys.argv[1:] + ["20", "1"][len(sys.argv) - 1 :])[:2])
    chance, failed, refused = random.Random(seed), 0, 0
    for number in range(count):
        verb, config, options, files = chance.choice([sample, sample, learn, fit_field, fit_network])(chance)
        ranks, threads = chance.choice([2, 3, 4]), chance.choice([1, 2])
        with tempfile.TemporaryDirectory() as folder:
            here = written(Path(folder) / "run", config, **files)
            words = (verb, "run.toml", *settings(f"run.seed={number}", *options), "--quiet")
            alone = quartic(*words, "-o", "alone.h5", "--threads", 1, cwd=here)
            shared = on_ranks(ranks, *words, "-o", "shared.h5", "--threads", threads, cwd=here)
            said = f"{number}: {verb} {' '.join(options)} on {ranks} x {threads}"
            try:
                assert shared.returncode == alone.returncode or "block" in shared.stderr, shared.stderr[-800:]
                if alone.returncode == shared.returncode == 0:
                    same_bits(here / "alone.h5", here / "shared.h5")
                else:
                    refused += 1
                    said += f" -- exit {alone.returncode} and {shared.returncode}: {shared.stderr.strip()[:200]}"
            except AssertionError as error:
                failed += 1
                said += f" -- WRONG: {error}"
            print(said, flush=True)
    print(f"{count} runs, {refused} refused, {failed} wrong")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
