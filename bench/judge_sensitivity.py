"""How small an error `quartic.judge` sees, beside the best that any test can: Fisher's.

Usage: OMP_NUM_THREADS=1 python bench/judge_sensitivity.py [rows] [seeds]

Independent configurations of a wrong action are judged against the right one, 8 x 8 at w = 1, a = 1.52425, b = .175. The
best possible z against a change d of the couplings is that of the score, |d| sqrt(N Var f_d), with f_d = dS/dd and the
variance under the right action (Neyman and Pearson, to first order in d). What judge reaches is its largest |z|, and the
z that its p-value of all tests together stands for. Last lines: exact fields, of which one in 1000 may be called wrong.
"""

import sys
from collections.abc import Callable

import numpy as np
from scipy.special import ndtri_exp

import quartic

L, A, B = 8, 1.52425, 0.175
EDGE = 37  # any
GRAPH = quartic.lattice("square", L)
RIGHT = quartic.Action(GRAPH, w=1, a=A, b=B)


def draws(action: quartic.Action, rows: int, seed: int) -> np.ndarray:
    """Independent rows: of each chain one."""
    chains = 1024
    sampler = quartic.Sampler(action, chains, random_state=seed, warm_up=200)
    return np.concatenate(list(sampler.draws(-(-rows // chains), sweeps=40)))[:rows]  # tau is about 1


def without_mode(phi: np.ndarray) -> np.ndarray:
    waves = np.fft.fft2(phi)
    waves[:, 1, 2] = waves[:, -1, -2] = 0
    return np.fft.ifft2(waves).real


def single_edge() -> quartic.Action:
    w = np.ones(len(GRAPH.edges))
    w[EDGE] *= 1.15
    return quartic.Action(GRAPH, w=w, a=A, b=B)


def features(phi: np.ndarray) -> dict[str, np.ndarray]:
    flat = phi.reshape(len(phi), -1)
    i, j = np.asarray(GRAPH.edges).T
    products = flat[:, i] * flat[:, j]
    return {
        "w": -products.sum(1), "a": (flat**2).sum(1), "b": (flat**4).sum(1), "edge": -products[:, EDGE],
        "mode": np.abs(np.fft.fft2(phi)[:, 1, 2]) ** 2 / L**2,
    }  # fmt: skip


def main(rows: int, seeds: int) -> None:
    null = features(draws(RIGHT, 20000, 99))
    root = np.sqrt(rows)
    cases: list[tuple[str, Callable[[int], np.ndarray], float]] = [
        ("all w 1 % stronger", lambda s: draws(quartic.Action(GRAPH, w=1.01, a=A, b=B), rows, s),
         0.01 * root * null["w"].std()),
        ("all a 1 % stronger", lambda s: draws(quartic.Action(GRAPH, w=1, a=1.01 * A, b=B), rows, s),
         0.01 * A * root * null["a"].std()),
        ("all b 3 % stronger", lambda s: draws(quartic.Action(GRAPH, w=1, a=A, b=1.03 * B), rows, s),
         0.03 * B * root * null["b"].std()),
        ("one w 15 % stronger", lambda s: draws(single_edge(), rows, s), 0.15 * root * null["edge"].std()),
        ("one dead mode", lambda s: without_mode(draws(RIGHT, rows, s)),
         root * null["mode"].mean() / null["mode"].std()),
        ("only m > 0", lambda s: (lambda p: p * np.sign(p.mean((1, 2)))[:, None, None])(draws(RIGHT, rows, s)), root),
        ("m > 0 in 52 %", lambda s: positive(draws(RIGHT, rows, s), 0.52, s), 0.04 * root),
    ]  # fmt: skip
    print(f"{rows} rows        {'best z':>8} {'judge z':>8} {'ratio':>6} {'z of all':>8}  verdict   first finding")
    for name, make, best in cases:
        for seed in range(1, seeds + 1):
            found = quartic.judge(RIGHT, make(seed), random_state=seed)
            most = max(abs(f["worst"][0]["z"]) for f in found.families)
            overall = -ndtri_exp(np.log(max(found.p_value, 1e-300) / 2))
            print(f"{name:<20} {best:8.1f} {most:8.1f} {most / best:6.2f} {overall:8.1f}  {found.verdict:<9} "
                  f"{found.findings[0] if found.findings else ''}", flush=True)  # fmt: skip
    for seed in range(1, seeds + 1):
        found = quartic.judge(RIGHT, draws(RIGHT, rows, 1000 + seed), random_state=seed)
        print(f"{'exact':<20} {'':8} {'':8} {'':6} {'':8}  {found.verdict:<9} p = {found.p_value:.3f}", flush=True)


def positive(phi: np.ndarray, share: float, seed: int) -> np.ndarray:
    signs = np.where(np.random.default_rng(seed).random(len(phi)) < share, 1, -1)
    return phi * (np.sign(phi.mean((1, 2))) * signs)[:, None, None]


if __name__ == "__main__":
    given = [int(x) for x in sys.argv[1:]]
    main(*given, *(10000, 1)[len(given) :])
