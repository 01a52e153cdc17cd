"""The same action by quartic.sample and by NumPyro's NUTS, one core each: effective samples of m^2 a second.

Usage: taskset -c 0 python bench/compare_samplers.py [L ...]     (pip install numpyro 'jax[cpu]')

The homogeneous theory near its transition, w = 1, a = 1.52425, b = .175 on L x L sites. Both effective sample sizes are
of m^2: quartic's own, and NumPyro's effective_sample_size. Seconds are those of the draws, warm-up and compilation left
out on both sides. The means must agree within five of their joint errors, or the row says so.
"""

import argparse
import os
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import numpy as np
import numpyro
from jax import numpy as jnp
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
from numpyro.infer import MCMC, NUTS

import quartic

A, B = 1.52425, 0.175


def by_quartic(extent: int) -> tuple[quartic.Observable, float]:
    """m^2, and the seconds of its draws after the warm-up."""
    action = quartic.Action(quartic.lattice("square", extent), w=1, a=A, b=B)
    draws = 4000 if extent < 32 else 1000
    run = quartic.sample(action, chains=256, draws=draws, random_state=1, n_jobs=1, progress=False)
    return run["m2"], run.provenance["measuring_seconds"]


def energy(phi: jax.Array) -> jax.Array:
    pairs = sum((phi * jnp.roll(phi, 1, axis)).sum() for axis in (0, 1))
    return -pairs + (A * phi**2 + B * phi**4).sum()


def by_nuts(extent: int, draws: int) -> tuple[float, float, float, float, float]:
    """Mean, error, ESS and R-hat of m^2, and the seconds of sampling with everything compiled."""
    kernel = NUTS(potential_fn=lambda site: energy(site["phi"]))
    mcmc = MCMC(
        kernel, num_warmup=draws // 2, num_samples=draws, num_chains=4, chain_method="vectorized", progress_bar=False
    )
    start = {"phi": jax.random.normal(jax.random.PRNGKey(0), (4, extent, extent))}
    mcmc.warmup(jax.random.PRNGKey(1), init_params=start)
    begun = time.perf_counter()
    mcmc.run(jax.random.PRNGKey(2))
    phi = np.asarray(mcmc.get_samples(group_by_chain=True)["phi"])
    seconds = time.perf_counter() - begun
    m2 = phi.mean((2, 3)) ** 2
    ess = float(effective_sample_size(m2))
    return float(m2.mean()), float(m2.std() / np.sqrt(ess)), ess, float(split_gelman_rubin(m2)), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extents", type=int, nargs="*", default=[8, 16, 64])
    parser.add_argument("--draws", type=int, default=1000, help="of NUTS, a chain")
    options = parser.parse_args()
    print(
        f"quartic {quartic.__version__} ({quartic.simd_target()}), numpyro {numpyro.__version__}, jax {jax.__version__}"
    )
    print("| L | quartic m2 | ESS/s | NUTS m2 | ESS/s | R-hat | ratio | |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for extent in options.extents:
        own, seconds = by_quartic(extent)
        mean, error, ess, r_hat, nuts_seconds = by_nuts(extent, options.draws)
        rate, nuts_rate = own.ess / seconds, ess / nuts_seconds
        apart = abs(own.value - mean) / np.hypot(own.error, error)
        verdict = "agree" if apart < 5 else f"**{apart:.0f} errors apart**"
        other = quartic.Estimate(mean, error)
        print(
            f"| {extent} | {own} | {rate:.3g} | {other} | {nuts_rate:.3g} | {r_hat:.2f} | {rate / nuts_rate:.0f} "
            f"| {verdict} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
