"""The referee: whether configurations from anywhere follow exp(-S)."""

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import _quartic
from ._quartic import Action, Graph
from .arguments import at_most, number, require_unmasked
from .configs import action_of, make_config
from .errors import BadInput, BadType, in_python
from .progress import Watch
from .ranges import Range
from .ranks import is_root, on_root
from .results import Check, Estimate
from .runs import Result
from .sampled import SampleResult
from .seeds import RandomState, seed_of


class Judgement:
    """What `judge` found. `print` shows the whole table.

    Attributes
    ----------
    ok : bool
        Whether nothing speaks against exp(-S); `verdict` is "passed", "WRONG" or "undecided".
    p_value : float
        Of all tests together, corrected for their number; uniform where the fields are right. `level` is where wrong
        begins.
    findings : list of str
        What is wrong, in words, the gravest first.
    checks : list of Check
        One a family of tests, with the family's p-value, and the other conditions.
    families : list of dict
        By family: number of tests, p-value, and the worst statistics with value, expected value and z.
    couplings : dict of Estimate
        Where the tied sums are off: by how much of itself each kind of coupling would have to differ, it alone, for
        the fields to be right. `likely` are those that explain the other tied sums, too.
    weights : dict or None
        With logq: ess, pareto_shape, log_z, kl, and the p-value without weights.
    effective : float
        Independent configurations.
    reference : dict
        The run that the fields were held against.
    """

    ok: bool
    verdict: str
    p_value: float
    level: float
    findings: list[str]
    checks: list[Check]
    families: list[dict[str, Any]]
    couplings: dict[str, Estimate]
    likely: list[str]
    weights: dict[str, Any] | None
    effective: float
    reference: dict[str, Any]

    def __init__(self, found: Mapping[str, Any], text: str):
        self.ok, self.verdict = bool(found["ok"]), str(found["verdict"])
        self.p_value, self.level, self.effective = found["p_value"], found["level"], found["effective"]
        self.findings, self.reference = [in_python(f) for f in found["findings"]], dict(found["reference"])
        self.families = [{**f, "worst": [_estimates(s) for s in f["worst"]]} for f in found["families"]]
        self.checks = [
            Check(c["check"], _estimate(c["value"]), c["threshold"], c["ok"], in_python(c["advice"]))
            for c in found["checks"]
        ]
        self.couplings = {c["name"]: _estimate(c["change"]) for c in found["couplings"]}
        self.likely = [c["name"] for c in found["couplings"] if c["sufficient"]]
        self.weights = None if found["weights"] is None else _estimates(found["weights"])
        self._text = in_python(text)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        more = f"; {self.findings[0]}" if self.findings else ""
        return f"<quartic.Judgement: {self.verdict}, p = {self.p_value:.2g}{more}>"

    def _repr_html_(self) -> str:
        cells = "<td style='text-align:left'>{}</td>"
        rows = "".join(
            "<tr>" + "".join(cells.format(html.escape(text)) for text in row) + "</tr>"
            for row in (
                (c.name, f"{c.value.value:.3g}", c.threshold, "ok" if c.ok else f"FAILED: {c.advice}")
                for c in self.checks
            )
        )
        return f"<div>{html.escape(repr(self))}<table>{rows}</table></div>"


def _estimate(found: Mapping[str, Any]) -> Estimate:
    return Estimate(*(float("nan") if found[part] is None else float(found[part]) for part in ("value", "error")))


def _estimates(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _estimate(value) if isinstance(value, Mapping) and value.keys() == {"value", "error"} else value
        for key, value in found.items()
    }


def _fields(phi: Any, graph: Graph, place: str, one_chain: bool) -> np.ndarray:
    """As (chain, draw, site)."""
    if isinstance(phi, SampleResult):
        phi = phi.phi
    require_unmasked(phi)
    try:
        values = np.asarray(phi)
    except ValueError:
        raise BadType(f"{place}: phi is no array", "fields of shape (n, *extent)") from None
    if values.dtype.kind not in "fiub":
        raise BadType(f"{place}: phi must be real numbers, not {values.dtype}", "fields of shape (n, *extent)")
    sites = graph.sites
    extent = tuple(graph.extent or (sites,))
    for row in (extent, (sites,)):
        lead = values.shape[: values.ndim - len(row)]
        if len(lead) in (1, 2) and values.shape[len(lead) :] == row and values.size:
            chains = 1 if one_chain else lead[0]
            if one_chain and len(lead) == 2:
                raise BadInput(f"{place}: phi holds {lead[0]} chains, not one", "leave one_chain out")
            return np.ascontiguousarray(values.reshape(chains, -1, sites), float)
    raise BadInput(
        f"{place}: phi of shape {values.shape} holds no fields on {graph!r}",
        f"(rows, *{extent}) of independent rows, or (chains, draws, *{extent})",
    )


