"""Chains at any rate: every set of compare_densities.py, unit pair and rate either learns or says why not.

    python bench/rates.py [--rows 300] [--iterations 20] [--rates 1e-4,1e-2,1,10]

Of the first rows of every set. Learned: ln p of these rows is not below that of independent columns (a machine without
couplings) by more than chance. Said: a warning, or an error with one sentence. Anything else is printed, and the exit
code is 1.
"""

import argparse
import sys
import warnings

import numpy as np
from compare_densities import data_sets

import quartic
from quartic import RestrictedBoltzmannMachine

VISIBLE, HIDDEN = ("quartic", "gaussian", "binary", "spin"), ("quartic", "gaussian", "binary", "spin")


def rows_of(x: np.ndarray, visible: str, rows: int) -> np.ndarray:
    """Two-valued columns are those above their median."""
    x = x[np.random.default_rng(3).permutation(len(x))[:rows]]
    if visible in ("quartic", "gaussian"):
        return x
    return np.where(x > np.median(x, 0), 1.0, 0.0 if visible == "binary" else -1.0)


def learned(x: np.ndarray, visible: str, hidden: str, rate: float, iterations: int) -> tuple[float, list[str]]:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            machine = RestrictedBoltzmannMachine(
                4, visible=visible, hidden=hidden, learning_rate=rate, n_iter=iterations, random_state=0
            )
            score = machine.fit(x).score(x)
        except quartic.Error as error:
            return np.nan, [str(error)]
    return score, [str(one.message) for one in said]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--rates", default="1e-4,1e-2,1,10")
    options = parser.parse_args()
    counts, wrong = {"learned": 0, "said": 0}, 0
    for name, data in data_sets().items():
        for visible in VISIBLE:
            x = rows_of(data, visible, options.rows)
            alone, _ = learned(x, visible, "binary", 1e-9, 1)
            for hidden in HIDDEN:
                for rate in (float(text) for text in options.rates.split(",")):
                    score, said = learned(x, visible, hidden, rate, options.iterations)
                    good = score > alone - 0.02 * x.shape[1] - 0.1
                    counts["learned" if good else "said"] += good or bool(said)
                    if not good and not said:
                        wrong += 1
                        print(f"{name} {visible}-{hidden} at {rate:g}: ln p {score:.4g}, columns alone {alone:.4g}")
        print(f"{name}: {counts}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
