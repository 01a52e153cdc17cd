"""Held-out ln p a row of a phi^4 field on a lattice (`quartic.LatticeField`, default call) beside Gaussians.

    python compare_fields.py [--rows N] [--seeds N] [--json FILE]

Data that used to make couplings walk away: 8 x 8 grey patches of scikit-learn's two sample photographs, raw; rows whose
neighbours are correlated by .99, Gaussian and with a scale of their own each (Student's t of 4 degrees); digits. The
Gaussian has the training rows' mean and shrunk covariance (Ledoit & Wolf), one coupling for every pair of columns,
where the field has those of its graph. Each split is used by all; a field has all of its time in one process.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_digits, load_sample_images

import quartic

Rows = np.ndarray


def patches(count: int, random: np.random.Generator) -> Rows:
    images = [image.astype(float).mean(2) for image in load_sample_images().images]
    out = np.empty((count, 8, 8))
    for k in range(count):
        image = images[k % len(images)]
        top, left = (random.integers(size - 7) for size in image.shape)
        out[k] = image[top : top + 8, left : left + 8]
    return out


def correlated(count: int, random: np.random.Generator, heavy: bool) -> Rows:
    one = 0.99 ** np.abs(np.subtract.outer(range(6), range(6)))
    rows = random.normal(size=(count, 36)) @ np.linalg.cholesky(np.kron(one, one)).T
    if heavy:
        rows *= np.sqrt(2 / random.gamma(2, size=(count, 1)))
    return rows.reshape(-1, 6, 6)


def digits(count: int, random: np.random.Generator) -> Rows:
    """With uniform noise, so that they have a density."""
    images = load_digits().images
    return images[random.permutation(len(images))[:count]] + random.random((min(count, len(images)), 8, 8))


SETS: dict[str, Callable[[int, np.random.Generator], Rows]] = {
    "patches 8x8": patches,
    "rho = .99": lambda n, random: correlated(n, random, heavy=False),
    "rho = .99, heavy tails": lambda n, random: correlated(n, random, heavy=True),
    "digits": digits,
}


def gaussian(train: Rows, test: Rows) -> np.ndarray:
    fitted = LedoitWolf().fit(train)
    away = test - fitted.location_
    log_det = np.linalg.slogdet(fitted.covariance_)[1]
    square = np.einsum("ni,ij,nj->n", away, fitted.precision_, away)
    return -0.5 * (square + log_det + train.shape[1] * np.log(2 * np.pi))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=16000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = []
    print(f"{'':24} {'Gaussian':>10} {'field':>10} {'difference':>12} {'error':>7} {'seconds':>8}  trusted")
    for name, draw in SETS.items():
        for seed in range(options.seeds):
            rows = draw(options.rows, np.random.default_rng(seed)).astype(np.float32)
            half = len(rows) // 2
            start = time.perf_counter()
            field = quartic.LatticeField("king", random_state=seed).fit(rows[:half])
            ours = field.score_samples(rows[half:])
            seconds = time.perf_counter() - start
            theirs = gaussian(rows[:half].reshape(half, -1).astype(float), rows[half:].reshape(len(ours), -1))
            difference, error = float(np.mean(ours - theirs)), float(np.std(ours - theirs) / np.sqrt(len(ours)))
            error = float(np.hypot(error, field.log_z_.error))
            trusted = field.result_.ok
            found.append(
                {
                    "set": name, "seed": seed, "gaussian": float(theirs.mean()), "field": float(ours.mean()),
                    "difference": difference, "error": error, "seconds": seconds, "trusted": trusted,
                }
            )  # fmt: skip
            print(
                f"{name:24} {theirs.mean():10.2f} {ours.mean():10.2f} {difference:12.3f} {error:7.3f} {seconds:8.1f}  "
                f"{'yes' if trusted else 'NO'}{'' if field.converged_ else ', not converged'}",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