def judge(
    action: Action | Result,
    phi: Any,
    logq: np.ndarray | Sequence[float] | None = None,
    *,
    one_chain: bool = False,
    level: float = 1e-3,
    progress: bool | None = None,
    random_state: RandomState = None,
    n_jobs: int | None = None,
    settings: Mapping[str, Any] | None = None,
    comm: Any = None,
) -> Judgement:
    """Judge whether fields from anywhere (a flow, a diffusion model, another code) follow exp(-S) / Z.

    They are held against identities that every sample obeys (Schwinger-Dyson equations by term, site, edge and mode),
    the symmetries of S, and moments and structure factor of a reference run of quartic's own sampler; repeated rows
    are a proof by themselves. All p-values are corrected for the number of tests (docs/judge.md).

    Parameters
    ----------
    action : Action or result
        S.
    phi : array
        Fields of shape ``(row, *extent)``, rows said to be independent, or ``(chain, draw, *extent)``, whose
        autocorrelation is measured; the sites may also be one axis. 64 configurations or more.
    logq : array, optional
        Logarithm of each row's density under what made it. Then the rows with weights exp(-S) / q are judged, and
        their ESS, ln Z and KL(q||p) are given. A constant may be missing, but from ln Z.
    one_chain : bool
        The rows are draws of one Markov chain, in their order.
    level : float
        Fields are called wrong where the p-value is below: so often right ones are.
    progress, random_state, n_jobs, settings : optional
        As of `sample`, of the reference run.
    comm : mpi4py.MPI.Comm, optional
        Whose ranks share the work, all with the same fields; rank 0 gets the judgement, the others None.

    Returns
    -------
    Judgement
        The verdict, and what it rests on.

    Raises
    ------
    BadInput
        Where fields are not on the action's graph, are too few, or have values that are not finite.

    Examples
    --------
    >>> import numpy, quartic
    >>> S = quartic.Action(quartic.lattice("square", 4), w=0, a=1, b=0)  # 16 Gaussians of variance 1/2
    >>> phi = numpy.random.default_rng(1).normal(0, 0.5**0.5, (2000, 4, 4))
    >>> quartic.judge(S, phi, random_state=1).ok
    True
    >>> quartic.judge(S, 1.03 * phi, random_state=1).verdict
    'WRONG'
    """
    place = "quartic.judge()"
    level = number(place, "level", level, Range(0, 0.5, low_excluded=True, integer=False))
    action = action_of(action, place)
    fields = _fields(phi, action.graph, place, one_chain)
    density = None
    if logq is not None:
        require_unmasked(logq)
        at_most(place, "logq", logq, fields[..., 0].size)
        density = np.asarray(logq)
        if density.dtype.kind not in "fiu":
            raise BadType(f"{place}: logq must be real numbers, not {density.dtype}", "one value a row")
        rows = fields[..., 0].size
        if density.size == rows and density.shape not in (fields.shape[:-1], (rows,)):
            raise BadInput(
                f"{place}: logq has the shape {density.shape}, the configurations {fields.shape[:-1]}",
                "one value a configuration",
            )
        density = np.ascontiguousarray(density.reshape(-1), float)
    config = make_config(place, {}, settings, on_root(comm, lambda: seed_of(random_state)), n_jobs)
    config.set_graph(action.graph)
    config.set_couplings(action)
    watch = Watch(None, progress, comm=comm)
    try:
        found, text = _quartic.judge_fields(config, fields, density, level, watch)
    finally:
        watch.close()
    if not is_root(comm):
        return None  # type: ignore[return-value]
    return Judgement(json.loads(found), text)
