"""Runs in Python: exact values, the command line's bits, functions of the user's, interruption, results."""

import contextlib
import copy
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from children import default_signals

import quartic
from quartic.progress import Watch

ROOT = Path(__file__).parents[2]
A3 = {"nn": -1.0, "phi2": 1.52425, "phi4": 0.175}


def action(extent=4, **couplings):
    return quartic.Action(quartic.lattice("square", extent), **({"w": 1, "a": 1.52425, "b": 0.175} | couplings))


def numbers(run):
    """All of a run's numbers that neither time nor place decide."""
    found = {}
    for node in run.data.subtree:
        for name, values in node.to_dataset(inherit=False).variables.items():
            if values.dtype.kind in "fiu":
                found[f"{node.path}/{name}"] = values.values
    return found


def same_bits(one, other):
    left, right = numbers(one), numbers(other)
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


# --- actions ---


def test_gradient_and_features_are_derivatives_of_the_action():
    random = np.random.default_rng(0)
    S = action(w=random.normal(size=32), r=random.normal(size=16), a=random.normal(size=16), b=random.random(16))
    phi = random.normal(size=(3, 4, 4))
    step = 1e-6
    for site in range(16):
        moved = phi.reshape(3, 16).copy()
        moved[:, site] += step
        back = moved.copy()
        back[:, site] -= 2 * step
        slope = (S(moved) - S(back)) / (2 * step)
        np.testing.assert_allclose(S.gradient(phi).reshape(3, 16)[:, site], slope, rtol=1e-6, atol=1e-7)
    theta = np.concatenate([S.w, S.r, S.a, S.b])
    np.testing.assert_allclose(S.features(phi) @ theta, S(phi), rtol=1e-12)


def test_fields_in_the_shape_of_the_lattice_or_flat():
    S, phi = action(), np.random.default_rng(1).normal(size=(5, 2, 4, 4))
    assert S(phi).shape == (5, 2) and S(phi[0, 0]).shape == ()
    np.testing.assert_array_equal(S(phi), S(phi.reshape(5, 2, 16)))
    np.testing.assert_array_equal(S(phi.tolist()), S(phi))


def test_graphs_and_actions_pickle_and_copy():
    networkx = pytest.importorskip("networkx")
    graph = quartic.Graph.from_networkx(networkx.path_graph(["x", "y", "z"]))
    assert graph.labels == ["x", "y", "z"] and set(graph.to_networkx().edges()) == {("x", "y"), ("y", "z")}
    S = quartic.Action(graph, w=[0.5, -0.5], a=1, b=[0, 1, 2])
    for other in (pickle.loads(pickle.dumps(S)), copy.deepcopy(S), copy.copy(S)):
        np.testing.assert_array_equal(other.b, S.b)
        np.testing.assert_array_equal(other.w, S.w)
    assert pickle.loads(pickle.dumps(graph)).labels == graph.labels
    open_strip = quartic.lattice("square", [3, 5], [True, False])
    assert pickle.loads(pickle.dumps(open_strip)).same_as(open_strip)


@pytest.mark.parametrize(
    ("name", "sites"), [("chain", 6), ("square", 36), ("cubic", 216), ("king", 36), ("complete", 6)]
)
def test_one_number_is_an_extent(name, sites):
    assert quartic.lattice(name, 6).sites == sites


# --- sampling ---


def test_uncoupled_sites_of_given_couplings_have_their_exact_moments():
    """w = 0 and another a, b, r at every site: <phi^2> by quadrature; p-value by seed, so 4.5 errors."""
    random = np.random.default_rng(3)
    a, b, r = random.uniform(-1, 1, 12), random.uniform(0.1, 1, 12), random.normal(size=12)
    S = quartic.Action(quartic.Graph(12, [[k, (k + 1) % 12] for k in range(12)]), a=a, b=b, r=r)
    run = quartic.sample(S, chains=256, draws=400, random_state=4)
    exact = quartic.density.moments(a, b, -r)
    assert abs(run["phi2"].value - exact.second.mean()) < 4.5 * run["phi2"].error
    assert abs(run["m"].value - exact.mean.mean()) < 4.5 * run["m"].error
    assert run.ok and run["phi2"].ok and run.phi.shape == (256, 400, 12)


