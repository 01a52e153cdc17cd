"""Configurations that count twice, and wells that were never visited, as a user meets them."""

import json
import math
import shutil

import h5py
import numpy as np
import pytest
from program import needs_program, quartic

pytestmark = needs_program

RING = "[graph]\nlattice = 'chain'\nextent = [6]\n[action]\nw = 0.8\na = 0.5\nb = 0.2\n[sampler]\nchains = 64\n"
B = "nn=-0.85,phi2=0.5,phi4=0.2"


def run(*arguments, cwd):
    done = quartic(*arguments, "--quiet", cwd=cwd)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twice")
    (folder / "ring.toml").write_text(RING)
    draws = ("--set", "sample.draws=32")
    run("sample", "ring.toml", *draws, "-o", "a.h5", cwd=folder)
    run("sample", "ring.toml", *draws, "--seed", "7", "-o", "b.h5", cwd=folder)
    return folder


def test_one_run_given_twice_is_refused(here):
    shutil.copy(here / "a.h5", here / "copy.h5")
    run("sample", "ring.toml", "--set", "sample.draws=48", "-o", "longer.h5", cwd=here)
    run("sample", "ring.toml", "--set", "sample.draws=32", "--set", "sampler.chains=128", "-o", "wider.h5", cwd=here)
    for other in ("a.h5", "copy.h5", "longer.h5", "wider.h5"):
        done = quartic("reweight", "b.h5", "a.h5", other, "--to", B, cwd=here)
        assert done.returncode == 3 and done.stdout == "", done.stderr
        assert "a.h5" in done.stderr and other in done.stderr and "seed" in done.stderr
    run("reweight", "a.h5", "b.h5", "--to", B, "--strict", cwd=here)


def test_the_same_configurations_under_another_seed_are_refused(here):
    def changed(name, change):
        shutil.copy(here / "a.h5", here / name)
        with h5py.File(here / name, "r+") as file:
            phi = file["posterior/phi"]
            phi[...] = change(phi[...])
        return name

    def permuted(phi):
        order = np.random.default_rng(1).permutation(phi.shape[0] * phi.shape[1])
        return phi.reshape(-1, phi.shape[2])[order].reshape(phi.shape)

    # Reweighted to other couplings, so that only the content tells: the same fields under another action.
    for name in (changed("same.h5", lambda phi: phi), changed("permuted.h5", permuted)):
        with h5py.File(here / name, "r+") as file:
            file["model/w"][...] = 0.81
        done = quartic("reweight", "a.h5", name, "--to", B, cwd=here)
        assert done.returncode == 3 and done.stdout == "", done.stderr
        assert "configurations" in done.stderr and name in done.stderr


def transfer(w, r, a, b, sites, n=300, half=4.0):
    """ln Z of a ring and <phi> by its transfer matrix."""
    x = np.linspace(-half, half, n)
    v = a * x**2 + b * x**4 + r * x
    t = np.exp(w * np.outer(x, x) - 0.5 * (v[:, None] + v[None, :])) * (x[1] - x[0])
    power = np.linalg.matrix_power(t / t.max(), sites)
    z = np.trace(power)
    return math.log(z) + sites * math.log(t.max()), float(np.sum(x * np.diag(power)) / z)


DEEP = {"w": 1.0, "a": -3.0, "b": 1.0}
DEEP_FIELD = 0.6


@pytest.fixture(scope="module")
def well(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wells")
    (folder / "deep.toml").write_text(
        "[graph]\nlattice = 'chain'\nextent = [6]\n[action]\nw = 1.0\na = -3.0\nb = 1.0\nr = 0.6\n"
        "[sampler]\nchains = 64\n[sample]\ndraws = 100\n"
    )
    run("sample", "deep.toml", "-o", "held.h5", cwd=folder)
    return folder


@pytest.mark.parametrize("r", [0.0, -0.55, -0.6, 0.55])
def test_both_signs_of_a_target(well, r):
    done = quartic(
        "reweight", "held.h5", "--to", f"nn=-1,phi={r},phi2=-3,phi4=1", "--observables", "m", "--json", cwd=well
    )
    (point,) = json.loads(done.stdout)["points"]
    log_z, m = transfer(DEEP["w"], r, DEEP["a"], DEEP["b"], 6)
    before, _ = transfer(DEEP["w"], DEEP_FIELD, DEEP["a"], DEEP["b"], 6)
    if r == 0.0:  # far from the source: the weights' tail decides, in either well
        assert not point["ok"] and "tail" in point["reason"], point["reason"]
        return
    assert point["ok"], point["reason"]
    ratio, mean = point["log_ratio"]["real"], point["observables"]["m"]["real"]
    assert abs(ratio["value"] - (log_z - before)) <= 4.5 * ratio["error"] + 1e-12
    assert abs(mean["value"] - m) <= 4.5 * mean["error"] + 1e-12


def test_a_well_that_no_sample_is_in(tmp_path):
    """Two rings of three, each held on one side; a target without the field lets their relative sign go."""
    edges, w = "[[0,1],[1,2],[0,2],[3,4],[4,5],[3,5],[2,3]]", "[1,1,1,1,1,1,0.02]"
    target = {"edges": -1.0, "phi2": -4.0, "phi4": 1.0}
    (tmp_path / "two.toml").write_text(
        f"[graph]\nedges = {edges}\n[action]\nw = {{ values = {w} }}\na = -4.0\nb = 1.0\nr = 0.8\n"
        "[sampler]\nchains = 64\n[sample]\ndraws = 100\n"
    )
    run("sample", "two.toml", "-o", "two.h5", cwd=tmp_path)
    for field, code in ((0.0, 5), (0.1, 5), (1.1, 0), (1.3, 0)):
        text = "".join(f"[[target]]\nterm = '{t}'\ncoupling = {g}\n" for t, g in {**target, "phi": field}.items())
        text = text.replace("coupling = -1.0\n", f"coupling = -1.0\nweights = {w}\n")
        (tmp_path / "to.toml").write_text(f"[graph]\nedges = {edges}\n" + text)
        done = quartic("reweight", "two.h5", "--to", "to.toml", "--strict", cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
