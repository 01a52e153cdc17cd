"""Reading a run file (docs/run-file.md). Everything is also plain HDF5 for h5py, xarray and ArviZ."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from .errors import BadInput
from .former_names import FORMER_NAMES, FORMER_WORDS

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
    """What every run file holds. `phi()` alone is read when asked for.

    results: estimates by name; verdict: the rest of that group. action: S of the stored fields, shape
    (chains, draws), None in a run without any.
    """

    path: Path
    config: str
    provenance: dict
    model: Model
    results: dict[str, Estimate]
    verdict: dict
    action: np.ndarray | None

    def phi(self) -> np.ndarray:
        """The stored fields, shape (chains, draws, sites)."""
        with h5py.File(self.path, "r") as file:
            return file["posterior/phi"][()]


@dataclass(frozen=True)
class LearnRun(Run):
    """A run of `quartic learn`.

    history: arrays by name, one row an epoch, row 0 the start; `theta` has shape (epochs, parameters) and
    `parameters` labels its columns. action, target: S and A of the learned ensemble, None in a run without a
    certificate.
    """

    parameters: list[str]
    history: dict[str, np.ndarray]
    target: np.ndarray | None
    kinds: dict[str, list[int]]  # columns of theta by kind of coupling

    def error_of(self, kind: str) -> np.ndarray | None:
        """Standard errors of the final parameters of one kind."""
        if "theta_error" not in self.history or kind not in self.kinds:
            return None
        return self.history["theta_error"][-1, self.kinds[kind]]


class _Scaled:
    def to_data(self, phi: np.ndarray) -> np.ndarray:
        """Rows of the model, sites or visible units last, in the units of the data."""
        return phi * self.scale + self.offset


@dataclass(frozen=True)
class FitRun(Run, _Scaled):
    """A run of `quartic fit`.

    history, parameters, kinds: as of a LearnRun. data: description, rows, held_out, checksum, scaling. examples: some
    rows of the data, shape (rows, sites), and snapshots: fields by epoch, shape (chains, sites), like phi() in the
    units of the model; `to_data` gives those of the data. shape: of a row. moments: arrays by name (moment_data,
    moment_model, their errors, moment_z, held_out_...), ordered: <phi_i phi_j> by edge, then <phi>, <phi^2> and <phi^4>
    by site; empty before the run is judged.
    """

    parameters: list[str]
    history: dict[str, np.ndarray]
    kinds: dict[str, list[int]]
    data: dict
    shape: tuple[int, ...]
    offset: np.ndarray
    scale: np.ndarray
    examples: np.ndarray
    snapshots: dict[int, np.ndarray]
    moments: dict[str, np.ndarray]
    theta: np.ndarray  # the final parameters
    errors: np.ndarray  # and their standard errors

    def error_of(self, kind: str) -> np.ndarray | None:
        """Standard errors of the final parameters of one kind."""
        return self.errors[self.kinds[kind]] if kind in self.kinds else None


@dataclass(frozen=True)
class NetworkRun(_Scaled):
    """A run of `quartic fit` of a network.

    w: shape (visible, hidden); r, a, b of the visible units, s, m, n of the hidden ones. history: arrays by name, one
    row an epoch; evaluations: one row a judged epoch, singular values of w among them. examples: some rows of the data,
    samples: draws of the network, shape (rows, visible), None before the end, both in the units of the model.
    """

    path: Path
    config: str
    provenance: dict
    units: tuple[str, str]
    w: np.ndarray
    couplings: dict[str, np.ndarray]
    data: dict
    shape: tuple[int, ...]
    offset: np.ndarray
    scale: np.ndarray
    examples: np.ndarray
    samples: np.ndarray | None
    history: dict[str, np.ndarray]
    evaluations: dict[str, np.ndarray]
    verdict: dict


@dataclass(frozen=True)
class StackRun:
    """A run of `quartic fit` of a deep stack.

    layers: the networks that were begun, the data's first; the data of the others are hidden units of the one below.
    bounds: arrays by name, one row a finished layer: lower bounds of ln p of the data by the stack up to it. samples:
    rows drawn from the whole stack, shape (rows, visible), None before the end, in the units of the model.
    """

    path: Path
    config: str
    provenance: dict
    layers: list[NetworkRun]
    bounds: dict[str, np.ndarray]
    samples: np.ndarray | None
    verdict: dict

    def to_data(self, phi: np.ndarray) -> np.ndarray:
        """Rows, visible units last, in the units of the data."""
        return self.layers[0].to_data(phi)

    def projection(self, layer: int) -> np.ndarray:
        """What hidden units of a layer (1: the data's own) see through the weights, shape (visible, hidden)."""
        seen = self.layers[0].w
        for network in self.layers[1:layer]:
            seen = seen @ network.w
        return seen


class Observable(NamedTuple):
    """An observable with everything that a number must carry; `tau` in draws."""

    value: float
    error: float
    tau: float
    tau_error: float
    ess: float
    r_hat: float
    ok: bool
    reason: str
    meaning: str


@dataclass(frozen=True)
class SampleRun(Run):
    """A run of `quartic sample`.

    observables: by name. stored: m, phi2 and phi4 of the stored fields, shape (chains, draws). series: means over
    bins of `bin_length` successive draws by name, shape (chains, bins).
    two_point: structure_factor, correlation and their errors, in the shape of the lattice; empty elsewhere.
    """

    observables: dict[str, Observable]
    stored: dict[str, np.ndarray]
    series: dict[str, np.ndarray]
    bin_length: int
    draws: int
    two_point: dict[str, np.ndarray]
    acceptance: dict[str, float]


@dataclass(frozen=True)
class ReweightRun(Run):
    """A run of `quartic reweight`, one entry a point in every array.

    sources: the run files that were reweighted. couplings: complex, shape (points, terms), named by `terms`;
    `scanned` is the term whose coupling varies, empty for one point. averages, real_errors, imag_errors: shape
    (points, observables), named by `observables`, averages complex. columns: log_ratio_real, weight_ess, phase, ok,
    reason, ... by name. log_weight: of the stored fields where they were annealed, shape (chains, draws): with these
    weights they sample exp(-S); else None.
    """

    log_weight: np.ndarray | None
    sources: list[str]
    terms: list[str]
    scanned: str
    couplings: np.ndarray
    observables: list[str]
    averages: np.ndarray
    real_errors: np.ndarray
    imag_errors: np.ndarray
    columns: dict[str, np.ndarray]

    @property
    def complex(self) -> bool:
        return bool(self.couplings.imag.any())


def read(path: str | PathLike) -> LearnRun | SampleRun | ReweightRun | FitRun | NetworkRun | StackRun:
    """Reads a run file of any kind. Raises BadInput where the file is none."""
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise BadInput(f"{path}: not an HDF5 file") from error
    with file:
        kind = _kind(file, path)
        if kind == "network":
            return _network(file, _origin(file, path) | _data(file))
        if kind == "stack":
            return _deep(file, path)
        common = _common(file, path)
        return {"learn": _learn, "sample": _sample, "reweight": _reweight, "fit": _fit}[kind](file, common)


def _kind(file: h5py.File, path: Path) -> str:
    """A file without a kind is of layout 1, which held learn runs only."""
    groups = {
        "learn": ("model", "history"),
        "sample": ("model", "measurement"),
        "reweight": ("model", "results"),
        "fit": ("model", "history", "data"),
        "network": ("model", "history", "data"),
        "stack": ("model", "data", "layer_1"),
    }
    kind = _word(file["provenance"].attrs.get("kind", "learn")) if "provenance" in file else "learn"
    if kind not in groups:
        raise BadInput(f"{path}: a run of `quartic {kind}`, which this quartic does not know")
    for group in groups[kind]:
        if group not in file:
            raise BadInput(f"{path}: no group '{group}'", "is it a run file of quartic?")
    return kind


def _origin(file: h5py.File, path: Path) -> dict:
    return {
        "path": path,
        "config": _plain(file["config"][()]) if "config" in file else "",
        "provenance": {k: _plain(v) for k, v in file["provenance"].attrs.items()} if "provenance" in file else {},
    }


def _common(file: h5py.File, path: Path) -> dict:
    return _origin(file, path) | {
        "model": _model(file["model"]),
        "action": file["posterior/action"][()] if "posterior/action" in file else None,
    }


def _history(file: h5py.File) -> tuple[list[str], dict[str, np.ndarray]]:
    parameters = [_plain(label) for label in file["history/parameter"][()]]
    left_out = ("parameter", "phi", "snapshot", "chain", "site")
    history = {
        name: data[()] for name, data in _entries(file["history"]) if name not in left_out and data.dtype.kind in "fiu"
    }
    return parameters, history


def _learn(file: h5py.File, common: dict) -> LearnRun:
    parameters, history = _history(file)
    results, verdict = _results(file.get("results"))
    return LearnRun(
        **common,
        results=results,
        verdict=verdict,
        parameters=parameters,
        history=history,
        target=file["posterior/target"][()] if "posterior/target" in file else None,
        kinds=_columns(parameters),
    )


def _fit(file: h5py.File, common: dict) -> FitRun:
    parameters, history = _history(file)
    results, verdict = _results(file.get("results"))
    moments = {name: data[()] for name, data in file["results"].items() if "moment_" in name}
    model = common["model"]
    kinds = _columns(parameters)
    final = {kind: getattr(model, kind) for kind in kinds}
    errors = {kind: file[f"model/{kind}_error"][()] for kind in kinds}
    return FitRun(
        **common,
        results={name: value for name, value in results.items() if name not in moments},
        verdict={name: value for name, value in verdict.items() if name not in moments and name != "moment"},
        parameters=parameters,
        history=history,
        kinds=kinds,
        **_data(file),
        snapshots={int(e): phi for e, phi in zip(file["history/snapshot"][()], file["history/phi"][()], strict=True)},
        moments=moments,
        theta=_by_parameter(final, kinds, len(parameters)),
        errors=_by_parameter(errors, kinds, len(parameters)),
    )


def _data(file: h5py.File) -> dict:
    data = file["data"]
    return {
        "data": {name: _plain(value) for name, value in data.attrs.items() if name != "row_shape"},
        "shape": tuple(int(n) for n in np.atleast_1d(data.attrs["row_shape"])),
        "offset": data["offset"][()],
        "scale": data["scale"][()],
        "examples": file["observed_data/phi"][()],
    }


def _network(file: h5py.Group, known: dict) -> NetworkRun:
    model = file["model"]
    return NetworkRun(
        **known,
        units=(_plain(model.attrs["visible_unit"]), _plain(model.attrs["hidden_unit"])),
        w=model["w"][()],
        couplings={name: model[name][()] for name in "rabsmn"},
        samples=file["posterior/phi"][:, -1] if "posterior/phi" in file else None,
        history={name: column[()] for name, column in _entries(file["history"])},
        evaluations={
            name: np.array([_plain(x) for x in column[()]]) if name == "reason" else column[()]
            for name, column in _entries(file["evaluations" if "evaluations" in file else "judgements"])
        },
        verdict={"stop_reason": _word(file["results/stop_reason"][()])},
    )


def _deep(file: h5py.File, path: Path) -> StackRun:
    origin = _origin(file, path)
    groups = [file[f"layer_{k + 1}"] for k in range(int(file["model"].attrs["layers"]))]
    return StackRun(
        **origin,
        layers=[_network(group, origin | _data(file if k == 0 else group)) for k, group in enumerate(groups)],
        bounds={name: column[()] for name, column in _entries(file["results"]) if name != "stop_reason"},
        samples=file["posterior/phi"][:, -1] if "posterior/phi" in file else None,
        verdict={"stop_reason": _word(file["results/stop_reason"][()])},
    )


def _by_parameter(values: dict[str, np.ndarray], kinds: dict[str, list[int]], count: int) -> np.ndarray:
    """From couplings by kind; those of a tied kind are all equal."""
    out = np.empty(count)
    for kind, columns in kinds.items():
        out[columns] = values[kind][: len(columns)]
    return out


TWO_POINT = ("structure_factor", "structure_factor_error", "correlation", "correlation_error")


def _sample(file: h5py.File, common: dict) -> SampleRun:
    results, measurement = file["results"], file["measurement"]
    columns = [results[name][()] for name in Observable._fields]
    observables = {
        _word(name): Observable(*map(_plain, row))._replace(ok=bool(row[Observable._fields.index("ok")]))
        for name, *row in zip(results["observable"][()], *columns, strict=True)
    }
    names = [_plain(name) for name in measurement["observable"][()]]
    return SampleRun(
        **common,
        results={name: Estimate(o.value, o.error) for name, o in observables.items()},
        verdict={"stop_reason": _word(results["stop_reason"][()]), "schedule": _plain(results["schedule"][()])},
        observables=observables,
        stored={name: file[f"posterior/{name}"][()] for name in ("m", "phi2", "phi4")},
        series=dict(zip(names, measurement["bins"][()], strict=True)),
        bin_length=int(measurement.attrs["bin_length"]),
        draws=int(measurement.attrs["draws"]),
        two_point={name: results[name][()].reshape(common["model"].extent) for name in TWO_POINT if name in results},
        acceptance=dict(zip(map(_plain, results["move"][()]), results["acceptance"][()], strict=True)),
    )


def _reweight(file: h5py.File, common: dict) -> ReweightRun:
    results = file["results"]
    values = {name: data[()] for name, data in results.items()}
    columns = {name: values[name] for name, data in results.items() if _dimensions(data) == ["point"]}
    columns["reason"] = np.array([_plain(reason) for reason in columns["reason"]])
    return ReweightRun(
        **common,
        results={"annealing_ess": Estimate(*(values[f"annealing_ess{part}"].item() for part in ("", "_error")))}
        if "annealing_ess" in values
        else {},
        verdict={name: _plain(values[name]) for name in ("annealing_steps", "annealing_reason") if name in values},
        log_weight=file["posterior/log_weight"][()] if "posterior/log_weight" in file else None,
        sources=[_plain(name) for name in values["source"]],
        terms=[_plain(name) for name in values["term"]],
        scanned=_plain(results.attrs["scanned"]),
        couplings=values["coupling_real"] + 1j * values["coupling_imag"],
        observables=[_word(name) for name in values["observable"]],
        averages=values["value_real"] + 1j * values["value_imag"],
        real_errors=values["error_real"],
        imag_errors=values["error_imag"],
        columns=columns,
    )


def _dimensions(data: h5py.Dataset) -> list[str]:
    """Names of its dimension scales, none for a scale itself."""
    return [dimension[0].name.rpartition("/")[-1] for dimension in data.dims if len(dimension)]


def _plain(value):
    """bytes to str, numpy scalars to Python's."""
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value


def _entries(group: h5py.Group) -> Iterable[tuple[str, h5py.Dataset]]:
    """The datasets of a group by their names of today."""
    return ((FORMER_NAMES.get(name, name), data) for name, data in group.items())


def _word(value) -> str:
    """A word of a run file of any layout, as it is today."""
    word = _plain(value)
    return FORMER_WORDS.get(word, word)


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
    if "stop_reason" in values:
        values["stop_reason"] = _word(values["stop_reason"])
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
