"""Learning a target that is a Python function: A_3 and .01 phi^6 on 8 x 8."""

import numpy as np
import quartic


def target(phi):  # shape (n, 8, 8)
    pairs = sum((phi * np.roll(phi, 1, axis)).sum((1, 2)) for axis in (1, 2))
    return -pairs + (1.52425 * phi**2 + 0.175 * phi**4 + 0.01 * phi**6).sum((1, 2))


print(quartic.learn(target, quartic.lattice("square", 8), random_state=1))
