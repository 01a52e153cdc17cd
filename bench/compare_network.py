"""Milliseconds an update of a 784 x 500 network on batches of 500, float32: quartic beside PyTorch and scikit-learn.

    python compare_network.py [--bench QUARTIC_BENCH] [--repetitions N] [--budget SECONDS] [--json FILE]

One process and one thread each, quartic also with two. Each program makes whole updates: positive phase, k steps of
Gibbs sampling of 500 persistent chains, gradient, new couplings. They take turns, round after round, so that whatever
else the machine does meets all alike; a row gives the median of the rounds and the middle half of them. What cannot be
imported is left out, with a line that says so. quartic comes from its Python package, or from the Google Benchmark
program `quartic_bench` (--bench), which makes the same updates.

* lean torch: the fewest operations we know: in place, without autograd, momentum 0.5 as quartic has. Its quartic units
  take the Metropolis step and the table of means that quartic's take, as whole-array operations.
* plain torch: a class as tutorials have it, with autograd of the free energies and torch.optim.SGD.
"""

# ruff: noqa: E402

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

VISIBLE, HIDDEN, BATCH = 784, 500, 500
PAIRS = (("binary",) * 2, ("gaussian", "binary"), ("quartic", "binary"), ("quartic",) * 2)
RATE, MOMENTUM = 1e-4, 0.5  # the same few rows again and again: at large rates the weights overflow

Update = Callable[[], None]


def pixels(visible: str) -> np.ndarray:
    """Bits of odds that rise from column to column, or the same with noise."""
    rng = np.random.default_rng(3)
    rows = (rng.random((BATCH, VISIBLE)) < 0.1 + 0.8 * np.arange(VISIBLE) / VISIBLE).astype(np.float32)
    return rows if visible == "binary" else rows + rng.normal(0, 0.3, rows.shape).astype(np.float32)


# --- quartic ---


def with_quartic(steps: int) -> Iterator[tuple[str, str, Update]]:
    import quartic

    for visible, hidden in PAIRS:
        rows = pixels(visible)
        start = quartic.Network.from_data(rows, HIDDEN, visible=visible, hidden=hidden, random_state=1)
        for threads in (1, 2):
            trainer = quartic.NetworkLearner(
                rows, start, steps=steps, batch=BATCH, rate=RATE, momentum=MOMENTUM, threads=threads, random_state=1
            )
            name = "quartic" if threads == 1 else "quartic, 2 threads"
            yield f"{visible}-{hidden}", name, lambda trainer=trainer, rows=rows: trainer.update(rows)


def with_program(program: Path, repetitions: int) -> dict[tuple[str, int, str], list[float]]:
    """Times of quartic_bench, by model, k and name."""
    command = [program, "--benchmark_filter=update/", "--benchmark_format=json",
               f"--benchmark_repetitions={repetitions}", "--benchmark_enable_random_interleaving=true"]  # fmt: skip
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    times: dict[tuple[str, int, str], list[float]] = {}
    for entry in report["benchmarks"]:
        if entry["run_type"] == "iteration":
            _, model, steps, threads, *_ = entry["name"].split("/")
            name = "quartic" if threads == "1" else "quartic, 2 threads"
            times.setdefault((model.replace("_", "-"), int(steps), name), []).append(entry["real_time"])
    return times


# --- PyTorch ---


class TorchQuartic:
    """Units of exp(-b x^4 - a x^2 + j x), a, b > 0 and the same for all."""

    def __init__(self, torch, a: float, b: float, units: int) -> None:
        self.a, self.b, self.torch = a, b, torch
        x = torch.linspace(-6, 6, 2001, dtype=torch.float64)
        weight = torch.exp(-b * x**4 - a * x**2)
        self.spread = float(4 / torch.sqrt((weight * x**2).sum() / weight.sum()))
        self.nodes = 1024
        u = torch.arange(self.nodes - 64, dtype=torch.float64)[:, None] / self.nodes
        field = self.spread * u / (1 - u)
        shifted = torch.exp(torch.log(weight) + field * x - (torch.log(weight) + field * x).amax(1, keepdim=True))
        mean = (shifted * x).sum(1, keepdim=True) / shifted.sum(1, keepdim=True)
        self.table = (mean / (field + self.spread)).float().flatten()
        self.noise, self.coin = torch.empty(BATCH, units), torch.empty(BATCH, units)

    def step(self, j, x) -> None:
        """x by one independence Metropolis step of the field j: x' from N(j / P, 1 / P), P = 2 a + 4 b c."""
        a, b = self.a, self.b
        mode = j.square().mul_(4 * b).pow_(1 / 3).add_(2 * a).reciprocal_().mul_(j)
        square = mode.square_()
        centre = square.mul(12 * b).add_(2 * a).reciprocal_().mul_(1.2).add_(square)
        precision = centre.mul(4 * b).add_(2 * a)
        width = precision.rsqrt_()
        proposal = self.noise.normal_().mul_(width).add_(width.square_().mul_(j))
        old, new = x.square(), proposal.square()
        ratio = (old - new).mul_(old.add_(new).sub_(centre, alpha=2)).mul_(b).exp_()
        self.torch.where(self.coin.uniform_() < ratio, proposal, x, out=x)

    def mean_(self, j):
        """<x>(j) in the place of j."""
        reach = j.abs().add_(self.spread)
        position = j.abs().div_(reach).mul_(self.nodes).clamp_(max=len(self.table) - 2)
        node = position.long()
        left = self.table[node]
        value = left.lerp_(self.table[node + 1], position.frac_()).mul_(reach)
        return self.torch.copysign(value, j, out=j)