def test_an_own_observable_is_measured_like_those_that_are_known():
    seen = []

    def mine(phi):
        seen.append(phi.shape)
        return (phi**2).mean((1, 2))

    run = quartic.sample(action(), chains=64, draws=100, observables={"mine": mine}, random_state=1)
    known, own = run["phi2"], run["mine"]
    assert own.value == pytest.approx(known.value, rel=1e-6) and own.error == pytest.approx(known.error, rel=1e-5)
    assert own.tau == pytest.approx(known.tau, rel=1e-5) and own.ok
    assert set(seen) == {(64, 4, 4)}  # all chains at once
    until = quartic.sample(action(), chains=64, observables={"mine": mine}, until={"mine": 0.02}, random_state=1)
    assert until.stop_reason == "relative_error" and until["mine"].error <= 0.02 * until["mine"].value


def test_a_function_may_keep_and_change_the_fields():
    kept = []

    def greedy(phi):
        kept.append((phi, phi.copy()))
        total = phi.sum((1, 2))
        phi += 1
        return total

    quartic.sample(action(), chains=64, draws=50, observables={"greedy": greedy}, random_state=1)
    assert all(np.array_equal(phi - 1, copy, equal_nan=False) or np.allclose(phi - 1, copy) for phi, copy in kept)


def test_functions_without_names_do_not_replace_each_other():
    run = quartic.sample(action(), chains=64, draws=50, random_state=1)
    both = quartic.reweight(run, A3, observables=["m2", lambda phi: phi[:, 0, 0] ** 2, lambda phi: phi[:, 1, 0] ** 4])
    assert both.observables == ["m2", "<lambda>", "<lambda>_1"]
    assert both["<lambda>"].value != both["<lambda>_1"].value


def test_a_long_scan_asks_for_its_ends_alone():
    run = quartic.sample(action(), chains=64, draws=50, random_state=1)
    scan = quartic.reweight(run, A3, scan={"phi2": np.linspace(1.5, 1.6, 300)}, observables=["m2"])
    assert len(scan["m2"]) == 300
    for grid, why in (([0.1, -0.1], "normalised"), ([0.1, np.nan], "not finite")):
        with pytest.raises(quartic.BadInput, match=why):
            quartic.reweight(run, A3, scan={"phi4": grid})


def test_a_sampler_in_hand_draws_from_the_action():
    S = action()
    sampler = quartic.Sampler(S, chains=256, random_state=2)
    fields = list(sampler.draws(60, sweeps=3))
    assert fields[0].shape == (256, 4, 4) and fields[0].dtype == np.float32 and not np.shares_memory(*fields[:2])
    phi2 = np.array([(phi**2).mean() for phi in fields])
    reference = quartic.sample(S, chains=1024, draws=400, random_state=5)["phi2"]
    error = np.hypot(phi2.std() / np.sqrt(len(phi2) / 2), reference.error)
    assert abs(phi2.mean() - reference.value) < 5 * error
    wide = next(quartic.Sampler(S, chains=16, precision="float64", random_state=2).draws(1))
    assert wide.dtype == np.float64


def test_given_couplings_and_edges_make_a_config_that_gives_the_same_bits(tmp_path):
    random = np.random.default_rng(0)
    S = quartic.Action(
        quartic.Graph(6, [[0, 1], [1, 2], [3, 4]]), w=random.normal(size=3), a=1, b=random.random(6) + 0.1
    )
    run = quartic.sample(S, chains=16, draws=20, random_state=3)
    (tmp_path / "again.toml").write_text(run.config)
    same_bits(run, quartic.run(tmp_path / "again.toml"))
    same_bits(run, quartic.sample(quartic.Action.from_run(run), chains=16, draws=20, random_state=3))


# --- learning ---


def test_a_function_as_target_is_learned_like_the_terms_that_it_is():
    def target(phi):
        pairs = sum((phi * np.roll(phi, 1, axis)).sum((1, 2)) for axis in (1, 2))
        return -pairs + (1.52425 * phi**2 + 0.175 * phi**4).sum((1, 2))

    options = {"random_state": 1, "epochs": 10, "chains": 256, "certificate": False}
    named = quartic.learn(A3, quartic.lattice("square", 4), **options)
    own = quartic.learn(target, quartic.lattice("square", 4), **options)
    mixed = quartic.learn([("nn", -1.0), (lambda phi: (1.52425 * phi**2 + 0.175 * phi**4).sum((1, 2)), 1.0)],
                          quartic.lattice("square", 4), **options)  # fmt: skip
    for run in (own, mixed):
        assert run.converged
        for kind in "wab":
            np.testing.assert_allclose(getattr(run.action, kind), getattr(named.action, kind), atol=1e-6)
    np.testing.assert_allclose(named.action.a, 1.52425, atol=1e-6)


