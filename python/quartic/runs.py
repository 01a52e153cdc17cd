"""Runs of every kind: a run file, and what it holds as Python has it."""

from __future__ import annotations

import html
import json
import shutil
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from . import _quartic
from ._quartic import Action
from .arguments import PathLike, file_name, path_text, scalar
from .errors import BadInput, BadType, in_python
from .ranges import range_of
from .results import Check, Estimate
from .temporary import in_place_of, remove_with, temporary_file

if TYPE_CHECKING:
    import xarray

KINDS = ("w", "r", "a", "b")


def _incomplete(path: Path, name: str) -> BadInput:
    return BadInput(
        f"{path_text(path)} is not a whole quartic run file: it has no '{name}'", "docs/run-file.md lists what it holds"
    )


class _Entries(dict[str, np.ndarray]):
    """Of a group, which says what it lacks."""

    def __init__(self, found: dict[str, np.ndarray], path: Path, group: str):
        super().__init__(found)
        self._path, self._group = path, group

    def __missing__(self, name: str) -> np.ndarray:
        raise _incomplete(self._path, f"{self._group}/{name}")


class Result:
    """A run: sampled, learned, fitted or reweighted.

    It lives in a run file (docs/run-file.md), a temporary one where no `path` was given, which `save` copies. Results
    are picklable, and `quartic.resume` goes on with those that can.

    Attributes
    ----------
    path : pathlib.Path
        The run file.
    """

    kind: ClassVar[str]
    _kinds: ClassVar[dict[str, type[Result]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if hasattr(cls, "kind"):
            Result._kinds[cls.kind] = cls

    def __init__(self, path: PathLike, *, temporary: bool = False):
        self.path = file_name(type(self).__name__, path)
        self._kept: Result | None = None  # whose temporary file this run shares
        if temporary:
            remove_with(self, self.path.parent)

    @staticmethod
    def of(path: PathLike, *, temporary: bool = False) -> Result:
        """The run in a file, as what it is: `quartic.open`.

        Parameters
        ----------
        path : path
            The run file.
        temporary : bool
            Whether its folder goes with the result.

        Returns
        -------
        Result
            Of the kind that the file has.
        """
        file = file_name("quartic.open()", path)
        return Result._kinds[_quartic.run_kind(file)](file, temporary=temporary)

    # --- what every run has ---

    @cached_property
    def data(self) -> xarray.DataTree:
        """The whole file; ArviZ takes it as it is."""
        from .tree import read_tree  # h5py and xarray are slow to import

        return read_tree(self.path)

    def array(self, name: str) -> np.ndarray:
        """A variable of `data` as a plain array.

        Parameters
        ----------
        name : str
            With its group, as in "history/theta".

        Returns
        -------
        numpy.ndarray
            A copy of its values.
        """
        try:
            return np.asarray(self.data[name].values)
        except KeyError:
            raise _incomplete(self.path, name) from None

    def arrays(self, group: str) -> dict[str, np.ndarray]:
        """A group's variables and coordinates as plain arrays.

        Parameters
        ----------
        group : str
            As in "results".

        Returns
        -------
        dict of numpy.ndarray
            By name.
        """
        found = {str(name): values.values for name, values in self._dataset(group).variables.items()}
        return _Entries(found, self.path, group)

    def _dataset(self, group: str) -> xarray.Dataset:
        try:
            node: Any = self.data[group]
        except KeyError:
            raise _incomplete(self.path, group) from None
        return node.to_dataset(inherit=False)

    @property
    def extent(self) -> tuple[int, ...]:
        """Extents of a lattice; () of another graph, and of networks."""
        return tuple(int(n) for n in np.atleast_1d(self.data["model"].attrs.get("extent", ())))

    @property
    def phi(self) -> np.ndarray:
        """The stored fields, float32, ``(chains, draws, *extent)``, of networks (chains, draws, visible units)."""
        if "posterior" not in self.data:
            raise BadInput(
                f"{path_text(self.path)}: no stored fields", "a learn run needs its certificate, a fit its evaluation"
            )
        fields = self.array("posterior/phi")
        return fields.reshape(*fields.shape[:2], *self.extent) if self.extent else fields

    @property
    def config(self) -> str:
        """The effective config, TOML."""
        return self.data.attrs.get("config", "")

    @property
    def provenance(self) -> dict[str, Any]:
        """Version, seed, command, date, host, seconds and more."""
        found = self.data["provenance"].attrs if "provenance" in self.data else {}
        return {str(name): value for name, value in found.items()}

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Everything that the report says, by name (the command line's --json)."""
        return json.loads(_quartic.summary_of(self.path))

    @cached_property
    def checks(self) -> list[Check]:
        """All health checks."""
        return [
            Check(name, Estimate(value, error), threshold, ok, in_python(advice))
            for name, value, error, threshold, ok, advice in _quartic.checks_of(self.path)
        ]

    @property
    def ok(self) -> bool:
        """Whether all health checks hold; `reason` names the first that does not."""
        return all(check.ok for check in self.checks)

    @property
    def reason(self) -> str:
        """Why not `ok`; empty where it is."""
        failed = [check for check in self.checks if not check.ok]
        more = f" (and {len(failed) - 1} more: .checks)" if len(failed) > 1 else ""
        return f"{failed[0].name}: {failed[0].advice}{more}" if failed else ""

    @cached_property
    def finished(self) -> bool:
        """False where it was interrupted: `quartic.resume(result)` goes on."""
        return _quartic.finished_run(self.path)

    @property
    def stop_reason(self) -> str:
        """Why it stopped: converged, epochs_exhausted, draws_done, relative_error, ...; running where it has not."""
        return str(self.data["results/stop_reason"].item())

    def save(self, path: PathLike, *, force: bool = False) -> Path:
        """Write the run file somewhere else.

        Parameters
        ----------
        path : path
            Where.
        force : bool
            Whether to write over a file that exists.

        Returns
        -------
        pathlib.Path
            The new file.

        Raises
        ------
        BadInput
            Where there is a file already, unless `force`.
        """
        file = file_name("save()", path)
        _quartic.require_writable(file, force)
        with in_place_of(file) as fresh:
            shutil.copyfile(self.path, fresh)
        return file

    # --- how it shows ---

    def __repr__(self) -> str:
        verdict = "ok" if self.ok else f"NOT ok, {self.reason}"
        return f"<quartic.{type(self).__name__}: {self._headline()}; {verdict}>"

    def __str__(self) -> str:
        return _quartic.report_of(self.path)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(name)}</td><td style='text-align:left'>"
            f"{html.escape(str(value))}</td></tr>"
            for name, value in self._table().items()
        )
        return f"<div>{html.escape(repr(self))}<table>{rows}</table></div>"

    def _headline(self) -> str:
        return path_text(self.path)

    def _table(self) -> dict[str, Any]:
        return {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickle, (self.path.read_bytes(),)


def _unpickle(content: bytes) -> Result:
    path = temporary_file()
    path.write_bytes(content)
    return Result.of(path, temporary=True)


class OfAction(Result):
    @cached_property
    def action(self) -> Action:
        """The action with the couplings that the run has now."""
        return _quartic.action_of(self.path)

    def _where(self) -> str:
        return str(self.data["model"].attrs.get("description", ""))


class Learned(OfAction):
    @property
    def parameters(self) -> list[str]:
        """Labels of the columns of theta, such as "w[0,1]", "a[5]" or, where tied, "b"."""
        return self.array("history/parameter").tolist()

    @property
    def history(self) -> xarray.Dataset:
        """One row an epoch, row 0 the start."""
        return self._dataset("history")

    @property
    def theta(self) -> np.ndarray:
        """The couplings that `parameters` names."""
        return self._by_parameter({kind: getattr(self.action, kind) for kind in self.kinds})

    @property
    def theta_error(self) -> np.ndarray:
        """Standard errors of `theta`; 0 where not yet moved."""
        return self._by_parameter(self.errors)

    @property
    def expected(self) -> np.ndarray:
        """What theta should be: the target's couplings, or those of the run that the data are of; NaN where unknown."""
        return self.array("history/expected")

    def _by_parameter(self, couplings: dict[str, np.ndarray]) -> np.ndarray:
        """Those of a tied kind are all equal; those of hidden units come behind, and are always free."""
        out, attrs = np.empty(len(self.parameters)), self.data["model"].attrs
        hidden = attrs.get("hidden_units", 0)
        edges = hidden * (len(self.action.r) - hidden) * (1 + attrs.get("gates", 0)) if hidden else 0
        counts = {"w": edges, "r": hidden}
        for kind, columns in self.kinds.items():
            values, behind = couplings[kind], counts.get(kind, 0)
            own = len(columns) - behind
            out[columns[:own]], out[columns[own:]] = values[:own], values[len(values) - behind :]
        return out

    @property
    def kinds(self) -> dict[str, list[int]]:
        """Columns of theta by kind of coupling; gates u are among w."""
        kinds = [label[0].replace("u", "w") for label in self.parameters]
        columns = {kind: [k for k, own in enumerate(kinds) if own == kind] for kind in KINDS}
        return {kind: found for kind, found in columns.items() if found}

    @property
    def errors(self) -> dict[str, np.ndarray]:
        """Standard errors of the couplings by kind, shaped as those of `action`; 0 where frozen."""
        return {kind: self.array(f"model/{kind}_error") for kind in KINDS}

    @property
    def converged(self) -> bool:
        """Whether the couplings stopped moving beyond their errors."""
        return self.stop_reason == "converged"

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Every number of the verdict that has an error; none that the model does not have (NaN)."""
        values = self.arrays("results") if "results" in self.data else {}
        return {
            name: Estimate(value.item(), values[f"{name}_error"].item())
            for name, value in values.items()
            if f"{name}_error" in values and value.ndim == 0 and not np.isnan(value)
        }

    def _headline(self) -> str:
        epochs = int(self.array("history/epoch")[-1])
        return f"{self._where()}, {len(self.parameters)} parameters, {epochs} epochs, {self.stop_reason}"

    def _table(self) -> dict[str, Any]:
        return dict(self.estimates)


class LearnResult(Learned):
    """A learned action: `action`, `errors`, `certificate`, `history`."""

    kind = "learn"

    @property
    def certificate(self) -> dict[str, Estimate]:
        """Free energies, gap and overlap by name; empty where there is none (see `ok` for the verdict)."""
        return self.estimates


def threads_of(n_jobs: int | None) -> int:
    """0 for all cores, as quartic has it."""
    n_jobs = scalar(n_jobs)
    if n_jobs is not None and (isinstance(n_jobs, bool) or not isinstance(n_jobs, int | np.integer)):
        raise BadType(f"n_jobs is {n_jobs!r}", "a number of threads, or None for all cores")
    most = range_of("run.threads").high
    if n_jobs is not None and (n_jobs > most or n_jobs == 0):
        raise BadInput(f"n_jobs is {n_jobs}", f"from 1 to {most}, or None or -1 for all cores")
    return 0 if n_jobs is None or n_jobs < 1 else int(n_jobs)


def plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def action_of_run(run: Result | PathLike) -> Action:
    """The action that a run ended with."""
    found = run if isinstance(run, Result) else Result.of(file_name("Action.from_run()", run))
    if not isinstance(found, OfAction):
        raise BadInput(f"a {found.kind} run has no action", "runs of sample, learn, a field fit or reweight have one")
    return found.action
