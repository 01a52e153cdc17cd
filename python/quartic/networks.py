"""Graphs of networkx."""

from typing import Any

import numpy as np

from ._quartic import Graph, lattice
from .errors import BadInput, BadType


def from_networkx(graph: Any) -> Graph:
    """Nodes in their order there, their names as `labels`. Raises BadInput for directed graphs and self-loops."""
    if not hasattr(graph, "is_directed"):
        raise BadType(f"{type(graph).__name__} is no networkx graph", "networkx.Graph(...)")
    if graph.is_directed():
        raise BadInput("the networkx graph is directed, an action's is not", "graph.to_undirected()")
    number = {node: k for k, node in enumerate(graph.nodes)}
    edges = np.array([(number[i], number[j]) for i, j in graph.edges()], dtype=np.int64).reshape(-1, 2)
    loops = np.flatnonzero(edges[:, 0] == edges[:, 1])
    if len(loops):
        raise BadInput(
            f"node {list(graph.nodes)[edges[loops[0], 0]]!r} is joined to itself", "a phi_i^2 has coupling a_i"
        )
    out = Graph(len(number), edges, duplicates="add")
    out.labels = list(number)
    return out


def rebuild(parts: tuple[Any, ...], labels: list[Any] | None) -> Graph:
    """What pickle makes a graph of: name, extent and boundary of a lattice, or sites and edges."""
    if len(parts) == 3:
        graph = lattice(*parts)
    else:
        sites, edges = parts
        graph = Graph(sites, edges, duplicates="add")
    graph.labels = labels
    return graph


def to_networkx(graph: Graph) -> Any:
    """A MultiGraph, since parallel edges count."""
    import networkx

    names = graph.labels or range(graph.sites)
    out = networkx.MultiGraph()
    out.add_nodes_from(names)
    out.add_edges_from((names[i], names[j]) for i, j in graph.edges.tolist())
    return out
