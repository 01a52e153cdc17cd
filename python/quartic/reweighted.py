"""Configurations reweighted to other actions."""

from typing import Any

import numpy as np

from .arguments import require_name
from .errors import BadInput
from .results import ComplexEstimate
from .runs import OfAction


class ReweightResult(OfAction):
    """Configurations reweighted to other actions, one entry a point.

    `result["m2"]` is one ComplexEstimate a point, or one alone where nothing is scanned.
    """

    kind = "reweight"

    @property
    def observables(self) -> list[str]:
        """Names of what was averaged."""
        return self.array("results/observable").tolist()

    @property
    def scanned(self) -> str:
        """The term whose coupling varies from point to point; empty: one point."""
        return str(self.data["results"].attrs["scanned"])

    @property
    def couplings(self) -> np.ndarray:
        """Complex, shape (points, terms), named by `terms`."""
        return self.array("results/coupling_real") + 1j * self.array("results/coupling_imag")

    @property
    def terms(self) -> list[str]:
        """Names of the terms of the action B."""
        return self.array("results/term").tolist()

    @property
    def weight_ess(self) -> np.ndarray:
        """Effective fraction of the weights at every point."""
        return self.array("results/weight_ess")

    @property
    def log_ratio(self) -> list[ComplexEstimate] | ComplexEstimate:
        """Logarithm of Z_B / Z_S, at every point or the only one."""
        return self._estimates("log_ratio")

    def __getitem__(self, name: str) -> list[ComplexEstimate] | ComplexEstimate:
        require_name(name, self.observables)
        if name not in self.observables:
            raise BadInput(f"no observable {name!r} was reweighted", f"one of {', '.join(self.observables)}")
        return self._estimates("", self.observables.index(name))

    def _estimates(self, name: str, column: int | None = None) -> list[ComplexEstimate] | ComplexEstimate:
        def part(which: str) -> np.ndarray:
            values = self.array(f"results/{which}")
            return values if column is None else values[:, column]

        if name:
            parts = [part(f"{name}_{which}") for which in ("real", "imag", "error_real", "error_imag")]
        else:
            parts = [part(which) for which in ("value_real", "value_imag", "error_real", "error_imag")]
        all_points = [
            ComplexEstimate(complex(re, im), float(dre), float(dim)) for re, im, dre, dim in zip(*parts, strict=True)
        ]
        return all_points if self.scanned else all_points[0]

    def _headline(self) -> str:
        return f"{self._where()}, {len(self.couplings)} points"

    def _table(self) -> dict[str, Any]:
        if self.scanned:
            return {}
        return {name: self[name] for name in self.observables}
