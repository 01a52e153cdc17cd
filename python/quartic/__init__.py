"""quartic: phi^4 lattice field theories as Markov random fields.

S(phi) = - sum_<ij> w_ij phi_i phi_j + sum_i (r_i phi_i + a_i phi_i^2 + b_i phi_i^4) on any graph, p ~ exp(-S).

`Network` is the phi^4 neural network and its special cases, `RestrictedBoltzmannMachine` the same as an estimator of
scikit-learn (which it needs). `quartic.density` holds the single-site density, `quartic.run` reads run files (needs
h5py), `quartic.plot` draws them (needs matplotlib).
"""

from importlib.metadata import PackageNotFoundError, version

from . import density
from ._quartic import Action, Graph, Network, NetworkLearner, NetworkSampler, lattice, simd_target
from .errors import BadInput, Diverged, Error
from .results import Estimate, Likelihood, LogZ, NetworkMoments

try:
    __version__ = version("quartic")
except PackageNotFoundError:  # used from a source tree
    __version__ = "unknown"

__all__ = [
    "Action",
    "BadInput",
    "Diverged",
    "Error",
    "Estimate",
    "Graph",
    "Likelihood",
    "LogZ",
    "Network",
    "NetworkLearner",
    "NetworkMoments",
    "NetworkSampler",
    "density",
    "lattice",
    "simd_target",
]


def __dir__() -> list[str]:
    return sorted([*globals(), "RestrictedBoltzmannMachine"])


def __getattr__(name: str) -> object:
    """The estimator is imported when it is wanted, because scikit-learn is optional and slow to import."""
    if name == "RestrictedBoltzmannMachine":
        from .estimator import RestrictedBoltzmannMachine

        return RestrictedBoltzmannMachine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
