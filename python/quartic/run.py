"""Reading a run file (docs/run-file.md). Everything is also plain HDF5 for h5py, xarray and ArviZ."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from .errors import BadInput

KINDS = ("w", "r", "a", "b")


class Estimate(NamedTuple):
    """A number with its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class Model:
    """The graph and the couplings a run ended with. `lattice` is empty and `extent` () for an edge list."""

    lattice: str
    extent: tuple[int, ...]
    periodic: tuple[bool, ...]
    edges: np.ndarray
    w: np.ndarray
    r: np.ndarray
    a: np.ndarray
    b: np.ndarray

    @property
    def sites(self) -> int:
        return len(self.a)


@dataclass(frozen=True)
class Run:
    """What a run file holds. `phi()` alone is read when asked for.

    history: arrays by name, one row an epoch, row 0 the start; `theta` has shape (epochs, parameters) and
    `parameters` labels its columns. results: estimates by name; `verdict` the rest of that group. action,
    target: S and A of the learned ensemble, shape (chains, draws), None in a run without a certificate.
    """

    path: Path
    config: str
    provenance: dict
    model: Model
    parameters: list[str]
    history: dict[str, np.ndarray]
    results: dict[str, Estimate]
    verdict: dict
    action: np.ndarray | None = None
    target: np.ndarray | None = None
    kinds: dict[str, list[int]] = field(default_factory=dict)  # columns of theta by kind of coupling

    def phi(self) -> np.ndarray:
        """Fields of the learned ensemble, shape (chains, draws, sites)."""
        with h5py.File(self.path, "r") as file:
            return file["posterior/phi"][()]

    def error_of(self, kind: str) -> np.ndarray | None:
        """Standard errors of the final parameters of one kind."""
        if "theta_error" not in self.history or kind not in self.kinds:
            return None
        return self.history["theta_error"][-1, self.kinds[kind]]


def read(path: str | PathLike) -> Run:
    """Reads a run file. Raises BadInput where the file is no run file of `quartic learn`."""
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise BadInput(f"{path}: not an HDF5 file") from error
    with file:
        for group in ("model", "history"):
            if group not in file:
                raise BadInput(f"{path}: no group '{group}'", "is it the output of `quartic learn`?")
        parameters = [_plain(label) for label in file["history/parameter"][()]]
        history = {
            name: data[()] for name, data in file["history"].items() if name != "parameter" and data.dtype.kind in "fiu"
        }
        results, verdict = _results(file.get("results"))
        posterior = file.get("posterior", {})
        return Run(
            path=path,
            config=_plain(file["config"][()]) if "config" in file else "",
            provenance={k: _plain(v) for k, v in file["provenance"].attrs.items()} if "provenance" in file else {},
            model=_model(file["model"]),
            parameters=parameters,
            history=history,
            results=results,
            verdict=verdict,
            action=posterior["action"][()] if "action" in posterior else None,
            target=posterior["target"][()] if "target" in posterior else None,
            kinds=_columns(parameters),
        )


def _plain(value):
    """bytes to str, numpy scalars to Python's."""
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value


def _model(group: h5py.Group) -> Model:
    attributes = group.attrs
    return Model(
        lattice=_plain(attributes.get("lattice", "")),
        extent=tuple(int(n) for n in np.atleast_1d(attributes.get("extent", ()))),
        periodic=tuple(bool(p) for p in np.atleast_1d(attributes.get("periodic", ()))),
        edges=group["edges"][()].reshape(-1, 2),
        **{kind: group[kind][()] for kind in KINDS},
    )


def _results(group: h5py.Group | None) -> tuple[dict[str, Estimate], dict]:
    """Every `x` with an `x_error` is an estimate; the rest is the verdict."""
    if group is None:
        return {}, {}
    values = {name: _plain(data[()]) for name, data in group.items() if isinstance(data, h5py.Dataset)}
    estimates = {
        name: Estimate(value, values[f"{name}_error"]) for name, value in values.items() if f"{name}_error" in values
    }
    verdict = {
        name: value
        for name, value in values.items()
        if name not in estimates and name.removesuffix("_error") not in estimates
    }
    return estimates, verdict


def _columns(parameters: Iterable[str]) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for k, label in enumerate(parameters):
        match = re.match(r"([a-z]+)", label)
        if match:
            columns.setdefault(match[1], []).append(k)
    return {kind: columns[kind] for kind in KINDS if kind in columns}