class Diagonal:
    """A_4(g' = .25), known site by site."""

    shifts = ((0, 1, -1.0), (1, 0, -1.0), (1, 1, -0.25), (1, -1, -0.25))

    def __call__(self, phi):
        return self.densities(phi).sum((1, 2))

    def densities(self, phi):
        pairs = sum(c * phi * np.roll(phi, (i, j), (1, 2)) for i, j, c in self.shifts)
        return pairs + 1.52425 * phi**2 + 0.175 * phi**4

    def gradient(self, phi):
        near = sum(c * np.roll(phi, (s * i, s * j), (1, 2)) for i, j, c in self.shifts for s in (1, -1))
        return near + 3.0485 * phi + 0.7 * phi**3


def test_a_function_known_site_by_site_is_learned_in_patches():
    options = {"random_state": 1, "epochs": 3, "chains": 128, "certificate": False}
    graph = quartic.lattice("square", 12)
    own = quartic.learn(Diagonal(), graph, **options)
    named = quartic.learn({**A3, "nnn": -0.25}, graph, **options)
    assert list(own.array("history/solver")[:2]) == ["score", "local"] == list(named.array("history/solver")[:2])
    # The first step is the same but for rounding; then chains go ways of their own.
    np.testing.assert_allclose(own.history["theta"][1], named.history["theta"][1], atol=1e-4)
    assert own.history["action_variance"][-1] < 1.5 * named.history["action_variance"][-1] < 2

    class Wrong(Diagonal):
        def densities(self, phi):
            return super().densities(phi).sum(1)

        def __call__(self, phi):
            return super().densities(phi).sum((1, 2))

    with pytest.raises(quartic.BadInput, match=r"target\.densities returned an array of shape \(\d+, 12\)"):
        quartic.learn(Wrong(), graph, **options, start=quartic.Action(graph, w=0.5, a=1.5, b=0.2))


def test_another_action_is_a_target():
    A = action(w=np.random.default_rng(0).normal(size=32), r=0.1)
    fit = quartic.learn(A, A.graph, freedom={"r": "free"}, random_state=0, chains=256)
    for kind in "wrab":
        np.testing.assert_allclose(getattr(fit.action, kind), getattr(A, kind), atol=1e-5)
    assert fit.ok and fit.errors["w"].shape == (32,)
    assert set(fit.history.sizes) >= {"epoch", "parameter"} and fit.history["theta"].sizes["parameter"] == 80


def test_callbacks_hear_of_every_epoch_and_may_stop():
    heard = []
    fit = quartic.learn(A3, quartic.lattice("square", 4), random_state=1, callback=heard.append, certificate=False)
    assert [row["epoch"] for row in heard] == list(range(len(heard))) and {"gradient_norm", "weight_ess"} <= heard[
        0
    ].keys()
    assert fit.finished
    with pytest.warns(UserWarning, match="resume"):
        stopped = quartic.learn(
            A3, quartic.lattice("square", 4), random_state=1, certificate=False, callback=lambda row: row["epoch"] == 1
        )
    assert not stopped.finished
    same_bits(quartic.resume(stopped), fit)
    with pytest.raises(ZeroDivisionError):
        quartic.learn(A3, quartic.lattice("square", 4), random_state=1, callback=lambda row: 1 / 0)


def test_functions_are_asked_for_again_when_a_run_goes_on():
    with pytest.warns(UserWarning):
        run = quartic.sample(action(), chains=16, draws=10**6, observables={"mine": lambda phi: phi[:, 0, 0]},
                             callback=lambda draw: True, random_state=1)  # fmt: skip
    with pytest.raises(quartic.BadInput, match=r"observables=.'mine'"):
        quartic.resume(run, draws=run.draws + 10)
    more = quartic.resume(run, draws=run.draws + 10, observables={"mine": lambda phi: phi[:, 0, 0]})
    assert more.finished and "mine" in more.observables


# --- reweighting, free energies ---


