"""What the program writes, against docs/run-file-layout.json and against what reads it."""

import json
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
from layout_table import table
from program import QUARTIC as PROGRAM
from program import needs_program

import quartic

ROOT = Path(__file__).parents[2]
pytestmark = needs_program


LAYOUT = ROOT / "docs/run-file-layout.json"


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """A run file of each kind."""
    folder = tmp_path_factory.mktemp("runs")
    learn, sample, reweight = (folder / f"{kind}.h5" for kind in ("learn", "sample", "reweight"))
    config = ROOT / "examples/02-longer-range/run.toml"
    subprocess.run([PROGRAM, "learn", config, "-o", learn, "--quiet", "--set", "learn.epochs=3"], check=True)
    small = ("--set", "sampler.chains=64", "--set", "sample.draws=100", "--set", "output.draws=30")
    subprocess.run([PROGRAM, "sample", learn, "-o", sample, "--quiet", *small], check=True)
    subprocess.run([PROGRAM, "reweight", learn, "--anneal", "-o", reweight, "--quiet"], check=True)
    fit_config = folder / "fit.toml"
    fit_config.write_text(
        f"[graph]\nextent = [4, 4]\n[data]\npath = '{sample}'\nheld_out = 0.3\n[sampler]\nchains = 64\n"
        "[evaluation]\nchains = 64\nerror = 0.1\n"
    )
    fit = folder / "fit.h5"
    subprocess.run([PROGRAM, "fit", fit_config, "-o", fit, "--quiet", "--set", "fit.epochs=3"], check=True)
    hidden, units = folder / "hidden.h5", ("--set", "model.hidden_units=2", "--set", "fit.epochs=3")
    subprocess.run([PROGRAM, "fit", fit_config, "-o", hidden, "--quiet", *units], check=True)
    network = folder / "network.h5"
    as_network = ("--set", "model.kind=network", "--set", "model.hidden_units=3", "--set", "training.rungs=2")
    as_network += ("--set", "training.snapshots=true")
    subprocess.run(
        [PROGRAM, "fit", fit_config, "-o", network, "--quiet", *as_network, "--set", "training.epochs=2"], check=True
    )
    exact = folder / "exact.h5"
    exactly = ("model.kind=network", "model.hidden_units=2", "data.scaling=power-whiten", "data.columns=0-4")
    settings = [part for setting in (*exactly, "training.iterations=20") for part in ("--set", setting)]
    subprocess.run([PROGRAM, "fit", fit_config, "-o", exact, "--quiet", *settings], check=True)
    begun = folder / "begun.h5"
    chains = ("model.kind=network", "model.hidden_units=16", "data.scaling=whiten", "data.columns=0-4")
    settings = [part for setting in (*chains, "training.iterations=20") for part in ("--set", setting)]
    subprocess.run([PROGRAM, "fit", fit_config, "-o", begun, "--quiet", *settings], check=True)
    stack = folder / "stack.h5"
    as_stack = (*as_network, "--set", "model.kind=stack", "--set", "model.hidden_units=[3, 2]")
    subprocess.run(
        [PROGRAM, "fit", fit_config, "-o", stack, "--quiet", *as_stack, "--set", "training.epochs=2"], check=True
    )
    return {
        "learn": learn, "sample": sample, "reweight": reweight, "fit": fit, "network": network, "exact": exact,
        "begun": begun, "stack": stack, "hidden": hidden,
    }  # fmt: skip


def written_by(group):
    written = set()
    group.visititems(lambda name, item: written.add(name) if isinstance(item, h5py.Dataset) else None)
    return written


def holds(group, entries):
    """The group holds these entries, with their types and dimensions, and nothing else but groups of layers."""
    for entry in entries:
        inner, _, attribute = entry["path"].partition("@")
        if set(entry["kinds"].values()) == {"hidden units"} and "hidden_units" not in group["model"].attrs:
            continue
        if attribute:
            assert attribute in group[inner].attrs, entry["path"]
            continue
        if entry["path"] not in group and set(entry["kinds"].values()) <= {"wells not joined", "named columns"}:
            continue
        data = group[entry["path"]]
        stored = "string" if h5py.check_string_dtype(data.dtype) else data.dtype.name
        assert stored in entry["type"], entry["path"]
        names = [dimension[0].name.split("/")[-1] for dimension in data.dims if len(dimension)]
        assert (names or [entry["path"].split("/")[-1]] * data.is_scale) == entry["dims"], entry["path"]
    written = {name for name in written_by(group) if not name.startswith("layer_")}
    assert written <= {entry["path"] for entry in entries}


EXACT = ("gates", "powers", "axes", "powers or axes", "learned exactly", "epochs auto", "remarks", "two-valued")
CHAINS = ("by chains", "tempered", "snapshots", "epochs auto", "remarks", "two-valued")


def entries_of(kind, without=(), when_not=EXACT):
    entries = json.loads(LAYOUT.read_text())["entries"]
    there = [e for e in entries if kind in e["kinds"] and not e["path"].startswith(without)]
    return [e for e in there if e["kinds"][kind] not in when_not]


