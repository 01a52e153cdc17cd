"""A run file made up in Python with the layout of docs/run-file.md, for developing readers and figures."""

import h5py
import numpy as np

import quartic


def write_run(path, *, lattice="square", extent=(4, 4), epochs=400, optimiser="gradient", misfit=0.0, seed=1):
    """Couplings that relax from random starts to the A3 theory; `misfit` > 0 as if A were out of reach."""
    rng = np.random.default_rng(seed)
    graph = quartic.lattice(lattice, list(extent))
    edges, sites = graph.edges, graph.sites
    labels = [f"w[{i},{j}]" for i, j in edges] + [f"a[{i}]" for i in range(sites)] + [f"b[{i}]" for i in range(sites)]
    n_edges, n = len(edges), len(labels)
    expected = np.repeat([1.0, 1.52425, 0.175], [n_edges, sites, sites])
    start = rng.uniform(
        np.repeat([0.2, 1.0, 0.1], [n_edges, sites, sites]), np.repeat([0.6, 2.0, 0.4], [n_edges, sites, sites])
    )
    final = expected * (1 + misfit * rng.normal(size=n))
    epoch = np.arange(epochs + 1)
    if optimiser == "natural":
        decay = (epoch == 0).astype(float)[:, None]
    else:
        decay = np.exp(-epoch[:, None] / rng.uniform(5, 40, size=n))
    theta = final + (start - final) * decay + 1e-5 * rng.normal(size=(epochs + 1, n)) * (epoch[:, None] > 0)
    distance = np.linalg.norm(theta - final, axis=1)
    variance = 8 * misfit**2 * n + distance**2
    ess = np.exp(-np.minimum(variance, 6))

    chains, draws = 256, 16
    phi = rng.normal(size=(chains, draws, sites)).astype(np.float32)
    action = 0.5 * rng.chisquare(sites, size=(chains, draws))
    target = action + np.sqrt(variance[-1]) * rng.normal(size=(chains, draws)) + 0.3 * misfit

    with h5py.File(path, "w") as file:
        file["config"] = '[graph]\nlattice = "square"\n'
        provenance = file.create_group("provenance")
        provenance.attrs.update(version="0.1.0", seed=np.uint64(seed), simd_target="AVX2", layout_version=1)
        model = file.create_group("model")
        model.attrs.update(
            lattice=lattice,
            description=repr(graph),
            extent=np.array(extent, np.int32),
            periodic=np.ones(len(extent), np.uint8),
        )
        model["edges"] = edges
        model["w"], model["a"], model["b"] = np.split(theta[-1], [n_edges, n_edges + sites])
        model["r"] = np.zeros(sites)
        history = file.create_group("history")
        history["epoch"] = epoch.astype(np.int32)
        history["parameter"] = labels
        history["theta"] = theta
        history["theta_error"] = np.where(epoch[:, None] > 0, 1e-3 * np.ones((1, n)), np.nan)
        history["expected"] = np.full(n, np.nan) if misfit else expected
        for name, value in (("gradient_norm", distance + 1e-3), ("action_variance", variance), ("weight_ess", ess)):
            history[name] = value * (1 + 0.03 * rng.normal(size=epochs + 1))
            history[f"{name}_error"] = 0.06 * value
        history["acceptance"] = np.full(epochs + 1, 0.8)
        results = file.create_group("results")
        gap = variance[-1] / 2
        for name, value, error in (
            ("free_energy", -20.5, 0.003),
            ("free_energy_forward", -20.5, 0.005),
            ("free_energy_reverse", -20.5, 0.005),
            ("free_energy_upper", -20.4, 0.005),
            ("free_energy_lower", -20.6, 0.005),
            ("variational_free_energy", -20.4, 0.004),
            ("target_free_energy", -20.4 - gap, 0.004),
            ("gap", gap, 0.002),
            ("half_variance", gap * 1.02, 0.002),
            ("weight_ess", ess[-1], 0.01),
            ("annealing_ess", 0.74, 0.01),
        ):
            results[name], results[f"{name}_error"] = value, error
        results["ok"], results["converged"] = np.uint8(1), np.uint8(1)
        results["stop_reason"], results["reason"] = "converged", ""
        posterior = file.create_group("posterior")
        posterior["phi"], posterior["action"], posterior["target"] = phi, action, target
        file.create_group("sample_stats")["lp"] = -action
    return path
