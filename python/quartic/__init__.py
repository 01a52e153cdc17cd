"""quartic: phi^4 lattice field theories as Markov random fields.

S(phi) = - sum_<ij> w_ij phi_i phi_j + sum_i (r_i phi_i + a_i phi_i^2 + b_i phi_i^4) on any graph, p ~ exp(-S).

`quartic.density` holds the single-site density, `quartic.run` reads run files (needs h5py), `quartic.plot` draws
them (needs matplotlib).
"""

from importlib.metadata import PackageNotFoundError, version

from . import density
from ._quartic import Action, Graph, lattice, simd_target
from .errors import BadInput, Diverged, Error

try:
    __version__ = version("quartic")
except PackageNotFoundError:  # used from a source tree
    __version__ = "unknown"

__all__ = ["Action", "BadInput", "Diverged", "Error", "Graph", "density", "lattice", "simd_target"]
