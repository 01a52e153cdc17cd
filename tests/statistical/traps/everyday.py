"""Runs of all shapes, small lattices, uncoupled sites, and what people run."""

from __future__ import annotations

from typing import Any

from fields import Field, complete, free, lattice, make, star, tree
from trap import BAL, COARSE, Trap


def shapes() -> list[Trap]:
    traps = []
    common = lattice("chain", 8, w=0.5, a=0.3, b=0.3, r=0.1)
    slow = lattice("chain", 24, w=1.0, a=1.03)
    for chains, draws in (
        (16, 60),
        (16, 200),
        (1024, 1),
        (1024, 2),
        (1024, 5),
        (512, 3),
        (64, 12),
        (64, 4),
        (16, 2000),
    ):
        traps.append(
            Trap(
                f"ring, {chains} x {draws}",
                "shape",
                "few chains, few draws",
                common,
                run={"chains": chains, "draws": draws},
                ordinary=chains * draws > 900 and (draws < 2 or draws > 100),
            )
        )
    for chains, draws in ((16, 100), (16, 400), (64, 30), (256, 40)):
        traps.append(
            Trap(
                f"slow ring, {chains} x {draws}",
                "shape",
                "tau is large against the run",
                slow,
                run={"chains": chains, "draws": draws},
            )
        )
    tight = lattice("chain", 16, w=2.0, a=0.6, b=0.5)
    for chains, draws in ((16, 100), (1024, 4)):
        traps.append(
            Trap(
                f"tight ring, {chains} x {draws}",
                "shape",
                "slow walls and few draws",
                tight,
                run={"chains": chains, "draws": draws},
            )
        )
    return traps


def small() -> list[Trap]:
    traps = []

    def add(name: str, why: str, of: Field, **more: Any) -> None:
        traps.append(Trap(name, "small lattice", why, of, **more))

    add("ring of 2", "both edges count", lattice("chain", 2, w=0.4, a=0.5, b=0.3), ordinary=True)
    add("ring of 3", "the least with a momentum of its own", lattice("chain", 3, w=0.4, a=0.5, b=0.3), ordinary=True)
    add("free 8x8", "xi is 0: a root of noise", lattice("square", 8, 8, w=0.0, a=0.5))
    add("free quartic 4x4", "xi is 0: a root of noise", lattice("square", 4, 4, w=0.0, a=-0.5, b=0.3), rules=COARSE)
    add("nearly free ring", "xi^2 of .02", lattice("chain", 8, w=0.02, a=0.5, b=0.1))
    add("antiferromagnetic 4x4, Gaussian", "xi^2 < 0", lattice("square", 4, 4, w=-0.3, a=1.0))
    add("antiferromagnetic ring of 6", "xi^2 < 0", lattice("chain", 6, w=-0.5, a=0.5, b=0.2))
    add(
        "2x2x2 cube, Gaussian",
        "doubled edges in three directions",
        lattice("cubic", 2, 2, 2, w=0.2, a=1.5),
        ordinary=True,
    )
    add("2x3 torus", "unequal extents", lattice("square", 2, 3, w=0.4, a=0.6, b=0.3), ordinary=True, rules=COARSE)
    add(
        "2x4 torus in a field",
        "unequal extents, a field",
        lattice("square", 2, 4, w=0.3, a=0.6, b=0.3, r=0.2),
        ordinary=True,
        rules=COARSE,
    )
    add("king 2x2", "ten edges of four sites", lattice("king", 2, 2, w=0.15, a=0.6, b=0.2), ordinary=True)
    add("triangular 3x3, Gaussian", "three directions", lattice("triangular", 3, 3, w=0.2, a=1.0, r=0.1), ordinary=True)
    add("king 4x4, Gaussian", "eight neighbours", lattice("king", 4, 4, w=0.1, a=1.0), ordinary=True)
    add(
        "triangular 6x6, open, Gaussian",
        "no momentum",
        lattice("triangular", 6, 6, periodic=False, w=0.3, a=1.2),
        ordinary=True,
    )
    return traps