def test_reweighting_to_a_complex_action_is_exact_for_one_site():
    """One free site: <phi^2> under a complex a by quadrature."""
    S = quartic.Action(quartic.Graph(2, np.empty((0, 2))), a=1.0, b=0.2)
    run = quartic.sample(S, chains=1024, draws=500, random_state=1)
    x = np.linspace(-6, 6, 20001)
    weight = np.exp(-(1.0 + 0.15j) * x**2 - 0.2 * x**4)
    exact = (x**2 * weight).sum() / weight.sum()
    to = {"phi2": 1.0 + 0.15j, "phi4": 0.2}
    result = quartic.reweight(run, to, observables=["phi2", lambda phi: phi[:, 0] ** 2])
    assert result.log_ratio.real_error > 0 and np.isfinite(result.log_ratio.value)
    for name in ("phi2", "<lambda>"):
        found = result[name]
        assert abs(found.real.value - exact.real) < 4.5 * found.real_error
        assert abs(found.imag.value - exact.imag) < 4.5 * found.imag_error
    assert result.ok


def test_free_energy_of_gaussians_is_exact():
    modes = 2 * (1.0 - 0.8 * np.cos(2 * np.pi * np.arange(8) / 8))
    exact = 0.5 * np.log(modes / (2 * np.pi)).sum()
    chain = quartic.Action(quartic.lattice("chain", 8), w=0.8, a=1.0)
    found = quartic.free_energy(chain, random_state=1)
    assert found.ok and abs(found.value - exact) < 4.5 * found.error
    free = quartic.Action(chain.graph, a=1.0)
    difference = quartic.free_energy(free, to=chain, random_state=2)
    assert abs(difference.value - (exact + 4 * np.log(np.pi))) < 4.5 * difference.error
    assert pickle.loads(pickle.dumps(found)) == found and str(found).count("(") == 1


# --- results ---


def test_results_show_themselves_and_travel(tmp_path):
    run = quartic.sample(action(), chains=64, draws=100, random_state=1)
    assert "square 4x4" in repr(run) and "<table>" in run._repr_html_() and "observable" in str(run)
    assert str(quartic.Estimate(0.4823, 0.0049)) == "0.482(5)"
    assert tuple(run["m2"]) == (run["m2"].value, run["m2"].error)
    same_bits(run, pickle.loads(pickle.dumps(run)))
    run.save(tmp_path / "kept.h5")
    with pytest.raises(quartic.BadInput, match=r"--force|force"):
        run.save(tmp_path / "kept.h5")
    same_bits(run, quartic.open(tmp_path / "kept.h5"))
    folder = run.path.parent
    del run
    assert not folder.exists()


def test_arviz_takes_the_data():
    arviz = pytest.importorskip("arviz")
    run = quartic.sample(action(), chains=64, draws=200, random_state=1)
    data = arviz.from_datatree(run.data) if hasattr(arviz, "from_datatree") else run.data
    summary = arviz.summary(data, var_names=["m", "phi2"])
    assert summary.loc["phi2", "mean"] == pytest.approx(run["phi2"].value, abs=2e-3)
    assert list(run.data["posterior"].coords["y"].values[:5]) == [0, 1, 2, 3, 0]


def test_pyerrors_finds_the_same_mean():
    pyerrors = pytest.importorskip("pyerrors")
    run = quartic.sample(action(), chains=16, draws=400, random_state=1)
    found = run.to_pyerrors("m2")
    assert isinstance(found, pyerrors.Obs) and found.value == pytest.approx(run["m2"].value, rel=1e-6)


def test_pymbar_gets_the_actions_of_all_runs():
    runs = [quartic.sample(action(a=a), chains=16, draws=10, random_state=1) for a in (1.5, 1.6)]
    u, n = quartic.to_pymbar(runs)
    assert u.shape == (2, 320) and list(n) == [160, 160]
    np.testing.assert_allclose(u[0, :160], runs[0].data["posterior/action"].values.ravel(), rtol=1e-5)