def lean_torch(torch, visible: str, hidden: str, steps: int) -> Update:
    """PCD-k without a needless allocation; Gaussian units of variance 1."""
    quartic_v = TorchQuartic(torch, 0.1, 0.1, VISIBLE) if visible == "quartic" else None
    quartic_h = TorchQuartic(torch, 0.1, 0.1, HIDDEN) if hidden == "quartic" else None
    v_data = torch.from_numpy(pixels(visible))
    w = 0.01 * torch.randn(VISIBLE, HIDDEN)
    bias_v, bias_h = torch.zeros(VISIBLE), torch.zeros(HIDDEN)
    speed_w, speed_v, speed_h = torch.zeros_like(w), torch.zeros_like(bias_v), torch.zeros_like(bias_h)
    v, mean, field = torch.zeros(BATCH, VISIBLE), torch.empty(BATCH, HIDDEN), torch.empty(BATCH, VISIBLE)
    h = torch.bernoulli(torch.full((BATCH, HIDDEN), 0.5))
    noise_v, noise_h = torch.empty_like(v), torch.empty_like(h)

    def update() -> None:
        for _ in range(steps):
            torch.addmm(bias_v, h, w.t(), out=field)
            if quartic_v:
                quartic_v.step(field, v)
            elif visible == "binary":
                torch.lt(noise_v.uniform_(), field.sigmoid_(), out=v)
            else:
                torch.add(field, noise_v.normal_(), out=v)
            torch.addmm(bias_h, v, w, out=mean)
            if quartic_h:
                quartic_h.step(mean, h)
            else:
                torch.lt(noise_h.uniform_(), mean.sigmoid_(), out=h)
        if quartic_h:
            quartic_h.mean_(mean)
        rate = RATE / BATCH
        speed_w.addmm_(v.t(), mean, beta=MOMENTUM, alpha=-rate)
        speed_v.mul_(MOMENTUM).sub_(v.sum(0), alpha=rate).add_(v_data.sum(0), alpha=rate)
        speed_h.mul_(MOMENTUM).sub_(mean.sum(0), alpha=rate)
        torch.addmm(bias_h, v_data, w, out=mean)
        quartic_h.mean_(mean) if quartic_h else mean.sigmoid_()
        speed_w.addmm_(v_data.t(), mean, alpha=rate)
        speed_h.add_(mean.sum(0), alpha=rate)
        w.add_(speed_w)
        bias_v.add_(speed_v)
        bias_h.add_(speed_h)

    return update


