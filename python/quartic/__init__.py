"""quartic: phi^4 lattice field theories as Markov random fields.

S(phi) = - sum_<ij> w_ij phi_i phi_j + sum_i (r_i phi_i + a_i phi_i^2 + b_i phi_i^4) on any graph, p ~ exp(-S).

`sample`, `learn`, `reweight` and `free_energy` act on an `Action`, `judge` holds anyone's fields against one; `run`,
`open` and `resume` act on config and run files.
`LatticeField`, `RestrictedBoltzmannMachine` and `DeepStack` learn from data as estimators of scikit-learn (which they
need). `quartic.density` holds the single-site density, `quartic.plot` draws results (needs matplotlib).
"""

from typing import TYPE_CHECKING

from . import _quartic, density
from ._quartic import Action, Graph, Network, NetworkLearner, NetworkSampler, Scaling, lattice, simd_target
from .data_runs import FieldResult, NetworkResult, StackResult, generate
from .errors import BadInput, BadType, Diverged, Error
from .free_energies import FreeEnergy, free_energy
from .judgements import Judgement, judge
from .results import Check, ComplexEstimate, Estimate, Likelihood, LogZ, NetworkMoments, Observable
from .reweighted import ReweightResult
from .run_files import open_run as open
from .run_files import resume, run
from .runs import LearnResult, Result
from .sampled import SampleResult
from .samplers import Sampler, to_pymbar
from .tensorboard import TensorBoard
from .verbs import learn, reweight, sample

if TYPE_CHECKING:
    from .deep import DeepStack
    from .estimator import RestrictedBoltzmannMachine
    from .lattice_field import LatticeField

__version__ = _quartic.version

_ESTIMATORS = {"DeepStack": "deep", "LatticeField": "lattice_field", "RestrictedBoltzmannMachine": "estimator"}

__all__ = [
    "Action",
    "BadInput",
    "BadType",
    "Check",
    "ComplexEstimate",
    "DeepStack",
    "Diverged",
    "Error",
    "Estimate",
    "FieldResult",
    "FreeEnergy",
    "Graph",
    "Judgement",
    "LatticeField",
    "LearnResult",
    "Likelihood",
    "LogZ",
    "Network",
    "NetworkLearner",
    "NetworkMoments",
    "NetworkResult",
    "NetworkSampler",
    "Observable",
    "RestrictedBoltzmannMachine",
    "Result",
    "ReweightResult",
    "SampleResult",
    "Sampler",
    "Scaling",
    "StackResult",
    "TensorBoard",
    "density",
    "free_energy",
    "generate",
    "judge",
    "lattice",
    "learn",
    "open",
    "resume",
    "reweight",
    "run",
    "sample",
    "simd_target",
    "to_pymbar",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *_ESTIMATORS})


def __getattr__(name: str) -> object:
    """Estimators are imported when they are wanted, because scikit-learn is optional and slow to import."""
    if name in _ESTIMATORS:
        from importlib import import_module

        return getattr(import_module(f".{_ESTIMATORS[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