def test_h5py_and_quartic_write_side_by_side_in_either_order(tmp_path):
    code = """
import {first}, {second}
import h5py, quartic
S = quartic.Action(quartic.lattice("square", 4), w=1, a=1.5, b=0.2)
with h5py.File("{folder}/mine.h5", "w") as mine:
    mine["x"] = [1, 2]
    run = quartic.sample(S, chains=16, draws=4, random_state=1, path="{folder}/{first}.h5")
    mine["y"] = run.phi
with h5py.File("{folder}/{first}.h5") as run, h5py.File("{folder}/mine.h5") as mine:
    assert (run["posterior/phi"][()].reshape(mine["y"].shape) == mine["y"][()]).all()
"""
    for first, second in (("h5py", "quartic"), ("quartic", "h5py")):
        subprocess.run([sys.executable, "-c", code.format(first=first, second=second, folder=tmp_path)], check=True)


@pytest.mark.parametrize("call", ["sample(S, draws=10**7)", "learn({'phi4': 1.0, 'nn': -0.1}, S.graph, epochs=10**5, "
                                  "settings={'learn.stop_early': False})"])  # fmt: skip
def test_control_c_keeps_the_last_state_and_gives_it_back(call):
    code = f"""
import quartic, warnings
warnings.simplefilter("ignore")
S = quartic.Action(quartic.lattice("square", 16), w=0.2, a=1.0, b=0.2)
print("going", flush=True)
run = quartic.{call}
print(type(run).__name__, run.finished, flush=True)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, preexec_fn=default_signals
    )
    assert child.stdout.readline() == "going\n"
    time.sleep(1.5)
    child.send_signal(signal.SIGINT)
    said, _ = child.communicate(timeout=60)
    assert said.split()[1:] == ["False"] and said.startswith(("SampleResult", "LearnResult"))


def test_dlpack_and_live_results_leave_no_message():
    code = """
import numpy as np, quartic
S = quartic.Action(quartic.lattice("square", 4), w=1, a=1.5, b=0.2)
kept = np.from_dlpack(S.w), next(quartic.Sampler(S, chains=16).draws(1)), quartic.sample(S, chains=16, draws=4)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


# --- bad input ---