def uncoupled_sites() -> list[Trap]:
    traps = []

    def add(name: str, why: str, of: Field, **more: Any) -> None:
        traps.append(Trap(name, "uncoupled", why, of, **more))

    add("one site, double well", "one site", free(1, a=-3.0, b=1.0), ordinary=True, free_energy=True)
    add(
        "one site, tilted double well",
        "shares .88 and .12",
        free(1, a=-3.0, b=1.0, r=0.8),
        ordinary=True,
        free_energy=True,
    )
    add("one site, deep tilted well", "a rare second well", free(1, a=-12.0, b=3.0, r=1.5), free_energy=True)
    add("pure quartic sites", "no quadratic term", free(12, a=0.0, b=1.0), ordinary=True)
    add(
        "sites of all kinds",
        "wells, flat bottoms, Gaussians",
        free(
            8,
            a=[-8.0, -2.0, 0.0, 1.0, 3.0, 0.2, 0.01, -0.5],
            b=[2.0, 1.0, 1.0, 0.5, 0.0, 0.0, 0.001, 0.02],
            r=[0.1, -0.5, 1.0, 0.0, -2.0, 0.1, 0.01, 0.0],
        ),
        ordinary=True,
    )
    return traps


def ordinary() -> list[Trap]:
    """What people run."""
    traps = []

    def add(name: str, of: Field, **more: Any) -> None:
        traps.append(Trap(name, "ordinary", "what people run", of, ordinary=True, **more))

    add("BAL 2x2", lattice("square", 2, 2, **BAL), free_energy=True)
    add("BAL 2x4", lattice("square", 2, 4, **BAL), rules=COARSE)
    add("BAL open 4x4", lattice("square", 4, 4, periodic=False, **BAL), rules=COARSE, free_energy=True)
    add("BAL open 8x2", lattice("square", 8, 2, periodic=False, **BAL), free_energy=True)
    add("BAL ring of 16", lattice("chain", 16, **BAL), free_energy=True)
    add("ring of 32", lattice("chain", 32, w=0.6, a=0.4, b=0.25))
    add("open chain of 64", lattice("chain", 64, periodic=False, w=0.5, a=0.3, b=0.3))
    add("ring in a field", lattice("chain", 12, w=0.5, a=0.3, b=0.3, r=0.2), free_energy=True)
    add("massive 8x8", lattice("square", 8, 8, w=0.3, a=1.0), free_energy=True)
    add("massive 8x8 in a field", lattice("square", 8, 8, w=0.3, a=1.0, r=0.5))
    add("massive 4x4x4", lattice("cubic", 4, 4, 4, w=0.2, a=1.0))
    add("massive ring of 100", lattice("chain", 100, w=0.5, a=0.8))
    add("weak wells, ring", lattice("chain", 10, w=0.3, a=-0.5, b=0.25))
    add("star of 6", star(6, w=0.4, a=0.5, b=0.2))
    add("star of 6 in a field", star(6, w=0.4, a=0.5, b=0.2, r=-0.3))
    add("binary tree", tree(3, 2, w=0.5, a=0.4, b=0.3), free_energy=True)
    add("clique of 5", complete(5, w=0.2, a=0.5, b=0.25), rules=COARSE, free_energy=True)
    add("antiferromagnetic open chain", lattice("chain", 9, periodic=False, w=-0.5, a=0.5, b=0.2))
    add(
        "random small graph",
        make(
            7,
            [(0, 1), (1, 2), (2, 3), (3, 0), (2, 4), (4, 5), (5, 6), (6, 4)],
            w=[0.3, -0.2, 0.5, 0.4, 0.6, -0.3, 0.2, 0.5],
            a=[0.5, 0.2, 0.8, 1.0, -0.2, 0.3, 0.6],
            b=[0.2, 0.3, 0.1, 0.5, 0.4, 0.25, 0.3],
            r=[0.1, -0.3, 0, 0.2, 0, -0.1, 0.4],
        ),
        free_energy=True,
    )
    add(
        "open 3x4 in fields",
        lattice(
            "square",
            3,
            4,
            periodic=False,
            w=0.4,
            a=0.5,
            b=0.3,
            r=[0.3, -0.1, 0.2, -0.4, 0.0, 0.1, -0.2, 0.3, 0.5, -0.3, 0.1, 0.0],
        ),
        rules=COARSE,
        free_energy=True,
    )
    add(
        "triangles in a row",
        make(8, [(k, k + 1) for k in range(7)] + [(k, k + 2) for k in range(6)], w=0.3, a=0.5, b=0.3, r=0.1),
        free_energy=True,
    )
    add("bipartite 2 + 6", make(8, [(i, j) for i in (0, 1) for j in range(2, 8)], w=0.3, a=0.8, b=0.2))
    add("ladder with rungs against", lattice("square", 5, 2, periodic=False, w=[0.5] * 8 + [-0.4] * 5, a=0.4, b=0.3))
    return traps
