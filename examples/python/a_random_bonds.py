"""A random-bond action on a networkx graph, sampled, and summarised by ArviZ."""

import arviz
import networkx
import numpy as np
import quartic

graph = quartic.Graph.from_networkx(networkx.random_regular_graph(3, 20, seed=1))
bonds = np.random.default_rng(0).choice([-0.5, 0.5], len(graph.edges))
result = quartic.sample(quartic.Action(graph, w=bonds, a=-0.5, b=0.25), chains=256, draws=500, random_state=1)
data = arviz.from_datatree(result.data) if hasattr(arviz, "from_datatree") else result.data  # ArviZ 0.2x
print(result, arviz.summary(data, var_names=["m", "phi2"]).to_string(), sep="\n")