L = quartic.lattice("square", 4)
S4 = quartic.Action(L, w=1, a=1.5, b=0.2)
BAD = {
    "lattice name": (lambda: quartic.lattice("squar", 4), ValueError, "square"),
    "lattice type": (lambda: quartic.lattice(4, 4), TypeError, "name"),
    "no extent": (lambda: quartic.lattice("square"), TypeError, "extent"),
    "extent": (lambda: quartic.lattice("square", 4.5), TypeError, "integers"),
    "edges": (lambda: quartic.Graph(3, [[0, 1, 2]]), ValueError, r"\(1, 3\)"),
    "site": (lambda: quartic.Graph(3, [[0, 3]]), ValueError, "site 3"),
    "length": (lambda: quartic.Action(L, w=[1, 2]), ValueError, "2 values where the graph needs 32"),
    "word": (lambda: quartic.Action(L, w="x"), TypeError, "real numbers"),
    "nan": (lambda: quartic.Action(L, w=np.nan), ValueError, "nan"),
    "keyword": (lambda: quartic.Action(L, c=3), TypeError, "no argument 'c'"),
    "fields": (lambda: S4(np.zeros((3, 3, 4))), ValueError, r"\(3, 3, 4\)"),
    "unbounded": (lambda: quartic.sample(quartic.Action(L, w=1)), ValueError, "not normalisable"),
    "no action": (lambda: quartic.sample(3), TypeError, "int is no action"),
    "chains": (lambda: quartic.sample(S4, chains=17), ValueError, "multiple of 16"),
    "until": (lambda: quartic.sample(S4, until={"m3": 0.1}), ValueError, "did you mean"),
    "setting": (lambda: quartic.sample(S4, settings={"sampler.hmcsteps": 3}), ValueError, "did you mean 'hmc_steps'"),
    "seed": (lambda: quartic.sample(S4, random_state="a"), TypeError, "random_state"),
    "threads": (lambda: quartic.sample(S4, n_jobs="a"), TypeError, "n_jobs"),
    "taken": (lambda: quartic.sample(S4, observables={"m2": len}), ValueError, "already"),
    "shape": (lambda: quartic.sample(S4, observables={"x": lambda phi: phi}), ValueError, r"shape \(1024, 4, 4\)"),
    "value": (lambda: quartic.sample(S4, observables={"x": lambda phi: phi[:, 0, 0] * np.nan}), ValueError, "nan"),
    "raises": (
        lambda: quartic.sample(S4, observables={"x": lambda phi: 1 / 0}),
        ValueError,
        "raised ZeroDivisionError",
    ),
    "imaginary": (lambda: quartic.sample(S4, observables={"x": lambda phi: 1j * phi[:, 0, 0]}), ValueError, "complex"),
    "other graph": (lambda: quartic.learn(S4, quartic.lattice("square", [2, 8])), ValueError, "is on"),
    "target": (lambda: quartic.learn({"nn": -1, "phi2": 1}, L), ValueError, "cannot be normalised"),
    "target nan": (lambda: quartic.learn({"nn": np.nan, "phi4": 1}, L), ValueError, "not finite"),
    "float64": (lambda: quartic.sample(quartic.Action(L, w=1e39, a=1, b=0.2)), ValueError, "beyond the precision"),
    "64 bits": (lambda: quartic.lattice("square", 2**32 + 4), ValueError, "4294967300"),
    "no rows": (lambda: quartic.generate(quartic.sample(S4, chains=16, draws=2), 0), ValueError, "rows"),
    "part of a row": (lambda: quartic.generate(quartic.sample(S4, chains=16, draws=2), 1.5), TypeError, "rows"),
    "twice": (lambda: quartic.sample(S4, chains=16, settings={"sampler.chains": 32}), ValueError, "leave one out"),
    "action key": (lambda: quartic.sample(S4, settings={"action.w": 3}), ValueError, "action's"),
    "name": (lambda: quartic.sample(S4, observables={"x\0y": len}), TypeError, "no name"),
    "callback": (lambda: quartic.sample(S4, callback=3), TypeError, "function"),
    "path": (lambda: quartic.sample(S4, path=3), TypeError, "path"),
    "nothing": (lambda: S4(None), TypeError, "not None"),
    "freedom": (lambda: quartic.learn(A3, L, freedom="tied"), TypeError, "mapping"),
    "networkx": (lambda: quartic.Graph.from_networkx(None), TypeError, "networkx"),
    "sweeps": (lambda: list(quartic.Sampler(S4, 16).draws(2, sweeps=1.5)), TypeError, "sweeps"),
    "target shape": (lambda: quartic.learn(lambda phi: phi, L), ValueError, "one number for each"),
    "target term": (lambda: quartic.learn({"mm": -1}, L), ValueError, "unknown target term"),
    "no target": (lambda: quartic.learn(3, L), TypeError, "no target"),
    "no graph": (lambda: quartic.learn(A3), ValueError, "no graph"),
    "complex": (lambda: quartic.learn({"phi4": 1j}, L), ValueError, "complex"),
    "no file": (lambda: quartic.open("/nowhere.h5"), ValueError, "nowhere"),
    "moved": (lambda: quartic.run.read("x"), ValueError, "quartic.open"),
    "folder": (lambda: quartic.sample(S4, path="/nowhere/x.h5"), ValueError, "no directory"),
    "resume": (lambda: quartic.resume("/nowhere.h5"), ValueError, "nowhere"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_one_sentence_of_quartics(what):
    call, kind, message = BAD[what]
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, quartic.BadInput) and "\n" not in str(caught.value)
    assert not re.search(r" --|incompatible function", str(caught.value))


def test_tied_couplings_cannot_be_given_unequal_values(tmp_path):
    np.save(tmp_path / "w.npy", np.arange(31.0))
    config = '[graph]\nextent = [4, 4]\n[action]\nw = {{ start = "w.npy"{} }}\n'
    (tmp_path / "short.toml").write_text(config.format(""))
    with pytest.raises(quartic.BadInput, match=r"31 values of w, the graph has 32 edges"):
        quartic.run(tmp_path / "short.toml")
    np.save(tmp_path / "w.npy", np.arange(32.0) / 100)
    (tmp_path / "tied.toml").write_text(config.format(', freedom = "tied"'))
    with pytest.raises(quartic.BadInput, match=r"w is tied"):
        quartic.run(tmp_path / "tied.toml")
    run = quartic.run(tmp_path / "short.toml", settings={"sample.draws": 4, "sampler.chains": 16})
    np.testing.assert_array_equal(run.action.w, np.arange(32.0) / 100)
    (tmp_path / "from_run.toml").write_text(f'[graph]\nextent = [4, 4]\n[action]\nw = "{run.path}"\n')
    again = quartic.run(tmp_path / "from_run.toml", settings={"sample.draws": 4, "sampler.chains": 16})
    np.testing.assert_array_equal(again.action.w, run.action.w)
    (tmp_path / "edges.txt").write_text("0 1 0.5\n1 2 -0.25\n")
    (tmp_path / "list.toml").write_text('[graph]\nedges = "edges.txt"\n')
    listed = quartic.run(tmp_path / "list.toml", settings={"sample.draws": 4, "sampler.chains": 16})
    assert listed.action.w.tolist() == [0.5, -0.25]


def test_a_bar_follows_a_run_that_slows_down(capsys):
    """Every slow step is shown, however fast those before it were."""
    watch = Watch(progress=True)
    steps = iter(range(1, 10_000))

    def step():
        watch.step({"metrics": {}, "layers": 0, "unit": "draw", "total": 10_000, "done": next(steps)})

    begun = time.monotonic()
    while time.monotonic() < begun + 1.3:  # it is not drawn within the first second
        step()
        time.sleep(0.0005)
    capsys.readouterr()
    for _ in range(5):
        time.sleep(0.12)
        step()
    assert capsys.readouterr().err.count("draw") >= 5
    watch.close()


def test_estimators_show_a_bar_as_sample_does(monkeypatch):
    """On terminals, unless told otherwise."""
    pytest.importorskip("sklearn")
    from quartic import fitted

    seen = []
    monkeypatch.setattr(fitted, "Watch", lambda progress: seen.append(progress) or Watch(progress=False))
    rows = np.random.default_rng(0).normal(size=(200, 3))
    for options in ({}, {"verbose": False}, {"verbose": True}):
        quartic.LatticeField("chain", random_state=1, **options).fit(rows)
    assert seen == [None, False, True]


def test_a_reweighting_that_takes_long_is_told_of(monkeypatch, tmp_path):
    """However few its points are; one of less than two seconds is not."""
    result = quartic.sample(
        quartic.Action(quartic.lattice("square", 2), w=0.3, a=1.0, b=0.2), chains=16, draws=50, path=tmp_path / "a.h5"
    )
    told = []
    monkeypatch.setattr(Watch, "phase", lambda self, name, done: told.append((name, done)))
    target = {"nn": -0.3, "phi2": 1.1, "phi4": 0.2}
    quartic.reweight(result, target, observables=["m2"], progress=True)
    assert not told

    def slow(phi):
        time.sleep(0.8 if len(phi) > 1 else 0)
        return phi.mean((1, 2)) ** 2

    slow_ones = {f"slow{k}": slow for k in range(3)}
    quartic.reweight(result, scan={"phi2": np.linspace(1, 1.1, 5)}, to=target, observables=slow_ones, progress=True)
    stages = [name for name, _ in told]
    assert "measuring the configurations" in stages and "reweighting" in stages
    assert all(0 <= done <= 1 for _, done in told)


@pytest.mark.parametrize("what", ["observable", "target"])
def test_control_c_within_a_function_keeps_the_last_state(what):
    calls = 0

    def pressed(phi):
        nonlocal calls
        calls += 1
        if calls == 20:
            signal.raise_signal(signal.SIGINT)
        return 0.6 * (phi**2).sum((1, 2))

    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.warns(UserWarning, match="stopped before its end"):
            if what == "target":
                run = quartic.learn(pressed, quartic.lattice("square", 4), epochs=30, chains=64, random_state=1)
            else:
                run = quartic.sample(S4, chains=16, draws=3000, observables={"o": pressed}, random_state=1)
        assert not run.finished
    finally:
        signal.signal(signal.SIGINT, old)


@pytest.mark.filterwarnings("ignore:the run was stopped:UserWarning", "ignore:.*stopped before its end")
def test_control_c_within_the_last_call_disturbs_no_later_run():
    calls, last = 0, 0

    def pressed(phi):
        nonlocal calls
        calls += 1
        if calls == last:
            signal.raise_signal(signal.SIGINT)
        return (phi**2).sum((1, 2))

    options = {"chains": 16, "draws": 50, "random_state": 1}
    quartic.sample(S4, observables={"o": pressed}, **options)
    calls, last = 0, calls
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            quartic.sample(S4, observables={"o": pressed}, **options)
        assert calls >= last
        assert quartic.sample(S4, **options).finished
    finally:
        signal.signal(signal.SIGINT, old)
