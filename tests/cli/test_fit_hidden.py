"""quartic fit of a field with hidden units as a user meets it."""

import json

import numpy as np
import pytest
from program import copied, fitted, needs_program, quartic, refused, same_bits, stopped

from quartic import open as open_run

pytestmark = needs_program

CONFIG = """[model]
hidden_units = 2
gates = true
[graph]
extent = [2, 3]
boundary = ["open"]
[action]
r.freedom = "free"
[data]
path = "x.npy"
held_out = 0.3
[fit]
epochs = 40
max_draws = 64
[sampler]
chains = 128
[evaluation]
chains = 128
draws = 8
error = 0.05
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Rows about one of two patterns, and narrower about the first, and the fit to them."""
    folder = tmp_path_factory.mktemp("hidden")
    rng = np.random.default_rng(5)
    first = rng.random(2000) < 0.4
    pattern = np.array([[1, -1, 1], [-1, 1, -1]])
    width = np.where(first, 0.3, 0.6)[:, None, None]
    rows = np.where(first, 0.4, -0.5)[:, None, None] * pattern + width * rng.normal(size=(2000, 2, 3))
    return folder, rows, fitted(folder, rows, CONFIG)


@pytest.fixture
def here(made, tmp_path):
    return copied(made[0], tmp_path, CONFIG)


def test_is_more_likely_than_the_field_alone(made):
    folder, _, text = made
    assert "2 gated binary hidden" in text and "w hidden" in text and "pseudo-likelihood" not in text
    alone = quartic("fit", "run.toml", "--set", "model.hidden_units=0", "-o", "alone.h5", cwd=folder)
    assert alone.returncode == 0, alone.stderr
    judged = [
        json.loads(quartic("show", name, "--json", cwd=folder).stdout)["evaluation"] for name in ("run.h5", "alone.h5")
    ]
    assert judged[0]["ok"]
    with_units, without = (found["held_out"]["log_likelihood"] for found in judged)
    error = np.hypot(with_units["error"], without["error"])
    assert with_units["value"] - without["value"] > max(4 * error, 0.3)


def test_generates_rows_of_the_data(made):
    folder, rows, _ = made
    done = quartic("generate", "run.h5", "--rows", "1500", "-o", "new.npy", cwd=folder)
    assert done.returncode == 0, done.stderr
    new = np.load(folder / "new.npy")
    assert new.shape == (1500, 2, 3)
    along = [(x * np.array([[1, -1, 1], [-1, 1, -1]])).mean((1, 2)) for x in (rows, new)]
    for low, high in ((0.1, 9), (-9, -0.1)):
        shares = [np.mean((x > low) & (x < high)) for x in along]
        assert abs(shares[0] - shares[1]) < 0.1
    assert np.allclose(new.std(0), rows.std(0), rtol=0.12)


@pytest.mark.slow
def test_run_is_shown_drawn_and_diagnosed(made):
    folder, _, text = made
    assert text.startswith(quartic("show", "run.h5", cwd=folder).stdout)
    assert quartic("diagnose", "run.h5", cwd=folder).returncode == 0
    done = quartic("plot", "run.h5", cwd=folder)
    assert done.returncode == 0, done.stderr
    run = open_run(folder / "run.h5")
    assert run.phi.shape[2:] == (2, 3)
    assert run.action.graph.sites == 8
    last = run.history["theta"].values[-1]
    assert run.theta.shape == last.shape == (len(run.parameters),)
    at = [run.parameters.index(label) for label in ("w[0,6]", "u[5,7]", "r[7]", "a[5]")]
    action = run.action
    assert np.array_equal(run.theta[at], [action.w[7], action.w[7 + 12 + 11], action.r[7], action.a[5]])


def test_killed_and_resumed_to_the_same_bits(here):
    settings = ("--set", "fit.stop_early=false", "--set", "fit.max_draws=16", "--set", "evaluation.draws=4")
    assert quartic("fit", "run.toml", "-o", "whole.h5", "--quiet", *settings, cwd=here).returncode == 0
    stopped(here, "epoch", "fit", "run.toml", "-o", "killed.h5", *settings)
    done = quartic("resume", "killed.h5", "--quiet", "--threads", "1", cwd=here)
    assert done.returncode == 0, done.stderr
    same_bits(here / "whole.h5", here / "killed.h5")


@pytest.mark.parametrize("verb", ["sample", "free-energy", "learn"])
def test_what_cannot_take_hidden_units_says_so(made, tmp_path, verb):
    run = made[0] / "run.h5"
    refused(quartic(verb, run, cwd=tmp_path), 3, "a field with hidden units", tmp_path, ())


@pytest.mark.parametrize(
    ("setting", "fragment"),
    [
        ("model.hidden=quartic", "the hidden units of a field are binary or spin, not quartic"),
        ("fit.noise=0.1", "noise in [fit] is for fields without hidden units"),
        ("sampler.hmc_steps=4", "moves no hidden units"),
        ("model.hidden_units=[2, 2]", "one layer of hidden units"),
    ],
)
def test_what_a_field_cannot_have_is_refused(here, setting, fragment):
    refused(quartic("fit", "run.toml", "--set", setting, cwd=here), 3, fragment, here, ("run.toml", "x.npy"))