@pytest.mark.parametrize("kind", ["learn", "sample", "reweight", "fit", "network", "stack"])
def test_layout_is_the_documented_one(paths, kind):
    with h5py.File(paths[kind]) as file:
        assert file["provenance"].attrs["kind"] == kind
        holds(file, entries_of(kind))


def test_layout_of_a_network_that_is_learned_exactly(paths):
    with h5py.File(paths["exact"]) as file:
        holds(file, entries_of("network", when_not=CHAINS))


def test_layout_of_chains_that_begin_with_what_is_exact(paths):
    with h5py.File(paths["begun"]) as file:
        assert file["density"].attrs["start"] == 1
        not_there = ("gates", "tempered", "snapshots", "remarks", "two-valued")
        holds(file, entries_of("network", when_not=not_there))


def test_layout_of_hidden_units_is_the_documented_one(paths):
    with h5py.File(paths["hidden"]) as file:
        holds(file, entries_of("fit"))


def test_layers_are_laid_out_as_networks(paths):
    with h5py.File(paths["stack"]) as file:
        assert [name for name in file if name.startswith("layer_")] == ["layer_1", "layer_2"]
        shared = ("config", "provenance")
        holds(file["layer_1"], entries_of("network", (*shared, "data", "observed_data")))
        not_there = (*EXACT[:-1], "scaled", "held out, scaled", "real-valued")
        holds(file["layer_2"], entries_of("network", shared, not_there))


def test_page_has_the_table():
    assert table(json.loads(LAYOUT.read_text())) in (ROOT / "docs/run-file.md").read_text()


def same_action(run):
    """The model's S of the stored fields is the stored action."""
    model = run.data["model"]
    graph = quartic.lattice(model.attrs["lattice"], run.extent, periodic=model.attrs["periodic"].astype(bool).tolist())
    assert np.array_equal(graph.edges, model["edges"].values)
    action = quartic.Action(graph, **{kind: model[kind].values for kind in "wrab"})
    stored = run.array("posterior/action")
    np.testing.assert_allclose(action(run.phi), stored, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(run.action(run.phi), action(run.phi))


def test_reader_and_program_agree_on_learning(paths):
    run = quartic.open(paths["learn"])
    assert np.array_equal(run.history["theta"].values[-1, run.kinds["w"]], run.action.w)
    assert np.array_equal(run.history["theta"].values[-1], run.theta)
    assert set(run.estimates) >= {"free_energy", "gap", "half_variance", "weight_ess"}
    same_action(run)


def test_reader_and_program_agree_on_fitting(paths):
    run = quartic.open(paths["fit"])
    for kind, columns in run.kinds.items():
        assert np.array_equal(run.theta[columns], run.data[f"model/{kind}"].values)
    assert set(run.estimates) >= {"free_energy", "log_likelihood", "held_out_log_likelihood", "score_matching"}
    same_action(run)


def test_reader_and_program_agree_on_sampling(paths):
    run = quartic.open(paths["sample"])
    assert isinstance(run, quartic.SampleResult) and run.draws == 100
    same_action(run)
    chains, draws, *extent = run.phi.shape
    assert chains == 64 and 15 <= draws <= 30 and tuple(extent) == run.extent
    np.testing.assert_allclose(run.phi.mean((-2, -1)), run.data["posterior/m"], atol=1e-6)
    for name, series in run.series.items():
        observable = run.observables[name]
        assert series.shape == (64, 100 // run.bin_length)
        assert observable.value == pytest.approx(series.mean()) and observable.error > 0
    # The two-point functions and the observables are the same numbers: sum_x <phi(0) phi(x)> = S(0) = V <m^2>.
    factor, correlation = run.two_point["structure_factor"], run.two_point["correlation"]
    assert factor.shape == run.extent
    assert correlation.sum() == pytest.approx(factor[0, 0])
    assert (
        abs(factor[0, 0] - run.observables["susceptibility"].value) < 6 * run.two_point["structure_factor_error"][0, 0]
    )


def test_annealed_configurations_carry_their_weights(paths):
    run = quartic.open(paths["reweight"])
    same_action(run)
    results = run.data["results"]
    stored, action = (run.data[f"posterior/{name}"].values for name in ("log_weight", "action"))
    assert stored.shape == action.shape == run.phi.shape[:2]
    assert results["annealing_reason"].item() == "" and results["annealing_ess_error"] > 0
    # One point: the target A of the learn run. Its mean phi^2 from configurations and weights in numpy.
    graph = quartic.lattice("king", run.extent)
    target = quartic.Action(graph, w=1.0, a=1.52425, b=0.175)(run.phi)
    log_weight = stored + action - target
    weight = np.exp(log_weight - log_weight.max())
    mean = (weight * (run.phi.astype(float) ** 2).mean((-2, -1))).sum() / weight.sum()
    found = run["phi2"].real
    assert mean == pytest.approx(found.value, abs=found.error / 10)
    assert weight.sum() ** 2 / (weight**2).sum() / weight.size == pytest.approx(run.weight_ess[0], rel=1e-2)
    assert all(results[name].dims == ("point",) for name in ("weight_ess", "phase", "ok", "reason"))


def test_xarray_opens_it(paths):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    with xarray.open_dataset(paths["learn"], group="posterior", engine="h5netcdf") as fields:
        assert fields["phi"].dims == ("chain", "draw", "site")
