"""F = -ln Z of a Gaussian chain against its exact value."""

import numpy as np
import quartic

chain = quartic.Action(quartic.lattice("chain", 16), w=0.8, a=1.0)
eigenvalues = 2 * (1.0 - 0.8 * np.cos(2 * np.pi * np.arange(16) / 16))  # of S = phi M phi / 2
exact = 0.5 * np.log(eigenvalues / (2 * np.pi)).sum()
free_energy = quartic.free_energy(chain, error=0.005, random_state=1)
print(f"F = {free_energy!r}, exact {exact:.4f}, {(free_energy.value - exact) / free_energy.error:+.1f} errors")
