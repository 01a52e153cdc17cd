"""Fields on which samplers and estimators usually lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from clique import eliminate
from elimination import Quadrature
from fields import Field, complete, free, joined, lattice, make, star, tree
from scipy.optimize import brentq
from trap import BAL, COARSE, Trap


def balanced(build: Callable[[float], Field], site: int, share: float, low: float, high: float) -> Field:
    """The field whose `site` is positive with this probability; the parameter is rounded, the share is what it is."""

    def positive(parameter: float) -> float:
        e = eliminate(build(parameter), Quadrature(0.9))
        whole = e.log_ratio({}).real
        e.local[site] = np.where(e.nodes[site] > 0, e.local[site], np.inf)
        above = np.exp(e.log_ratio({}).real - whole)
        return above

    def log_odds(parameter: float) -> float:
        above = min(max(positive(parameter), 1e-290), 1 - 1e-15)
        return np.log(above / (1 - above))

    wanted = np.log(share / (1 - share))
    root = brentq(lambda p: log_odds(p) - wanted, low, high, rtol=1e-7)
    return build(float(f"{root:.6g}"))


def rounding() -> list[Trap]:
    traps = []

    def add(name: str, why: str, of: Field, **more: Any) -> None:
        traps.append(Trap(name, "rounding", why, of, **more))

    for b in (1e3, 1e5, 1e6, 1e7):
        add(
            f"64 deep wells, b={b:g}",
            "S is large against its fluctuations",
            free(64, a=-2 * b, b=b),
            free_energy=b == 1e5,
        )
    add("far site, r=-1e6", "float32 cannot resolve a fluctuation about a far field", free(1, a=1.0, r=-1e6))
    add("far site, r=-3e4", "the same, where it begins", free(1, a=1.0, r=-3e4))
    add("far site, r=-300", "a far field that float32 does resolve", free(1, a=1.0, r=-300.0))
    add(
        "far narrow sites",
        "far fields, each with a width of its own",
        free(8, a=10.0 ** np.arange(8) / 100, r=-2e3 * 10.0 ** np.arange(8) / 100),
    )
    add("far quartic sites", "a quartic well far from zero", free(4, a=0.5, b=1.0, r=-4e6))
    add("far chain", "a far field moves as one", lattice("chain", 16, w=1.0, a=1.05, r=-800.0))
    add("opposite far sites", "m is a difference of far fields", free(8, a=2.0, r=[4e4, -4e4] * 4))
    add(
        "opposite far chain",
        "m and nn are differences of far fields",
        lattice("chain", 8, w=-0.5, a=1.0, r=[3e4, -3e4] * 4),
    )
    add(
        "wells of seven depths",
        "one site carries all of S",
        free(7, a=-(10.0 ** np.arange(7)), b=10.0 ** np.arange(7) / 2),
    )
    add("stiffness over ten decades", "couplings of very different size", free(11, a=10.0 ** np.arange(-5, 6)))
    add("star of stiff and soft leaves", "the same, tied", star(8, w=0.5, a=[4.0, *(10.0 ** np.arange(8) / 4)], b=0.1))
    add("deep ring", "all S in wells, signs tied", lattice("chain", 6, w=40.0, a=-2e4, b=1e4))
    add("deep tilted ring", "the same in a field", lattice("chain", 6, w=2.0, r=0.5, a=-2e3, b=1e3))
    for unit in (1e-10, 1e-5, 1e5, 1e10):
        add(
            f"BAL 2x2, unit {unit:g}",
            "phi^4 leaves float32",
            lattice("square", 2, 2, **BAL).scaled(unit),
            free_energy=unit in (1e-5, 1e5),
        )
    add(
        "tilted star, unit 1e-6",
        "small fields in a field",
        star(5, w=0.4, a=[-1.0] + [0.8] * 5, b=0.3, r=0.3).scaled(1e-6),
    )
    add(
        "tilted star, unit 1e6",
        "large fields in a field",
        star(5, w=0.4, a=[-1.0] + [0.8] * 5, b=0.3, r=0.3).scaled(1e6),
    )
    add(
        "one narrow among wide",
        "a site 1e4 times narrower than its neighbours",
        lattice("chain", 5, periodic=False, w=1.0, a=[1.5, 1.5, 5e7, 1.5, 1.5], b=0.1, r=[0, 0, -1e8, 0, 0.2]),
    )
    add(
        "strong bond",
        "two sites move as one",
        make(3, [(0, 1), (1, 2)], w=[2e4, 0.5], a=[1e4 + 0.5, 1e4 + 0.7, 1.0], b=0.2, r=[0.1, 0, 0]),
    )
    return traps


def hub(
    leaves: int, pinned: int = 2, *, r: float = 0.8, a: float = -20.0, leaf_r: float = -1.2, w: float = 0.3
) -> Field:
    core = star(leaves, w=w, a=[a] + [1.0] * leaves, b=[0.1] + [0.5] * leaves, r=[r] + [leaf_r] * leaves)
    return joined(core, free(pinned, a=0.05, b=0.001, r=-3.0)) if pinned else core


def entropic(leaves: int, r: float) -> Field:
    """Hub up: its leaves feel nothing and are wide; hub down: they are pinned in narrow wells."""
    return star(leaves, w=0.2, a=[-10.0] + [-4.0] * leaves, b=[0.2] + [1.0] * leaves, r=[r] + [1.0] * leaves)


def clique(n: int, tilt: float, stiff: float, w: float = 0.6) -> Field:
    """All tilted one way by `tilt`, one stiff site the other way by `stiff`."""
    return complete(n, w=w, a=[0.4] * (n - 1) + [3.0], b=[0.25] * (n - 1) + [0.5], r=[tilt] * (n - 1) + [stiff])


def wells() -> list[Trap]:
    traps = []

    def add(name: str, why: str, of: Field, **more: Any) -> None:
        traps.append(Trap(name, "wells", why, of, **more))

    add("hub of 20, pinned", "uncoupled sites begin in the well of weight 6e-9", hub(20), free_energy=True)
    add("hub of 8", "a smaller hub, the other well of some weight", hub(8, 0))
    add("hub of 14", "between", hub(14, 1))
    for share in (0.5, 0.9, 0.1, 1e-2, 1e-4, 1e-6):
        of = balanced(lambda r: hub(12, 0, r=r), 0, 1 - share, 0.2, 6.0)
        add(
            f"hub of 12, share {share:g}",
            "two wells of given shares behind a barrier of 1000",
            of,
            free_energy=share in (0.5, 0.1),
        )
    for share in (0.5, 0.2, 1e-3):
        of = balanced(lambda r: hub(6, 0, r=r, a=-6.0, w=0.25), 0, 1 - share, -1.0, 5.0)
        add(f"lower hub, share {share:g}", "two wells of given shares behind a barrier of 90", of)
    for share in (0.5, 0.05, 0.95):
        of = balanced(lambda r: entropic(10, r), 0, share, -6.0, 6.0)
        add(
            f"entropic hub, wide share {share:g}",
            "wide and shallow against narrow and deep",
            of,
            free_energy=share == 0.5,
        )
    for share in (0.5, 0.1, 1e-3):
        of = balanced(lambda t: clique(7, 0.05, t), 0, share, -30.0, 30.0)
        add(f"clique of 7, share {share:g}", "one stiff site against the others", of, free_energy=share == 0.1)
    two = balanced(lambda r: hub(6, 0, r=r), 0, 0.6, 0.2, 4.0)
    other = balanced(lambda r: hub(5, 0, r=r, leaf_r=-1.0), 0, 0.3, 0.2, 4.0)
    add("two hubs apart", "four phases, products of two", joined(two, other))
    add("two hubs, weak bridge", "four phases, weakly tied", joined(two, other, [(0, 0, 0.004)]), free_energy=True)
    of = balanced(
        lambda r: tree(
            2, 3, w=[0.5] * 3 + [0.9] * 9, a=[-8.0] + [0.5] * 12, b=[0.2] + [0.3] * 12, r=[r] + [0.0] * 3 + [-0.5] * 9
        ),
        0,
        0.7,
        -20,
        20,
    )
    add("tree, share 0.3", "the tilt sits two edges away from the root", of, free_energy=True)
    glued = joined(
        complete(4, w=0.8, a=-0.5, b=0.4, r=0.05), complete(4, w=0.8, a=-0.5, b=0.4, r=-0.08), [(0, 0, 0.05)]
    )
    add("cliques glued weakly", "blocks that order apart, tilted apart", glued, free_energy=True)
    triangles = joined(complete(3, w=1.0, a=-1.0, b=0.5), complete(3, w=1.0, a=-1.0, b=0.5), [(0, 0, 0.05)])
    add("triangles, weak bridge", "two blocks without a field", triangles, free_energy=True)
    ring = joined(
        complete(3, w=2.0, a=-2.0, b=0.6, r=0.02),
        complete(3, w=2.0, a=-2.0, b=0.6, r=-0.02),
        [(0, 0, -0.1), (1, 1, -0.1)],
    )
    add("triangles against each other", "antiferromagnetic bridges in fields", ring)
    return traps


def symmetric() -> list[Trap]:
    traps = []

    def add(name: str, why: str, of: Field, **more: Any) -> None:
        traps.append(Trap(name, "symmetric", why, of, **more))

    add(
        "deep ring, no field",
        "two blobs that both must be visited",
        lattice("chain", 8, w=3.0, a=-6.0, b=1.5),
        free_energy=True,
    )
    add("deep ring, tilt 0.01", "no flip may help", lattice("chain", 8, w=3.0, a=-6.0, b=1.5, r=0.01), free_energy=True)
    add(
        "deep ring, tilt on one site",
        "shares from one site",
        lattice("chain", 8, w=3.0, a=-6.0, b=1.5, r=[0.3] + [0.0] * 7),
    )
    add(
        "deep 2x3, tilt 0.005",
        "two blobs, a little uneven",
        lattice("square", 2, 3, w=1.5, a=-2.0, b=0.8, r=0.005),
        rules=COARSE,
    )
    add(
        "clique of 6, tilt 0.02",
        "all tied to all",
        complete(6, w=1.0, a=0.0, b=0.4, r=0.02),
        free_energy=True,
        rules=COARSE,
    )
    add(
        "clique of 6, fields cancel",
        "sum of r is 0, shares are even by no symmetry of S",
        complete(6, w=1.0, a=0.0, b=0.4, r=[0.5, -0.5, 1.0, -1.0, 0.3, -0.3]),
        rules=COARSE,
    )
    add("Ising ring", "signs alone", lattice("chain", 7, w=0.8, a=-100.0, b=50.0), free_energy=True)
    add("Ising ring in a field", "signs alone, in a field", lattice("chain", 7, w=0.8, a=-100.0, b=50.0, r=0.1))
    add("Ising star", "a hub of signs", star(9, w=0.9, a=-100.0, b=50.0, r=[0.8] + [-0.1] * 9))
    add(
        "deep open chain",
        "domain walls at rest",
        lattice("chain", 12, periodic=False, w=4.0, a=-4.0, b=1.0),
        free_energy=True,
    )
    add(
        "deep open chain, ends held apart",
        "a wall that must move",
        lattice("chain", 10, periodic=False, w=2.0, a=-2.0, b=0.8, r=[-4.0] + [0.0] * 8 + [4.0]),
    )
    return traps


def frustrated() -> list[Trap]:
    traps = []

    def add(name: str, why: str, of: Field, **more: Any) -> None:
        traps.append(Trap(name, "frustrated", why, of, **more))

    add("antiferromagnetic triangle", "six wells", complete(3, w=-2.0, a=-4.0, b=1.0), free_energy=True)
    add("antiferromagnetic triangle, tilted", "three wells and three", complete(3, w=-2.0, a=-4.0, b=1.0, r=0.1))
    add("antiferromagnetic clique of 4", "six wells that touch", complete(4, w=-1.0, a=-2.0, b=0.8), rules=COARSE)
    add(
        "antiferromagnetic ring, odd",
        "a domain wall that walks",
        lattice("chain", 7, w=-2.0, a=-3.0, b=1.0),
        free_energy=True,
    )
    add(
        "antiferromagnetic ring, even",
        "staggered order, m = 0 in both",
        lattice("chain", 8, w=-2.0, a=-3.0, b=1.0),
        free_energy=True,
    )
    add(
        "antiferromagnetic ring, staggered tilt",
        "staggered order, shares by the field",
        lattice("chain", 8, w=-2.0, a=-3.0, b=1.0, r=[0.02, -0.02] * 4),
    )
    add("antiferromagnetic 2x2", "staggered, with doubled edges", lattice("square", 2, 2, w=-0.8, a=-1.0, b=0.5))
    add("antiferromagnetic ladder", "staggered, open", lattice("square", 6, 2, periodic=False, w=-1.2, a=-1.0, b=0.5))
    signs = [1, -1, 1, 1, -1, -1, 1, 1, -1, 1]
    add(
        "glass on a ladder",
        "bonds of both signs",
        lattice("square", 5, 2, periodic=False, w=[1.5 * s for s in ([*signs, 1, -1, 1])], a=-2.0, b=0.8),
    )
    add(
        "glass in fields",
        "bonds and fields of both signs",
        lattice(
            "square",
            5,
            2,
            periodic=False,
            w=[1.5 * s for s in ([*signs, 1, -1, 1])],
            a=-2.0,
            b=0.8,
            r=[0.2 * s for s in signs],
        ),
        free_energy=True,
    )
    add(
        "frustrated star",
        "leaves that disagree",
        star(10, w=[0.5, -0.5] * 5, a=[-3.0] + [0.7] * 10, b=0.3, r=[0.0] + [0.6] * 10),
    )
    add(
        "triangular strip, antiferromagnetic",
        "frustration everywhere",
        lattice("triangular", 5, 2, periodic=False, w=-0.8, a=-1.0, b=0.6),
        rules=COARSE,
    )
    return traps


def disordered() -> list[Trap]:
    traps = []
    random = np.random.default_rng(17)

    def add(name: str, why: str, of: Field, **more: Any) -> None:
        traps.append(Trap(name, "disordered", why, of, **more))

    def u(low: float, high: float, count: int) -> list[float]:
        return random.uniform(low, high, count).round(3).tolist()

    add(
        "random fields on a deep ring",
        "fields fight order",
        lattice("chain", 12, w=1.5, a=-2.0, b=0.7, r=u(-1.5, 1.5, 12)),
        free_energy=True,
    )
    add(
        "random fields on a tree",
        "the same on a tree",
        tree(3, 2, w=1.2, a=-1.5, b=0.6, r=u(-1.2, 1.2, 15)),
        free_energy=True,
    )
    add(
        "random everything, ladder",
        "all couplings of their own",
        lattice("square", 6, 2, periodic=False, w=u(-1, 1.5, 16), a=u(-2, 2, 12), b=u(0.05, 1, 12), r=u(-1, 1, 12)),
        free_energy=True,
    )
    add(
        "random everything, open 3x3",
        "all couplings of their own",
        lattice("square", 3, 3, periodic=False, w=u(-1, 1, 12), a=u(-1.5, 1.5, 9), b=u(0.1, 1, 9), r=u(-1, 1, 9)),
        rules=COARSE,
    )
    add(
        "strong random fields, star",
        "every leaf its own field",
        star(16, w=0.7, a=[-4.0, *u(-0.5, 1, 16)], b=0.4, r=[0.1, *u(-3, 3, 16)]),
    )
    add(
        "random stiffness, tree",
        "b over three decades",
        tree(2, 4, w=0.4, a=u(-0.2, 0.8, 21), b=(10 ** random.uniform(-2, 1, 21)).round(4), r=u(-0.3, 0.3, 21)),
    )
    add(
        "random fields, deep sites",
        "uncoupled, each of two wells of its own shares",
        free(16, a=-6.0, b=1.5, r=u(-0.6, 0.6, 16)),
    )
    add(
        "random signs, Ising ring",
        "bonds of both signs, fields",
        lattice(
            "chain", 10, w=[0.9 * s for s in random.choice([-1, 1], 10).tolist()], a=-60.0, b=30.0, r=u(-0.4, 0.4, 10)
        ),
    )
    return traps


def gaussians() -> list[Trap]:
    traps = []

    def add(name: str, why: str, of: Field, **more: Any) -> None:
        traps.append(Trap(name, "gaussian", why, of, **more))

    add(
        "nearly massless ring",
        "m wanders with tau of thousands of sweeps",
        lattice("chain", 16, w=1.0, a=1.0005),
        free_energy=True,
    )
    add("nearly massless 4x4", "the same in two dimensions", lattice("square", 4, 4, w=1.0, a=2.002))
    add("light ring of 64", "tau of hundreds", lattice("chain", 64, w=1.0, a=1.01))
    add("light 8x8 in a field", "a far mean and a slow mode", lattice("square", 8, 8, w=1.0, a=2.02, r=-0.5))
    add("open chain, slow ends", "modes of many lengths", lattice("chain", 40, periodic=False, w=1.0, a=1.002))
    add("b = 1e-8", "the width comes from b alone", make(2, [(0, 1)], w=2.0, a=1.0, b=1e-8))
    add(
        "b = 0 among b > 0",
        "Gaussian and quartic sites",
        lattice("chain", 8, w=0.8, a=[1.2, -0.5] * 4, b=[0.0, 0.5] * 4, r=[0.1] + [0.0] * 7),
        free_energy=True,
    )
    add(
        "b = 0 hub",
        "a Gaussian hub of double wells",
        star(6, w=0.8, a=[3.0] + [-1.0] * 6, b=[0.0] + [0.5] * 6),
        free_energy=True,
    )
    add("wide shallow wells", "a < 0 with a tiny b", free(6, a=-0.01, b=1e-4))
    add("staggered soft mode", "the soft mode is not the mean", lattice("chain", 16, w=-1.0, a=1.002))
    return traps
