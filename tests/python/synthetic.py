"""Run files made up in Python with the layout of docs/run-file.md, for developing readers and figures."""

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


def write_sample(path, *, extent=(6, 6), draws=60, seed=1):
    """A sample of independent Gaussians, on a lattice or, without an extent, on an edge list of 10 sites."""
    rng = np.random.default_rng(seed)
    edges = quartic.lattice("square", list(extent)).edges if extent else np.array([[k, k + 1] for k in range(9)])
    chains, sites = 32, int(np.prod(extent)) if extent else 10
    phi = rng.normal(size=(chains, draws, sites)).astype(np.float32)
    series = {"m": phi.mean(-1), "phi2": (phi**2).mean(-1), "phi4": (phi**4).mean(-1)}
    series |= {"m2": series["m"] ** 2, "abs_m": np.abs(series["m"])}
    names = list(series)

    with h5py.File(path, "w") as file:
        file["config"] = '[graph]\nlattice = "square"\n'
        provenance = file.create_group("provenance")
        provenance.attrs.update(version="0.1.0", kind="sample", seed=np.uint64(seed), layout_version=2)
        model = file.create_group("model")
        model.attrs.update(lattice="square" if extent else "", description="made up")
        if extent:
            model.attrs.update(extent=np.array(extent, np.int32), periodic=np.ones(len(extent), np.uint8))
        model["edges"], model["w"] = edges, np.zeros(len(edges))
        model["r"], model["a"], model["b"] = np.zeros(sites), np.full(sites, 0.5), np.zeros(sites)
        results = file.create_group("results")
        n = chains * max(draws, 1)
        results["observable"], results["meaning"], results["reason"] = names, names, [""] * len(names)
        results["value"] = [x.mean() if draws else 0 for x in series.values()]
        results["error"] = [x.std() / np.sqrt(n) if draws else 0 for x in series.values()]
        for name, value in (("tau", 0.5), ("tau_error", 0.01), ("ess", n), ("r_hat", 1.0)):
            results[name] = np.full(len(names), value)
        results["ok"] = np.ones(len(names), np.uint8)
        results["stop_reason"], results["schedule"] = "draws_done", "made up"
        results["move"], results["acceptance"] = ["independence"], [0.9]
        if extent:
            power = np.abs(np.fft.fftn(phi.reshape(chains, draws, *extent), axes=(-2, -1))) ** 2 / sites
            for name, x in (("structure_factor", power), ("correlation", np.fft.ifftn(power, axes=(-2, -1)).real)):
                by_chain = x.reshape(chains, -1, sites).mean(1) if draws else np.ones((chains, sites))
                results[name] = by_chain.mean(0)
                results[f"{name}_error"] = by_chain.std(0) / np.sqrt(chains)
        measurement = file.create_group("measurement")
        measurement["observable"], measurement["bins"] = names, np.array(list(series.values()))
        measurement.attrs.update(draws=np.uint64(draws), bin_length=np.int32(1))
        posterior = file.create_group("posterior")
        posterior["phi"], posterior["action"] = phi, 0.5 * (phi**2).sum(-1)
        for name in ("m", "phi2", "phi4"):
            posterior[name] = series[name]
    return path
