"""Run files made up in Python with the layout of docs/run-file.md, for developing readers and figures."""

import h5py
import numpy as np

import quartic


def put_axes(group, **axes):
    """The dimension scales of a group."""
    for name, values in axes.items():
        group[name] = values
        group[name].make_scale(name)


def put(group, name, values, *axes):
    """A dataset with the dimension scales of these names."""
    group[name] = values
    for dimension, axis in zip(group[name].dims, axes, strict=True):
        dimension.attach_scale(group[axis])


def put_model(file, graph, **attributes):
    """The graph of a run; its couplings are put by the caller."""
    model = file.create_group("model")
    model.attrs.update(description=repr(graph), **attributes)
    if graph.extent:
        extent = np.array(graph.extent, np.int32)
        model.attrs.update(extent=extent, periodic=np.ones(len(extent), np.uint8))
    numbers = {"site": graph.sites, "edge": len(graph.edges), "end": 2}
    put_axes(model, **{axis: np.arange(n, dtype=np.int32) for axis, n in numbers.items()})
    put(model, "edges", graph.edges, "edge", "end")
    return model


def write_run(path, *, lattice="square", extent=(4, 4), epochs=400, optimiser="gradient", misfit=0.0, seed=1):
    """Couplings that relax from random starts to the A3 theory; `misfit` > 0 as if A were out of reach."""
    rng = np.random.default_rng(seed)
    graph = quartic.lattice(lattice, extent)
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
        model = put_model(file, graph, lattice=lattice)
        w, a, b = np.split(theta[-1], [n_edges, n_edges + sites])
        for kind, values in (("w", w), ("r", np.zeros(sites)), ("a", a), ("b", b)):
            axis = "edge" if kind == "w" else "site"
            put(model, kind, values, axis)
            put(model, f"{kind}_error", np.full(len(values), 0 if kind == "r" else 1e-3), axis)
        history = file.create_group("history")
        put_axes(history, epoch=epoch.astype(np.int32), parameter=labels)
        put(history, "theta", theta, "epoch", "parameter")
        errors = np.where(epoch[:, None] > 0, 1e-3 * np.ones((1, n)), np.nan)
        put(history, "theta_error", errors, "epoch", "parameter")
        put(history, "expected", np.full(n, np.nan) if misfit else expected, "parameter")
        for name, value in (("gradient_norm", distance + 1e-3), ("action_variance", variance), ("weight_ess", ess)):
            put(history, name, value * (1 + 0.03 * rng.normal(size=epochs + 1)), "epoch")
            put(history, f"{name}_error", 0.06 * value, "epoch")
        put(history, "acceptance", np.full(epochs + 1, 0.8), "epoch")
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
        put_fields(file, phi, action=action, target=target)
    return path


def put_fields(file, phi, **more):
    """The stored fields and what goes with each."""
    chains, draws, sites = phi.shape
    axes = {"chain": np.arange(chains), "draw": np.arange(draws)}
    posterior, stats = file.create_group("posterior"), file.create_group("sample_stats")
    put_axes(posterior, **axes, site=np.arange(sites))
    put(posterior, "phi", phi, "chain", "draw", "site")
    for name, values in more.items():
        put(posterior, name, values, "chain", "draw")
    put_axes(stats, **axes)
    put(stats, "lp", -more["action"], "chain", "draw")


def write_sample(path, *, extent=(6, 6), draws=60, seed=1):
    """A sample of independent Gaussians, on a lattice or, without an extent, on an edge list of 10 sites."""
    rng = np.random.default_rng(seed)
    path_of_ten = [[k, k + 1] for k in range(9)]
    graph = quartic.lattice("square", extent) if extent else quartic.Graph(10, path_of_ten)
    chains, sites = 32, graph.sites
    phi = rng.normal(size=(chains, draws, sites)).astype(np.float32)
    series = {"m": phi.mean(-1), "phi2": (phi**2).mean(-1), "phi4": (phi**4).mean(-1)}
    series |= {"m2": series["m"] ** 2, "abs_m": np.abs(series["m"])}
    names = list(series)

    with h5py.File(path, "w") as file:
        file["config"] = '[graph]\nlattice = "square"\n'
        provenance = file.create_group("provenance")
        provenance.attrs.update(version="0.1.0", kind="sample", seed=np.uint64(seed), layout_version=2)
        model = put_model(file, graph, lattice="square" if extent else "")
        put(model, "w", np.zeros(len(graph.edges)), "edge")
        for kind in "rab":
            put(model, kind, np.full(sites, 0.5 if kind == "a" else 0.0), "site")
        results = file.create_group("results")
        n = chains * max(draws, 1)
        put_axes(results, observable=names, move=["independence"], site=np.arange(sites, dtype=np.int32))
        columns = {
            "meaning": names, "reason": [""] * len(names), "ok": np.ones(len(names), np.uint8),
            "value": [float(x.mean()) if draws else 0.0 for x in series.values()],
            "error": [float(x.std()) / np.sqrt(n) if draws else 0.0 for x in series.values()],
        }  # fmt: skip
        for name, value in (("tau", 0.5), ("tau_error", 0.01), ("ess", float(n)), ("r_hat", 1.0)):
            columns[name] = np.full(len(names), value)
        for name, values in columns.items():
            put(results, name, values, "observable")
        results["stop_reason"], results["schedule"] = "draws_done", "made up"
        put(results, "acceptance", [0.9], "move")
        if extent:
            power = np.abs(np.fft.fftn(phi.reshape(chains, draws, *extent), axes=(-2, -1))) ** 2 / sites
            for name, x in (("structure_factor", power), ("correlation", np.fft.ifftn(power, axes=(-2, -1)).real)):
                by_chain = x.reshape(chains, -1, sites).mean(1) if draws else np.ones((chains, sites))
                put(results, name, by_chain.mean(0), "site")
                put(results, f"{name}_error", by_chain.std(0) / np.sqrt(chains), "site")
        measurement = file.create_group("measurement")
        put_axes(measurement, observable=names, chain=np.arange(chains), bin=np.arange(draws))
        put(measurement, "bins", np.array(list(series.values())), "observable", "chain", "bin")
        measurement.attrs.update(draws=np.uint64(draws), bin_length=np.int32(1))
        averages = {name: series[name] for name in ("m", "phi2", "phi4")}
        put_fields(file, phi, action=0.5 * (phi**2).sum(-1), **averages)
    return path
