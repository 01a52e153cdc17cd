"""A sampled action: its observables and stored fields."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from .arguments import require_name
from .errors import BadInput
from .results import Observable
from .runs import OfAction, plain


class SampleResult(OfAction):
    """A sampled action: observables with errors, stored fields.

    `result["m2"]` is an `Observable`.
    """

    kind = "sample"

    @cached_property
    def observables(self) -> dict[str, Observable]:
        """All of them, by name."""
        columns = self.arrays("results")
        fields = ("value", "error", "tau", "tau_error", "ess", "r_hat", "ok", "reason", "meaning")
        rows = zip(*(columns[name] for name in ("observable", *fields)), strict=True)
        return {
            str(name): Observable(
                **{key: plain(value) for key, value in zip(fields, row, strict=True)} | {"ok": bool(row[6])}
            )
            for name, *row in rows
        }

    def __getitem__(self, name: str) -> Observable:
        require_name(name, self.observables)
        if name not in self.observables:
            raise BadInput(f"no observable {name!r} was measured", f"one of {', '.join(self.observables)}")
        return self.observables[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.observables

    def __iter__(self) -> Iterator[str]:
        return iter(self.observables)

    def keys(self) -> list[str]:
        """List the names of the observables.

        Returns
        -------
        list of str
            As `observables` has them.
        """
        return list(self.observables)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.observables)

    @property
    def functions(self) -> list[str]:
        """Names of the observables that were functions of the user's."""
        return [name for name, o in self.observables.items() if o.meaning == "a function of the user's"]

    @property
    def draws(self) -> int:
        """Draws of every chain."""
        return int(self.data["measurement"].attrs["draws"])

    @property
    def bin_length(self) -> int:
        """Draws in a bin of `series`."""
        return int(self.data["measurement"].attrs["bin_length"])

    @cached_property
    def series(self) -> dict[str, np.ndarray]:
        """Primary observables, each averaged over bins of successive draws, shape (chains, bins)."""
        names, bins = self.array("measurement/observable").tolist(), self.array("measurement/bins")
        if "reference" in self.data["measurement"]:
            start = self.array("measurement/reference")[:, None, None]
            square = names.index("action2")  # holds (S - start)^2
            bins = bins + np.where(np.arange(len(names))[:, None, None] == square, 0, start)
            bins[square] += start[0] * (2 * bins[0] - start[0])
        return dict(zip(names, bins, strict=True))

    @property
    def two_point(self) -> dict[str, np.ndarray]:
        """Arrays structure_factor, correlation and their errors in the shape of the lattice; empty elsewhere."""
        results = self.arrays("results")
        names = [name for name in ("structure_factor", "correlation") if name in results]
        return {key: results[key].reshape(self.extent) for n in names for key in (n, f"{n}_error")}

    @property
    def acceptance(self) -> dict[str, float]:
        """Accepted over proposed, by move."""
        return dict(zip(self.array("results/move").tolist(), self.array("results/acceptance").tolist(), strict=True))

    def to_pyerrors(self, name: str, ensemble: str = "quartic") -> Any:
        """A primary observable for pyerrors, its chains as replica.

        Parameters
        ----------
        name : str
            One of `series`.
        ensemble : str
            What pyerrors calls the ensemble.

        Returns
        -------
        pyerrors.Obs
            Whose own errors come by the same method.
        """
        import pyerrors

        require_name(name, self.series)
        if name not in self.series:
            raise BadInput(f"{name!r} has no series", f"primary observables: {', '.join(self.series)}")
        chains = self.series[name]
        steps = range(self.bin_length, self.bin_length * (chains.shape[1] + 1), self.bin_length)
        replica = [f"{ensemble}|r{chain:04d}" for chain in range(len(chains))]
        return pyerrors.Obs(list(chains), replica, idl=[steps] * len(chains))

    def _headline(self) -> str:
        return f"{self._where()}, {self.data['posterior'].sizes['chain']} chains x {self.draws} draws"

    def _table(self) -> dict[str, Any]:
        return {name: repr(value) for name, value in self.observables.items()}
