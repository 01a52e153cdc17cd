"""Runs that learned from data: what they hold, their units, likelihoods, and new rows."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _quartic
from ._quartic import Network, Scaling
from .arguments import file_name, is_path, require_unmasked, whole
from .errors import BadType
from .progress import Watch
from .results import Estimate
from .runs import Learned, Result, threads_of
from .seeds import RandomState, seed_of
from .temporary import save_rows, temporary_folder

if TYPE_CHECKING:
    import xarray


class _OfData(Result):
    @property
    def row_shape(self) -> tuple[int, ...]:
        """Of a row of the data."""
        return tuple(int(n) for n in np.atleast_1d(self.data["data"].attrs["row_shape"]))

    @property
    def examples(self) -> np.ndarray:
        """Some rows of the data, shape (rows, columns), in the units of the model: see `to_data`."""
        return self.array("observed_data/phi")

    def to_data(self, phi: np.ndarray) -> np.ndarray:
        """From the units of the model, that of `phi` and `examples`, to those of the data.

        Parameters
        ----------
        phi : array_like
            Rows of the model, shape (..., columns) or as `phi`.

        Returns
        -------
        numpy.ndarray
            In the shape of `phi`.
        """
        require_unmasked(phi)
        rows = np.reshape(phi, (-1, self.examples.shape[1]))
        return self.scaling.from_model(np.asarray(rows, dtype=np.float64)).reshape(np.shape(phi))

    @cached_property
    def scaling(self) -> Scaling:
        """From the units of the data to those of the model and back."""
        return _quartic.scaling_of(self.path)

    def _network(self, model: str) -> Network:
        attributes = self.data[model].attrs
        names = "wrabsmnu" if "u" in self.data[model] else "wrabsmn"
        couplings = {name: self.array(f"{model}/{name}") for name in names}
        return Network(visible=attributes["visible_unit"], hidden=attributes["hidden_unit"], **couplings)

    def sample(self, rows: int = 1000, **options: Any) -> np.ndarray:
        """Draw rows from the model, in the units of the data.

        Parameters
        ----------
        rows : int
            How many.
        **options
            Those of `generate`.

        Returns
        -------
        numpy.ndarray
            As `generate` gives them.
        """
        return generate(self, rows, **options)

    def score_samples(self, X: Any, *, n_jobs: int | None = None) -> np.ndarray:
        """Log-likelihood of rows, as `quartic score` gives it.

        Parameters
        ----------
        X : array_like or path
            Rows, or the name of a file, whose columns are found by name where it has names.
        n_jobs : int, optional
            Threads; all cores by default.

        Returns
        -------
        numpy.ndarray
            The logarithm ln p of every row: a density in the units of the data, a probability where the units are
            discrete; of a deep stack a lower bound. A warning says if ln Z is not to be trusted.
        """
        watch = Watch(progress=False)
        with temporary_folder() as folder:
            if is_path(X):
                file = file_name("score_samples()", X)
            else:
                require_unmasked(X)
                save_rows(file := folder / "rows.npy", X)
            log_p, ok, reason = _quartic.score_rows(self.path, file, threads_of(n_jobs), watch)
        if not ok:
            warnings.warn(f"ln Z is not to be trusted: {reason}", stacklevel=2)
        return log_p


class FieldResult(Learned, _OfData):
    """A field fitted to data: `action`, `errors`, `evaluation`, `history`."""

    kind = "fit"

    @property
    def evaluation(self) -> dict[str, Estimate]:
        """Log-likelihoods, F and what else the report gives, by name."""
        return self.estimates


class NetworkResult(_OfData):
    """A network fitted to data: `network`, `history`, `evaluations`."""

    kind = "network"

    @cached_property
    def network(self) -> Network:
        """The network, in the units of the model."""
        return self._network("model")

    @property
    def history(self) -> xarray.Dataset:
        """One row an epoch."""
        return self._dataset("history")

    @property
    def evaluations(self) -> xarray.Dataset:
        """Every look at ln Z and at ln p of the data, with errors."""
        return self._dataset("evaluations")

    @property
    def exact(self) -> bool:
        """Whether it is learned exactly, without chains."""
        return "density" in self.data and not self.data["density"].attrs.get("start", 0)

    def _headline(self) -> str:
        visible, hidden = self.data["model/w"].shape
        attrs = self.data["model"].attrs
        units = f"{visible} {attrs['visible_unit']} x {hidden} {attrs['hidden_unit']} units"
        if self.exact:
            return f"{units}, learned exactly, scaling {self.scaling.method}"
        epochs = int(self.array("history/epoch")[-1]) if self.data["history/epoch"].size else 0
        return f"{units}, {epochs} epochs"


class StackResult(_OfData):
    """A deep stack fitted to data. `data["layer_2"]` holds what a run of the second network alone would."""

    kind = "stack"

    @property
    def layers(self) -> int:
        """Those that were begun."""
        return int(self.data["model"].attrs["layers"])

    @cached_property
    def networks(self) -> list[Network]:
        """Of every layer, the data's first."""
        return [self._network(f"layer_{k + 1}/model") for k in range(self.layers)]

    @property
    def bounds(self) -> xarray.Dataset:
        """Lower bounds of ln p of the data by the stack up to each layer."""
        return self._dataset("results")

    def _headline(self) -> str:
        sizes = [network.w.shape for network in self.networks]
        return " - ".join(str(n) for n in [sizes[0][0], *(hidden for _, hidden in sizes)]) + " units"


def generate(
    result: Result,
    rows: int = 1000,
    *,
    sweeps: int = 10,
    warm_up: int = 200,
    mean: bool = False,
    progress: bool | None = None,
    random_state: RandomState = None,
    n_jobs: int | None = None,
) -> np.ndarray:
    """New rows of the model of a run, in the units of the data that it learned from.

    Parameters
    ----------
    result : FieldResult, NetworkResult or StackResult
        What was learned.
    rows : int
        How many.
    sweeps, warm_up : int
        Sweeps between rows of one chain, and before the first.
    mean : bool
        Of networks and stacks: the mean of the visible units given drawn hidden ones, instead of a draw.
    progress, random_state, n_jobs : optional
        As of `sample`.

    Returns
    -------
    numpy.ndarray
        Rows in the shape of those of the data, float32.
    """
    if not isinstance(result, Result):
        raise BadType(f"quartic.generate(): {type(result).__name__} is no result", "quartic.open('run.h5')")
    rows, sweeps = whole("generate", "rows", rows, 1), whole("generate", "sweeps", sweeps, 1)
    warm_up = whole("generate", "warm_up", warm_up, 0)
    settings = [f"run.seed={seed_of(random_state)}", f"run.threads={threads_of(n_jobs) or 'auto'}"]
    watch = Watch(progress=progress)
    try:
        return _quartic.generate_rows(result.path, rows, sweeps, warm_up, mean, settings, watch)
    finally:
        watch.close()