def plain_torch(torch, visible: str, steps: int) -> Update:
    """A module as one finds it in tutorials."""
    functional = torch.nn.functional

    class Machine(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.W = torch.nn.Parameter(0.01 * torch.randn(HIDDEN, VISIBLE))
            self.v_bias = torch.nn.Parameter(torch.zeros(VISIBLE))
            self.h_bias = torch.nn.Parameter(torch.zeros(HIDDEN))

        def sample_h(self, v):
            return torch.bernoulli(torch.sigmoid(functional.linear(v, self.W, self.h_bias)))

        def sample_v(self, h):
            field = functional.linear(h, self.W.t(), self.v_bias)
            return torch.bernoulli(torch.sigmoid(field)) if visible == "binary" else field + torch.randn_like(field)

        def free_energy(self, v):
            own = v.mv(self.v_bias) if visible == "binary" else -0.5 * ((v - self.v_bias) ** 2).sum(1)
            return -own - functional.softplus(functional.linear(v, self.W, self.h_bias)).sum(1)

        def forward(self, h):
            for _ in range(steps):
                v = self.sample_v(h)
                h = self.sample_h(v)
            return v.detach(), h.detach()

    machine, v_data = Machine(), torch.from_numpy(pixels(visible))
    optimiser = torch.optim.SGD(machine.parameters(), lr=RATE, momentum=MOMENTUM)
    chains = torch.bernoulli(torch.full((BATCH, HIDDEN), 0.5))

    def update() -> None:
        nonlocal chains
        v_model, chains = machine(chains)
        loss = machine.free_energy(v_data).mean() - machine.free_energy(v_model).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return update


def with_torch(steps: int) -> Iterator[tuple[str, str, Update]]:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(1)
    for visible, hidden in PAIRS:
        yield f"{visible}-{hidden}", "lean torch", lean_torch(torch, visible, hidden, steps)
        if visible != "quartic":
            yield f"{visible}-{hidden}", "plain torch", plain_torch(torch, visible, steps)


# --- scikit-learn ---


def with_sklearn(steps: int) -> Iterator[tuple[str, str, Update]]:
    from sklearn.neural_network import BernoulliRBM

    if steps != 1:
        return
    for kind in (np.float32, np.float64):
        rows = pixels("binary").astype(kind)
        machine = BernoulliRBM(HIDDEN, learning_rate=RATE, batch_size=BATCH, random_state=1)
        yield "binary-binary", f"scikit-learn {kind.__name__}", lambda m=machine, rows=rows: m.partial_fit(rows)


# --- taking turns ---


def contestants(steps: int, sources: list) -> list[tuple[tuple[str, int, str], Update]]:
    found = []
    for source in sources:
        try:
            found += [((model, steps, name), update) for model, name, update in source(steps)]
        except ImportError as error:
            if steps == 1:
                print(f"left out: {source.__name__[5:]} ({error})")
    return found


def take_turns(all_updates: list, repetitions: int, seconds: float) -> dict[tuple[str, int, str], list[float]]:
    """Milliseconds an update; every turn of a contestant lasts about `seconds`."""
    counts = []
    for _, update in all_updates:
        update()
        begin = time.perf_counter()
        update()
        counts.append(max(1, round(seconds / (time.perf_counter() - begin))))
    times: dict[tuple[str, int, str], list[float]] = {key: [] for key, _ in all_updates}
    for _ in range(repetitions):
        for (key, update), count in zip(all_updates, counts, strict=True):
            begin = time.perf_counter()
            for _ in range(count):
                update()
            times[key].append(1e3 * (time.perf_counter() - begin) / count)
    return times


def table(times: dict[tuple[str, int, str], list[float]]) -> list[str]:
    lines = [f"{'model':<17} {'k':>3}  {'program':<22} {'ms/update':>10}  {'middle half':>17}  {'/ quartic':>9}"]
    models = list(dict.fromkeys(model for model, _, _ in times))
    for model, steps, name in sorted(times, key=lambda key: (key[1], models.index(key[0]))):
        series = sorted(times[model, steps, name])
        median = statistics.median(series)
        low, high = np.quantile(series, [0.25, 0.75])
        own = times.get((model, steps, "quartic"))
        ratio = f"{median / statistics.median(own):9.2f}" if own else f"{'':9}"
        lines.append(f"{model:<17} {steps:>3}  {name:<22} {median:10.2f}  {low:8.2f}-{high:<8.2f}  {ratio}")
    return lines


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def versions() -> str:
    words = [f"Python {platform.python_version()}", f"numpy {np.__version__}"]
    found = [name for name in ("quartic", "torch", "sklearn") if name in sys.modules]
    words += [f"{name} {sys.modules[name].__version__}" for name in found]
    return ", ".join(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", type=Path, help="quartic_bench, where the Python package is not to be had")
    parser.add_argument("--repetitions", type=int, default=9, metavar="N", help="turns each (default 9)")
    parser.add_argument("--budget", type=float, default=0.5, metavar="SECONDS", help="a turn (default 0.5)")
    parser.add_argument("--json", type=Path, help="all times as well")
    options = parser.parse_args()

    sources = [with_torch, with_sklearn] if options.bench else [with_quartic, with_torch, with_sklearn]
    times: dict[tuple[str, int, str], list[float]] = {}
    if options.bench:
        times |= with_program(options.bench, options.repetitions)
    for steps in (1, 10):
        times |= take_turns(contestants(steps, sources), options.repetitions, options.budget)
    print(f"{VISIBLE} x {HIDDEN}, batch {BATCH}, one core ({processor()}); {versions()}")
    print(f"medians of {options.repetitions} turns\n" + "\n".join(table(times)))
    if options.json:
        rows = [{"model": m, "k": k, "program": name, "ms": series} for (m, k, name), series in times.items()]
        options.json.write_text(json.dumps({"versions": versions(), "times": rows}, indent=1))


if __name__ == "__main__":
    main()
