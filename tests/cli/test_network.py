"""quartic fit of networks, generate and transform as a user meets them."""

import json

import numpy as np
import pytest
from program import NETWORK_CONFIG as CONFIG
from program import copied, fitted, needs_program, quartic, refused, same_bits, stopped, two_waves

from quartic import NetworkResult, density
from quartic import open as open_run

pytestmark = needs_program


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Rows of two kinds, and the network that learned them."""
    folder = tmp_path_factory.mktemp("network")
    random = np.random.default_rng(5)
    rows = two_waves(random, np.eye(2)[random.integers(0, 2, 2000)])
    return folder, rows, fitted(folder, rows.reshape(2000, 3, 4), CONFIG)


@pytest.fixture
def here(made, tmp_path):
    return copied(made[0], tmp_path, CONFIG)


def test_likelihood_is_exact_and_better_than_independent_columns(made):
    folder, _, text = made
    assert text.startswith(quartic("show", "run.h5", cwd=folder).stdout)
    judged = json.loads(quartic("show", "run.h5", "--json", cwd=folder).stdout)["evaluations"]
    assert [j["epoch"] for j in judged] == [10, 20] and all(j["ok"] and j["exact"] for j in judged)
    independent = -0.5 * 12 * (1 + np.log(2 * np.pi))  # Gaussians of variance 1
    held_out = judged[-1]["held_out"]
    assert held_out["value"] > independent + 5 * held_out["rows_error"] > independent
    assert judged[-1]["log_likelihood"]["value"] > judged[0]["log_likelihood"]["value"]


def test_reader_and_program_agree(made):
    folder, rows, _ = made
    run = open_run(folder / "run.h5")
    network = run.network
    assert isinstance(run, NetworkResult) and network.w.shape == (12, 4)
    assert (network.visible, network.hidden) == ("quartic", "binary")
    assert list(run.evaluations["epoch"]) == [10, 20] and run.history["epoch"].size == 20
    # ln Z by summing out the hidden units in Python: the quartic normalisers are those of quartic.density.
    hidden = np.array(np.meshgrid(*[[0, 1]] * 4)).reshape(4, -1).T
    fields = hidden @ network.w.T - network.r
    log_z = density.log_normaliser(network.a, network.b, fields).sum(-1) - hidden @ network.s
    assert np.logaddexp.reduce(log_z) == pytest.approx(run.evaluations["log_z"].values[-1], abs=1e-6)
    assert abs(run.to_data(run.phi[:, -1]).mean() - rows.mean()) < 0.5


def test_chains_say_that_rows_are_copies(made, tmp_path):
    _, rows, text = made
    assert "copies" not in text
    few = rows[:300].reshape(300, 3, 4)
    assert "NOTE: " in (told := fitted(tmp_path, np.r_[few, few], CONFIG)), told
    assert "rows are copies of others, learned and held out at once" in told
    assert "copies of others" in quartic("diagnose", "run.h5", cwd=tmp_path).stdout


def test_transform_is_the_conditional_expectation(made):
    folder, rows, _ = made
    done = quartic("transform", "run.h5", "x.npy", "-o", "h.npy", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    run, features = open_run(folder / "run.h5"), np.load(folder / "h.npy")
    phi = (rows - run.array("data/offset")) / run.array("data/scale")
    np.testing.assert_allclose(run.to_data(phi), rows)
    exact = 1 / (1 + np.exp(-(phi @ run.network.w - run.network.s)))
    np.testing.assert_allclose(features, exact, atol=1e-4)
    value = json.loads(done.stdout.splitlines()[-1])["log_likelihood"]["value"]
    last = run.evaluations.isel(epoch=-1)
    mixed = 0.8 * last["log_likelihood"].item() + 0.2 * last["held_out"].item()
    assert value == pytest.approx(mixed, abs=0.02)
    files = [p.name for p in folder.iterdir()]
    refused(quartic("transform", "run.h5", "h.npy", cwd=folder), 3, "does not fit", folder, files)


def test_generate(made):
    folder, rows, _ = made
    done = quartic("generate", "run.h5", "--rows", "1500", "-o", "g.npy", cwd=folder)
    assert done.returncode == 0, done.stderr
    drawn = np.load(folder / "g.npy")
    assert drawn.shape == (1500, 3, 4)
    drawn = drawn.reshape(1500, 12)
    assert (abs(drawn.mean(0) - rows.mean(0)) < 1).all() and np.allclose(drawn.std(0), rows.std(0), rtol=0.25)
    closer = np.corrcoef(drawn.T)[np.triu_indices(12, 1)], np.corrcoef(rows.T)[np.triu_indices(12, 1)]
    assert np.corrcoef(*closer)[0, 1] > 0.9


def test_diagnose_plot_and_what_is_not_for_networks(made):
    folder, _, _ = made
    assert quartic("diagnose", "run.h5", cwd=folder).returncode == 0
    assert quartic("validate", "run.toml", cwd=folder).returncode == 0
    done = quartic("plot", "run.h5", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert {p.name for p in (folder / "run-figures").iterdir()} == {
        "summary.png", "features.png", "samples.png", "histograms.png", "moments.png"
    }  # fmt: skip
    files = [p.name for p in folder.iterdir()]
    refused(quartic("sample", "run.h5", cwd=folder), 3, "holds a network", folder, files)
    refused(quartic("reweight", "run.h5", cwd=folder), 3, "holds a network", folder, files)


def test_killed_and_extended_to_the_same_bits(here):
    settings = ("--set", "training.epochs=400", "--set", "evaluation.every=0", "--set", "training.rungs=3")
    whole = quartic("fit", "run.toml", "-o", "whole.h5", "--quiet", *settings, cwd=here)
    assert whole.returncode == 0, whole.stderr
    stopped(here, "epoch", "fit", "run.toml", "-o", "killed.h5", *settings)
    done = quartic("resume", "killed.h5", "--quiet", "--threads", "1", cwd=here)
    assert done.returncode == 0, done.stderr
    same_bits(here / "whole.h5", here / "killed.h5")
    short = (*settings[2:], "--set", "training.epochs=390")
    assert quartic("fit", "run.toml", "-o", "part.h5", "--quiet", *short, cwd=here).returncode == 0
    done = quartic("resume", "part.h5", "--epochs", "400", "--quiet", cwd=here)
    assert done.returncode == 0, done.stderr
    same_bits(here / "whole.h5", here / "part.h5")


@pytest.mark.parametrize(
    ("setting", "fragment"),
    [
        ("model.visible=binary", "column"),
        ("model.kind=net", "network"),
        ("training.rungs=0", "rungs"),
        ("model.hidden=quartics", "quartic"),
    ],
)
def test_refused(here, setting, fragment):
    refused(quartic("fit", "run.toml", "--set", setting, cwd=here), 3, fragment, here, ("run.toml", "x.npy"))
